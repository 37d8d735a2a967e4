'use client';

import { createContext, createElement, type ReactNode, useContext, useEffect, useMemo } from 'react';
import { type BalancesClient, type BalancesClientOptions, createBalancesClient } from '../client.ts';
import { SharedWatches } from './shared-watches.ts';

/** A client, or what to make one of. */
export type BalancesProviderProps = {
  readonly children?: ReactNode;
  /**
   * Milliseconds for which a wallet is still watched after the last component that needs it has left the page.
   * Default: 5,000.
   */
  readonly lingerMs?: number;
} & ({ readonly client: BalancesClient } | ({ readonly client?: undefined } & BalancesClientOptions));

const LINGER_MS = 5000;

const Watches = createContext<SharedWatches | undefined>(undefined);

/**
 * Lets the components below it watch balances, all over one connection.
 *
 * ```tsx
 * <BalancesProvider url="https://balances.example">
 *   <Portfolio />
 * </BalancesProvider>
 * ```
 *
 * With options instead of a client it makes one of its own, and disposes it after it has left. Another `url`, `apiKey`,
 * `clientId` or `lingerMs` makes another one; the other options are those that were there at that time.
 */
export function BalancesProvider({ children, lingerMs = LINGER_MS, ...given }: BalancesProviderProps) {
  const own = given.client ? undefined : given;
  const url = own?.url.toString();
  // Options are new objects at every render.
  const watches = useMemo(
    () =>
      new SharedWatches({
        createClient: () => given.client ?? createBalancesClient(given),
        isOwn: own !== undefined,
        lingerMs,
      }),
    [given.client, url, own?.apiKey, own?.clientId, lingerMs],
  );
  useEffect(() => watches.hold(), [watches]);
  return createElement(Watches.Provider, { value: watches }, children);
}

/** The client that the components around watch with. To call it, in an effect or a handler; not on a server. */
export function useBalancesClient(): BalancesClient {
  return useWatches().client;
}

export function useWatches(): SharedWatches {
  const watches = useContext(Watches);
  if (!watches) throw new Error('there is no BalancesProvider around this component');
  return watches;
}
