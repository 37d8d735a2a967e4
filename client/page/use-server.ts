import { useEffect, useState } from 'react';
import { type ChainHealth, KeyWanted, readChains, readHealth, type ServedChain } from './server.ts';

const RETRY_MS = 2000;
const HEALTH_EVERY_MS = 5000;

export type Chains =
  | { readonly state: 'loading' | 'key wanted' | 'away' }
  | { readonly state: 'known'; readonly chains: readonly ServedChain[] };

/** The chains of the server, asked for until it answers; and again with another key, or another attempt. */
export function useChains(apiKey: string, attempt: number): Chains {
  const [known, setKnown] = useState<Chains>({ state: 'loading' });
  useEffect(() => {
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        const chains = await readChains(apiKey, gone.signal);
        setKnown({ state: 'known', chains });
      } catch (error) {
        if (gone.signal.aborted) return;
        const wanted = error instanceof KeyWanted;
        setKnown({ state: wanted ? 'key wanted' : 'away' });
        if (!wanted) timer = setTimeout(ask, RETRY_MS);
      }
    };
    void ask();
    return () => {
      gone.abort();
      clearTimeout(timer);
    };
  }, [apiKey, attempt]);
  return known;
}

/**
 * How the server stands to a chain, asked now and then while somebody looks, and at once when the state of the
 * connection is another; undefined while it does not answer.
 */
export function useHealth(chainId: number, connection: string): ChainHealth | undefined {
  const [health, setHealth] = useState<ChainHealth>();
  useEffect(() => {
    const gone = new AbortController();
    const ask = () => {
      if (document.hidden) return;
      readHealth(chainId, gone.signal).then(setHealth, () => {
        if (!gone.signal.aborted) setHealth(undefined);
      });
    };
    // What was heard before the connection broke says nothing of what is there now.
    if (connection !== 'live') setHealth(undefined);
    ask();
    const timer = setInterval(ask, HEALTH_EVERY_MS);
    document.addEventListener('visibilitychange', ask);
    return () => {
      gone.abort();
      clearInterval(timer);
      document.removeEventListener('visibilitychange', ask);
    };
  }, [chainId, connection]);
  return health;
}
