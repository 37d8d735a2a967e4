import { type Dispatcher, errors, fetch, type Response } from 'undici';
import { describe, FatalError, RetryableError } from '../errors.ts';
import { withDeadline } from '../lib/deadline.ts';
import { Backoff, sleep } from '../lib/retry.ts';
import type { Shares } from '../lib/shares.ts';
import { AddressRefused } from './listconnect.ts';
import { checkRedirect, rejected, rejectedRedirect, shown, type UrlPolicy } from './urlguard.ts';

/** What one download may cost. */
export interface FetchLimits {
  /** As it comes, and after decompression. */
  readonly maxBytes: number;
  /** In all: redirects, tries and the waits between them. */
  readonly timeoutMs: number;
  readonly maxRedirects: number;
  readonly maxTries: number;
  /** Before the second try; doubles from there. */
  readonly backoffMs: number;
}

export const FETCH_LIMITS: FetchLimits = {
  maxBytes: 10 * 1024 * 1024,
  timeoutMs: 20_000,
  maxRedirects: 5,
  maxTries: 3,
  backoffMs: 500,
};

export interface FetchOptions {
  readonly dispatcher: Dispatcher;
  readonly policy: UrlPolicy;
  readonly limits: FetchLimits;
  /** What is being downloaded of all lists together, by list. */
  readonly held: Shares;
  readonly signal: AbortSignal | undefined;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Not worth another try: the host answered, and its answer was no. */
class Refused extends Error {}

/** The body is, once unfolded. */
class TooLarge extends Error {}

/** There is no room for it beside the others that are being downloaded. */
class Crowded extends Error {
  constructor() {
    super('too much is being downloaded at the moment');
  }
}

/** The host answered that it cannot just now, and perhaps for how long. */
class Busy extends Error {
  readonly retryAfterMs: number;

  constructor(status: number, retryAfterMs: number) {
    super(
      `answered with status ${status}${retryAfterMs > 0 ? ` (Retry-After: ${Math.ceil(retryAfterMs / 1000)} s)` : ''}`,
    );
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * The text behind a URL. Throws TOKEN_LIST_REJECTED where an address or the size is not acceptable,
 * TOKEN_LIST_UNAVAILABLE where there is nothing to be had in time; both name the URL.
 */
export async function fetchText(url: URL, options: FetchOptions): Promise<string> {
  const { limits } = options;
  const backoff = new Backoff({ leastMs: limits.backoffMs, mostMs: limits.timeoutMs });
  const endMs = performance.now() + limits.timeoutMs;
  try {
    return await withDeadline(limits.timeoutMs, options.signal, async (signal) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await tryFetch(url, options, signal);
        } catch (error) {
          const final = error instanceof FatalError || error instanceof Refused || signal.aborted;
          if (final || attempt >= limits.maxTries) throw error;
          const pauseMs = Math.max(backoff.next(), error instanceof Busy ? error.retryAfterMs : 0);
          // Who would wait until there is no time left learns the reason now.
          if (performance.now() + pauseMs >= endMs) throw error;
          await sleep(pauseMs, signal);
        }
      }
    });
  } catch (error) {
    if (error instanceof FatalError) throw error;
    throw new RetryableError('TOKEN_LIST_UNAVAILABLE', `token list ${shown(url.href)}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

async function tryFetch(asked: URL, options: FetchOptions, signal: AbortSignal): Promise<string> {
  let url = asked;
  for (let redirects = 0; ; redirects++) {
    try {
      const response = await fetch(url, {
        dispatcher: options.dispatcher,
        redirect: 'manual',
        signal,
        headers: { accept: 'application/json, */*;q=0.5' },
      });
      if (response.ok) return await readText(response, options);
      // Nobody waits for the end of a body that nobody reads, nor minds how it ends.
      response.body?.cancel().catch(() => undefined);
      const location = response.headers.get('location');
      if (!REDIRECTS.has(response.status) || location === null) throw refusal(response);
      if (redirects >= options.limits.maxRedirects)
        throw rejected(asked.href, `redirects more than ${options.limits.maxRedirects} times`);
      url = checkRedirect(asked, url, location, options.policy);
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (cause instanceof AddressRefused)
        throw url === asked
          ? rejected(asked.href, cause.message)
          : rejectedRedirect(asked, url, cause.message);
      if (error instanceof TooLarge || cause instanceof errors.ResponseExceededMaxSizeError)
        throw rejected(asked.href, `is larger than ${options.limits.maxBytes} bytes`);
      throw error;
    }
  }
}

function refusal({ status, headers }: Response): Error {
  if (status !== 429 && status < 500) return new Refused(`answered with status ${status}`);
  return new Busy(status, retryAfterMs(headers.get('retry-after'), Date.now()));
}

/** Seconds or a date (RFC 9110, 10.2.3); 0 for what is neither, or past. */
export function retryAfterMs(header: string | null, nowMs: number): number {
  if (header === null) return 0;
  const untilMs = /^\d+$/.test(header) ? nowMs + Number(header) * 1000 : Date.parse(header);
  return Number.isNaN(untilMs) ? 0 : Math.max(0, untilMs - nowMs);
}

/** Counts what comes out of the decompression, so that a small body cannot become a large one. */
async function readText(response: Response, { limits, held }: FetchOptions): Promise<string> {
  if (!response.body) return '';
  using room = new DisposableStack();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    // Leaving the loop cancels the body, and with it the connection.
    if (size > limits.maxBytes) throw new TooLarge();
    const taken = held.take(response.url, chunk.byteLength);
    if (typeof taken === 'string') throw new Crowded();
    room.use(taken);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** The code alone where the network failed: its message would say what stands at which inner address. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error)
    return `could not be fetched (${'code' in cause ? String(cause.code) : cause.name})`;
  return describe(error);
}
