'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useConfig } from 'wagmi';
import type { BalancesClient } from '../client.ts';
import { liveBalances } from './live-balances.ts';

/**
 * `liveBalances` for as long as it is on the page; anywhere below `WagmiProvider` and `QueryClientProvider`. Renders
 * nothing.
 *
 * ```tsx
 * const client = createBalancesClient({ url: 'https://balances.example' });
 *
 * <WagmiProvider config={config}>
 *   <QueryClientProvider client={queryClient}>
 *     <LiveBalances client={client} />
 *     <App />
 *   </QueryClientProvider>
 * </WagmiProvider>;
 * ```
 */
export function LiveBalances({ client }: { readonly client: BalancesClient }): null {
  const queryClient = useQueryClient();
  const config = useConfig();
  useEffect(() => liveBalances({ client, queryClient, config }), [client, queryClient, config]);
  return null;
}
