import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { BaseError } from '../errors.ts';
import type { Metrics } from '../lib/metrics.ts';
import { createListAgent, INTERNET, type Internet } from './listconnect.ts';
import { FETCH_LIMITS, type FetchLimits, fetchText } from './listfetch.ts';
import { parseTokenList, type TokenListEntry } from './listschema.ts';
import { checkUrl, type UrlPolicy, withoutSecrets } from './urlguard.ts';

/**
 * Token lists by URL, for sessions and metadata. A list is fetched once however many ask, kept for its time,
 * and kept on past it while a newer copy cannot be had: a list host's outage must not empty anyone's session.
 */
export interface TokenLists extends AsyncDisposable {
  /**
   * The list's tokens on that chain, each once. Throws TOKEN_LIST_REJECTED (address or content) or
   * TOKEN_LIST_UNAVAILABLE; both name the URL.
   */
  get(url: string, chainId: number): Promise<TokenListEntry[]>;
}

/** Lists of one request. */
export const MAX_LISTS_PER_REQUEST = 20;
/** Kept in all, measured in the text they came from. */
const CACHE_BYTES = 128 * 1024 * 1024;
/** How long the last good copy serves before another try. */
const STALE_HOLD_MS = 60_000;

interface Copy {
  readonly entries: readonly TokenListEntry[];
  readonly bytes: number;
  freshUntilMs: number;
}

export interface TokenListsOptions {
  readonly config: Pick<Config, 'tokenListCacheTtlMs' | 'allowPrivateTokenLists' | 'tokenListBlockedDomains'>;
  readonly metrics: Pick<Metrics, 'tokenListFetches'>;
  readonly log: Pick<Logger, 'warn'>;
  readonly signal?: AbortSignal;
  readonly limits?: Partial<FetchLimits>;
  readonly cacheBytes?: number;
  readonly internet?: Internet;
}

export function createTokenLists({
  config,
  metrics,
  log,
  signal,
  cacheBytes = CACHE_BYTES,
  internet = INTERNET,
  ...options
}: TokenListsOptions): TokenLists {
  const policy: UrlPolicy = {
    allowPrivate: config.allowPrivateTokenLists,
    blockedDomains: config.tokenListBlockedDomains,
    isPublic: internet.isPublic,
  };
  const limits = { ...FETCH_LIMITS, ...options.limits };
  const stopped = new AbortController();
  const dispatcher = createListAgent(policy, internet, limits);
  const copies = new LRUCache<string, Copy>({ maxSize: cacheBytes, sizeCalculation: ({ bytes }) => bytes });
  const underWay = new Map<string, Promise<Copy>>();

  async function download(url: URL): Promise<Copy> {
    const whole = signal ? AbortSignal.any([signal, stopped.signal]) : stopped.signal;
    const text = await fetchText(url, { dispatcher, policy, limits, signal: whole });
    const entries = parseTokenList(url.href, text);
    return { entries, bytes: text.length + 1, freshUntilMs: performance.now() + config.tokenListCacheTtlMs };
  }

  async function refresh(url: URL): Promise<Copy> {
    try {
      const copy = await download(url);
      copies.set(url.href, copy);
      metrics.tokenListFetches.inc({ outcome: 'ok' });
      return copy;
    } catch (error) {
      const code = error instanceof BaseError ? error.code : undefined;
      const last = copies.get(url.href);
      if (last) {
        last.freshUntilMs = performance.now() + Math.min(STALE_HOLD_MS, config.tokenListCacheTtlMs);
        metrics.tokenListFetches.inc({ outcome: 'stale' });
        log.warn(
          { list: withoutSecrets(url), code },
          'token list cannot be refreshed; its last good copy serves on',
        );
        return last;
      }
      metrics.tokenListFetches.inc({ outcome: code === 'TOKEN_LIST_REJECTED' ? 'rejected' : 'unavailable' });
      throw error;
    }
  }

  function copyOf(url: URL): Copy | Promise<Copy> {
    const copy = copies.get(url.href);
    if (copy && performance.now() < copy.freshUntilMs) return copy;
    let refreshing = underWay.get(url.href);
    if (!refreshing) {
      refreshing = refresh(url).finally(() => underWay.delete(url.href));
      underWay.set(url.href, refreshing);
    }
    return refreshing;
  }

  function checked(url: string): URL {
    try {
      return checkUrl(url, policy);
    } catch (error) {
      metrics.tokenListFetches.inc({ outcome: 'rejected' });
      throw error;
    }
  }

  return {
    async get(url, chainId) {
      const { entries } = await copyOf(checked(url));
      const byAddress = new Map<string, TokenListEntry>();
      for (const entry of entries)
        if (entry.chainId === chainId && !byAddress.has(entry.address)) byAddress.set(entry.address, entry);
      return [...byAddress.values()];
    },
    async [Symbol.asyncDispose]() {
      stopped.abort(new DOMException('stopped', 'AbortError'));
      await dispatcher.destroy();
    },
  };
}
