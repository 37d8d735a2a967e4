import type { Query, QueryClient } from '@tanstack/react-query';
import type { Config } from 'wagmi';
import type { BalancesClient } from '../client.ts';
import { SharedWatches } from '../react/shared-watches.ts';
import { judgesOf } from './judges.ts';
import { LiveQuery } from './live-query.ts';
import { slotsOf } from './slots.ts';

export interface LiveBalancesOptions {
  readonly client: BalancesClient;
  /** The application's own. */
  readonly queryClient: QueryClient;
  /** wagmi's. */
  readonly config: Config;
}

/** How long a wallet's token is still watched when no query needs it any more. */
const LINGER_MS = 5000;

/**
 * Makes a wagmi application live without touching its components: follows its query cache for the balances that its
 * components show (`useBalance`, `useReadContract` and `useReadContracts` of `balanceOf`), watches them, and writes
 * every change into these very queries. Returns what ends it.
 *
 * ```ts
 * const stop = liveBalances({ client: createBalancesClient({ url }), queryClient, config });
 * ```
 *
 * wagmi reads first, and goes on by itself wherever the server cannot tell: a chain that it does not serve, a token that
 * it cannot read, while it is out of reach. Queries of another block than the latest, disabled ones and those that
 * nobody looks at are left alone. A write counts as a fetch (`dataUpdatedAt`), so with a `staleTime` polling becomes
 * rare; nothing of it is switched off. A balance that wagmi has fetched itself is never replaced by an older one.
 */
export function liveBalances({ client, queryClient, config }: LiveBalancesOptions): () => void {
  const cache = queryClient.getQueryCache();
  const watches = new SharedWatches({ createClient: () => client, isOwn: false, lingerMs: LINGER_MS });
  const judges = judgesOf({ client, config });
  const unserved = new Set<number>();
  const live = new Map<Query, LiveQuery>();

  const look = (query: Query) => {
    const known = live.get(query);
    if (!query.isActive()) {
      known?.stop();
      live.delete(query);
    } else if (!known) {
      const found = slotsOf(query.queryKey);
      const slots = found.slots.filter(({ chainId }) => !unserved.has(chainId));
      if (slots.length === 0) return;
      const areAll = found.areAll && slots.length === found.slots.length;
      live.set(query, new LiveQuery({ slots, areAll, query, watches, judges, unserved }));
    }
  };

  for (const query of cache.getAll()) look(query);
  const leave = cache.subscribe((event) => {
    const { query, type } = event;
    if (type === 'observerAdded' || type === 'observerRemoved' || type === 'observerOptionsUpdated')
      look(query);
    if (type === 'updated' && event.action.type === 'success' && !event.action.manual)
      live.get(query)?.fetched();
  });
  return () => {
    leave();
    for (const one of live.values()) one.stop();
    live.clear();
  };
}
