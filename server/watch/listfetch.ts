import { type Dispatcher, fetch, type Response } from 'undici';
import { describe, FatalError, RetryableError } from '../errors.ts';
import { withDeadline } from '../lib/deadline.ts';
import { Backoff, sleep } from '../lib/retry.ts';
import { checkUrl, rejected, type UrlPolicy } from './urlguard.ts';

/** What one download may cost. */
export interface FetchLimits {
  /** After decompression. */
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
  readonly signal: AbortSignal | undefined;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Not worth another try: the host answered, and its answer was no. */
class Refused extends Error {}

/**
 * The text behind a URL. Throws TOKEN_LIST_REJECTED where an address or the size is not acceptable,
 * TOKEN_LIST_UNAVAILABLE where there is nothing to be had in time; both name the URL.
 */
export async function fetchText(url: URL, options: FetchOptions): Promise<string> {
  const { limits } = options;
  const backoff = new Backoff({ leastMs: limits.backoffMs, mostMs: limits.timeoutMs });
  try {
    return await withDeadline(limits.timeoutMs, options.signal, async (signal) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await tryFetch(url, options, signal);
        } catch (error) {
          const final = error instanceof FatalError || error instanceof Refused || signal.aborted;
          if (final || attempt >= limits.maxTries) throw error;
          await sleep(backoff.next(), signal);
        }
      }
    });
  } catch (error) {
    if (error instanceof FatalError) throw error;
    throw new RetryableError('TOKEN_LIST_UNAVAILABLE', `token list ${url.href}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

async function tryFetch(first: URL, options: FetchOptions, signal: AbortSignal): Promise<string> {
  let url = first;
  for (let redirects = 0; ; redirects++) {
    const response = await fetch(url, {
      dispatcher: options.dispatcher,
      redirect: 'manual',
      signal,
      headers: { accept: 'application/json, */*;q=0.5' },
    });
    if (response.ok) return await readText(first, response, options.limits.maxBytes);
    // Nobody waits for the end of a body that nobody reads, nor minds how it ends.
    response.body?.cancel().catch(() => undefined);
    const location = response.headers.get('location');
    if (!REDIRECTS.has(response.status) || location === null) throw refusal(response.status);
    if (redirects >= options.limits.maxRedirects)
      throw rejected(first.href, `redirects more than ${options.limits.maxRedirects} times`);
    url = redirected(first, url, location, options.policy);
  }
}

function redirected(first: URL, from: URL, location: string, policy: UrlPolicy): URL {
  const target = URL.parse(location, from);
  try {
    return checkUrl(target?.href ?? location, policy);
  } catch (error) {
    throw rejected(first.href, `redirects to an address that is refused (${describe(error)})`);
  }
}

function refusal(status: number): Error {
  const message = `answered with status ${status}`;
  return status === 429 || status >= 500 ? new Error(message) : new Refused(message);
}

/** Counts what comes out of the decompression, so that a small body cannot become a large one. */
async function readText(url: URL, response: Response, maxBytes: number): Promise<string> {
  if (!response.body) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    // Leaving the loop cancels the body, and with it the connection.
    if (size > maxBytes) throw rejected(url.href, `is larger than ${maxBytes} bytes`);
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
