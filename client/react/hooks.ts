'use client';

import { useCallback, useSyncExternalStore } from 'react';
import type { Address, WatchedBalance } from '../types.ts';
import { demandKey, type Wanted } from './demand-key.ts';
import { useWatches } from './provider.ts';
import { IDLE, NOTHING_YET, type UseBalancesResult, type UseBalancesStatus } from './shared-watches.ts';

export type { UseBalancesResult };

/**
 * What to watch of a wallet; without lists and tokens, the native coin and its wrapped token. May be a new object at
 * every render: what counts is what it says, and neither the order of tokens nor the case of addresses.
 */
export type UseBalancesOptions = Wanted;

/**
 * Everything that a wallet holds of some tokens. Renders again with every update; a balance that stayed what it was
 * stays the same object, so that a memoized row that is given one renders only when it has changed.
 *
 * ```tsx
 * const Row = memo(({ balance }: { balance: WatchedBalance }) => (
 *   <li>{balance.token.symbol} {balance.formatted}</li>
 * ));
 *
 * function Portfolio({ owner }: { owner?: Address }) {
 *   const { balances, status } = useBalances({ chainId: 1, owner, tokensListsUrls: [LIST] });
 *   if (status.state === 'failed') return <p>{status.error?.message}</p>;
 *   return <ul>{[...balances].map(([token, balance]) => <Row key={token} balance={balance} />)}</ul>;
 * }
 * ```
 *
 * Never throws and never suspends: `status` says how far what is known can be relied on. Components that ask for the
 * same share one watch, and all share one connection. On a server nothing is known, and nothing is asked for.
 */
export function useBalances(options: UseBalancesOptions): UseBalancesResult {
  return useSelected(options, (result) => result);
}

export interface UseBalanceOptions extends Pick<Wanted, 'chainId' | 'owner' | 'enabled'> {
  /** Undefined where it is not known yet: then nothing is watched. */
  readonly token: Address | 'native' | undefined;
}

/**
 * What a wallet holds of a token; undefined until it is known. Renders again when that changes, and only then: how far
 * it can be relied on is for `useBalancesStatus` to say.
 */
export function useBalance({
  token,
  enabled = true,
  ...wallet
}: UseBalanceOptions): WatchedBalance | undefined {
  const wanted = { ...wallet, enabled: enabled && token !== undefined, customTokens: token ? [token] : [] };
  return useSelected(wanted, ({ balances }) => token && balances.get(token));
}

/**
 * How far what is known can be relied on: whether it is live, since when, and the newest block that anything was told
 * of; for a line beside rows that call `useBalance`. Renders again with every update of what it is asked for, which
 * without tokens is the wallet's native coin and its wrapped token.
 */
export function useBalancesStatus(options: UseBalancesOptions): UseBalancesStatus {
  return useSelected(options, ({ status }) => status);
}

function useSelected<T>(wanted: Wanted, select: (result: UseBalancesResult) => T): T {
  const watches = useWatches();
  const key = demandKey(wanted);
  const subscribe = useCallback(
    (listener: () => void) => (key === undefined ? () => {} : watches.subscribe(key, listener)),
    [watches, key],
  );
  const read = () => select(key === undefined ? IDLE : watches.read(key));
  const readOnServer = () => select(key === undefined ? IDLE : NOTHING_YET);
  return useSyncExternalStore(subscribe, read, readOnServer);
}
