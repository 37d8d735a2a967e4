export type { ChainState, Reorg } from './chain.ts';
export {
  type BalanceInput,
  type BalancesClient,
  type BalancesClientOptions,
  createBalancesClient,
  type WatchOptions,
} from './client.ts';
export { BalancesError } from './errors.ts';
export { type BalancesState, type BalancesUpdate, fold, mergeUnread } from './store.ts';
export type {
  Address,
  BalanceStatus,
  Block,
  BlockTag,
  Hash,
  Session,
  SessionInput,
  Token,
  UpdateCause,
  UpdateKind,
  WatchedBalance,
} from './types.ts';
