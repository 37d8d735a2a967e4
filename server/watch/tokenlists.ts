import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { BaseError, RetryableError } from '../errors.ts';
import type { Metrics } from '../lib/metrics.ts';
import { Queues } from '../lib/queues.ts';
import { Shares } from '../lib/shares.ts';
import { createListAgent, INTERNET, type Internet } from './listconnect.ts';
import { FETCH_LIMITS, type FetchLimits, fetchText } from './listfetch.ts';
import { parseTokenList, type TokenListEntry } from './listschema.ts';
import { checkUrl, shown, type UrlPolicy, withoutSecrets } from './urlguard.ts';

/**
 * Token lists by URL, for sessions and metadata. A list is fetched once however many ask, kept for its time,
 * and kept on past it while a newer copy cannot be had: a list host's outage must not empty anyone's session.
 */
export interface TokenLists extends AsyncDisposable {
  /**
   * The list's tokens on that chain, each once. Throws TOKEN_LIST_REJECTED (address or content) or
   * TOKEN_LIST_UNAVAILABLE; both name the URL. `caller` is who asks: each has so many downloads at a time.
   */
  get(url: string, chainId: number, caller: string): Promise<TokenListEntry[]>;
}

/** Lists of one request. */
export const MAX_LISTS_PER_REQUEST = 20;
/** Downloads for one caller at a time; more wait, for as long as one may take. */
export const MAX_DOWNLOADS_PER_CALLER = MAX_LISTS_PER_REQUEST;
/** Of all downloads under way, as unfolded: several times as much in memory while they are read. */
const DOWNLOADING_BYTES = 64 * 1024 * 1024;
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
  readonly downloadingBytes?: number;
  readonly internet?: Internet;
}

export function createTokenLists({
  config,
  metrics,
  log,
  signal,
  cacheBytes = CACHE_BYTES,
  downloadingBytes = DOWNLOADING_BYTES,
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
  const whole = signal ? AbortSignal.any([signal, stopped.signal]) : stopped.signal;
  const dispatcher = createListAgent(policy, internet, limits);
  const copies = new LRUCache<string, Copy>({ maxSize: cacheBytes, sizeCalculation: ({ bytes }) => bytes });
  // What one list may hold is bounded where it is read.
  const held = new Shares({ most: downloadingBytes, mostEach: downloadingBytes });
  const queues = new Queues<string>(MAX_DOWNLOADS_PER_CALLER);
  const underWay = new Map<string, Promise<Copy>>();

  async function download(url: URL): Promise<Copy> {
    const text = await fetchText(url, { dispatcher, policy, limits, held, signal: whole });
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

  function copyOf(url: URL, caller: string): Copy | Promise<Copy> {
    return freshCopy(url) ?? inTurn(url, caller);
  }

  function freshCopy(url: URL): Copy | undefined {
    const copy = copies.get(url.href);
    return copy && performance.now() < copy.freshUntilMs ? copy : undefined;
  }

  /** Whoever asks for many waits for them alone: a list that others want is not in a line of theirs. */
  async function inTurn(url: URL, caller: string): Promise<Copy> {
    const waiting = new AbortController();
    const timer = setTimeout(() => {
      metrics.tokenListFetches.inc({ outcome: 'unavailable' });
      waiting.abort(
        new RetryableError(
          'TOKEN_LIST_UNAVAILABLE',
          `token list ${shown(url.href)}: ${MAX_DOWNLOADS_PER_CALLER} others are being fetched for you`,
        ),
      );
    }, limits.timeoutMs);
    const turn = async () => {
      clearTimeout(timer);
      return await (freshCopy(url) ?? shared(url));
    };
    return await queues.run(caller, turn, waiting.signal);
  }

  /** Fetched once however many ask. */
  function shared(url: URL): Promise<Copy> {
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
    async get(url, chainId, caller) {
      const { entries } = await copyOf(checked(url), caller);
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
