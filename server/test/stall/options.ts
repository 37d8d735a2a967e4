import { parseArgs } from 'node:util';
import { numberOf, parsed } from '../command-line.ts';

export interface StallOptions {
  /** That stop reading; half of each door. */
  readonly clients: number;
  /** Balances that change a second. */
  readonly updates: number;
  /** How long that goes on once all have stalled. */
  readonly seconds: number;
  readonly wallets: number;
  readonly tokens: number;
}

export const USAGE = `npm run stall -- [--clients 500] [--updates 200] [--seconds 60]

  --clients   how many stop reading, 2 to 5000            (default 500)
  --updates   balances that change a second, 10 to 2000   (default 200)
  --seconds   how long, once they have, 1 to 3600         (default 60)`;

/** Throws UsageError, which names what was wrong. */
export function readOptions(args: readonly string[]): StallOptions {
  const { values } = parse(args);
  return {
    clients: numberOf('--clients', values.clients ?? '500', 2, 5000, 'whole'),
    updates: numberOf('--updates', values.updates ?? '200', 10, 2000, 'whole'),
    seconds: numberOf('--seconds', values.seconds ?? '60', 1, 3600, 'whole'),
    wallets: 4,
    tokens: 300,
  };
}

function parse(args: readonly string[]) {
  return parsed(() =>
    parseArgs({
      args: [...args],
      options: { clients: { type: 'string' }, updates: { type: 'string' }, seconds: { type: 'string' } },
    }),
  );
}
