import { parseArgs } from 'node:util';

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

export class UsageError extends Error {}

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
    seed: values.seed === undefined ? newSeed() : number('--seed', values.seed, 0, 2 ** 32 - 1, 'whole'),
    durationMs: number('--minutes', values.minutes ?? '10', 0.1, 1440) * 60_000,
    wallets: number('--wallets', values.wallets ?? '20', 1, 200, 'whole'),
    tokens: number('--tokens', values.tokens ?? '30', 4, 200, 'whole'),
    appRestarts: !values['no-restarts'],
    sweep: !values['no-sweep'],
    log: values.log ?? false,
    convergeMs: number('--patience', values.patience ?? '60', 1, 3600) * 1000,
    holdMs: 2000,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
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
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function number(name: string, text: string, least: number, most: number, kind?: 'whole'): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most) || (kind === 'whole' && !Number.isInteger(value)))
    throw new UsageError(
      `${name}: expected a ${kind ? `${kind} ` : ''}number from ${least} to ${most}, not '${text}'`,
    );
  return value;
}
