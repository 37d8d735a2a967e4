'use client';

export {
  type UseBalanceOptions,
  type UseBalancesOptions,
  type UseBalancesResult,
  useBalance,
  useBalances,
  useBalancesStatus,
} from './hooks.ts';
export { BalancesProvider, type BalancesProviderProps, useBalancesClient } from './provider.ts';
export type { UseBalancesStatus } from './shared-watches.ts';
