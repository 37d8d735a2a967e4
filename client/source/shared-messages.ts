import { BalancesError } from '../errors.ts';
import type { Connection, Demand, WalletUpdate } from './source.ts';

/**
 * What tabs say to each other. Whoever changes it changes the version in the shared name, too: tabs of an older page are
 * still open.
 */
export type Message = { readonly tab: string; readonly term: number } & Said;

export type Said =
  /** To the leader. */
  | { readonly type: 'ask' }
  | { readonly type: 'want'; readonly id: string; readonly demand: Demand }
  | { readonly type: 'end'; readonly id: string }
  /** By the leader: who takes the lead has the greatest term. Unable: hidden, where timers are slow, and out of touch. */
  | { readonly type: 'lead'; readonly able: boolean }
  | { readonly type: 'update'; readonly id: string; readonly update: WalletUpdate }
  | { readonly type: 'connection'; readonly id: string; readonly connection: SaidConnection };

/** An error loses its class between tabs. */
type SaidConnection = Omit<Connection, 'error'> & {
  readonly error: Pick<BalancesError, 'code' | 'message'> | null;
};

export function say({ error, ...connection }: Connection): SaidConnection {
  return { ...connection, error: error && { code: error.code, message: error.message } };
}

export function hear({ error, ...connection }: SaidConnection): Connection {
  return { ...connection, error: error && new BalancesError(error.code, error.message) };
}
