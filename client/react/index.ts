import {
  createContext,
  createElement,
  type ReactNode,
  useContext,
  useMemo,
  useSyncExternalStore,
} from 'react';
import type { BalancesClient, WatchOptions } from '../client.ts';
import type { BalancesState } from '../state.ts';
import type { Address, WatchedBalance } from '../types.ts';

const Client = createContext<BalancesClient | undefined>(undefined);

export interface BalancesProviderProps {
  readonly client: BalancesClient;
  readonly children?: ReactNode;
}

/** Gives the components below it a client. */
export function BalancesProvider({ client, children }: BalancesProviderProps) {
  return createElement(Client.Provider, { value: client }, children);
}

export type UseBalancesOptions = Omit<WatchOptions, 'signal'>;

/** Everything a wallet holds of some tokens; renders again when it changes. */
export function useBalances(options: UseBalancesOptions): BalancesState {
  const watch = useWatch(options);
  return useSyncExternalStore(watch.subscribe, watch.getSnapshot, watch.getSnapshot);
}

export interface UseBalanceOptions {
  readonly chainId: number;
  readonly owner: Address;
  readonly token: Address | 'native';
}

/** What a wallet holds of a token; undefined until it is known. Renders again when that changes, and only then. */
export function useBalance({ chainId, owner, token }: UseBalanceOptions): WatchedBalance | undefined {
  const watch = useWatch({ chainId, owner, customTokens: [token] });
  const read = () => watch.getSnapshot().balances.get(token);
  return useSyncExternalStore(watch.subscribe, read, read);
}

export function useBalancesClient(): BalancesClient {
  const client = useContext(Client);
  if (!client) throw new Error('there is no BalancesProvider around this component');
  return client;
}

function useWatch(options: UseBalancesOptions) {
  const client = useBalancesClient();
  const key = JSON.stringify(options);
  return useMemo(() => client.watchBalances(options), [client, key]);
}
