import { parseArgs } from 'node:util';
import { numberOf, parsed } from '../command-line.ts';

export interface SoakOptions {
  readonly seed: number;
  /** How long things go wrong; then it must all come right. */
  readonly durationMs: number;
  readonly wallets: number;
  readonly tokens: number;
  /** Whether the server itself is restarted now and then. */
  readonly appRestarts: boolean;
  /**
   * Whether the server reads everything anew now and then. Without it nothing happens that only such a sweep can
   * find out, and events alone must bring all that does happen.
   */
  readonly sweep: boolean;
  /** Says what happens as it happens. */
  readonly log: boolean;
  /** How long after the last fault it may take until every client agrees with the chain. */
  readonly convergeMs: number;
  /** How long it must stay so. */
  readonly holdMs: number;
}

export const USAGE = `npm run soak -- [--minutes 10] [--seed 42] [--wallets 20] [--tokens 30] [--patience 60]
                [--no-restarts] [--no-sweep] [--log]

  --minutes      how long things go wrong, 0.1 to 1440        (default 10)
  --seed         of the schedule of faults and the traffic    (default: a new one, printed)
  --wallets      how many are watched, 1 to 200               (default 20)
  --tokens       how many a wallet may watch, 4 to 200        (default 30)
  --patience     seconds to agree in once a round is over, 1 to 3600   (default 60)
  --no-restarts  the server itself is not restarted
  --no-sweep     the server does not read everything anew every few seconds: what happens is told by events
  --log          says on stderr what happens as it happens`;

/** Throws UsageError, which names what was wrong. */
export function readOptions(args: readonly string[], newSeed: () => number): SoakOptions {
  const { values } = parse(args);
  return {
    seed: values.seed === undefined ? newSeed() : numberOf('--seed', values.seed, 0, 2 ** 32 - 1, 'whole'),
    durationMs: numberOf('--minutes', values.minutes ?? '10', 0.1, 1440) * 60_000,
    wallets: numberOf('--wallets', values.wallets ?? '20', 1, 200, 'whole'),
    tokens: numberOf('--tokens', values.tokens ?? '30', 4, 200, 'whole'),
    appRestarts: !values['no-restarts'],
    sweep: !values['no-sweep'],
    log: values.log ?? false,
    convergeMs: numberOf('--patience', values.patience ?? '60', 1, 3600) * 1000,
    holdMs: 2000,
  };
}

function parse(args: readonly string[]) {
  return parsed(() =>
    parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string' },
        seed: { type: 'string' },
        wallets: { type: 'string' },
        tokens: { type: 'string' },
        patience: { type: 'string' },
        'no-restarts': { type: 'boolean' },
        'no-sweep': { type: 'boolean' },
        log: { type: 'boolean' },
      },
    }),
  );
}
