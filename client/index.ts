export type { AllowanceKey, Allowances } from './allowances.ts';
export type { ChainState, Reorg } from './chain.ts';
export {
  type BalanceInput,
  type BalancesClient,
  type BalancesClientOptions,
  createBalancesClient,
  type WalletsOptions,
  type WatchOptions,
} from './client.ts';
export { BalancesError } from './errors.ts';
export { type BalancesState, type BalancesUpdate, fold, mergeUnread } from './store.ts';
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
