import type { BalancesError } from '../errors.ts';
import type { Sessions } from '../sessions.ts';
import type { Transport } from '../transport.ts';
import type { Following } from './following.ts';
import type { Lists } from './lists.ts';
import type { Wallet } from './wallet.ts';

/** One subscription, kept open. */
export interface Stream {
  /** Until it is ended. Throws what trying again cannot mend. */
  run(): Promise<void>;
  /** What is wanted may be something else now. */
  changed(): void;
  end(): void;
}

/** What streams need of the connection that they are of. */
export interface Connected {
  readonly transport: Transport;
  readonly sessions: Sessions;
  readonly lists: Lists;
  readonly clientId: string;
  /** The server will not have this one. */
  fail(wallet: Wallet, following: Following, error: BalancesError): void;
  /** The server will not have this stream. */
  refuse(stream: Stream, error: BalancesError): void;
}

/** Codes by which a request is refused for what one demand asks for, and others may be taken. */
export const OF_A_DEMAND: ReadonlySet<string> = new Set(['BAD_USER_INPUT', 'TOKEN_LIMIT_EXCEEDED']);

/** The chains of which the server says that it has told all, to who came back with a cursor. */
export function caughtUp(comment: string): ReadonlySet<number> {
  const [, chains] = /^caught-up ([\d ]+)/.exec(comment) ?? [];
  return new Set(chains?.split(' ').map(Number));
}
