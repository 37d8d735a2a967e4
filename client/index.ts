export type { AllowanceKey, Allowances } from './allowances.ts';
export type { ChainState, Reorg } from './chain.ts';
export {
  type BalanceInput,
  type BalancesClient,
  type BalancesClientOptions,
  type BalancesInput,
  createBalancesClient,
  type WalletsOptions,
  type WatchOptions,
} from './client.ts';
export { BalancesError, type ErrorCode } from './errors.ts';
/** For fallbacks of your own. */
export type { Connection, Demand, Follower, Source, Via, WalletUpdate } from './source/source.ts';
export {
  type BalanceChange,
  type BalancesState,
  fold,
  fromScratch,
  mergeUnread,
  type WatchStatus,
} from './state.ts';
export type {
  Address,
  Allowance,
  BalanceStatus,
  Block,
  BlockTag,
  Condition,
  ConditionKind,
  Hash,
  Session,
  SessionInput,
  Token,
  UpdateCause,
  UpdateKind,
  WalletItem,
  WatchedBalance,
} from './types.ts';
export {
  type ChangedBalance,
  foldWallets,
  mergeUnreadWallets,
  type WalletsState,
  type WalletsUpdate,
} from './wallets.ts';
export type { BalancesListener, BalancesWatch } from './watch.ts';
