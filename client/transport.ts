import { createClient, NetworkError } from 'graphql-sse';
import { BalancesError, connectionFailed, httpFailure, refusal } from './errors.ts';
import type { TypedDocumentString } from './gql/graphql.ts';
import { fetchUnlessSilent } from './silence.ts';

export interface TransportOptions {
  /** Of the server, or of its `/graphql`. */
  readonly url: string | URL;
  readonly fetch?: typeof fetch | undefined;
  readonly headers?: RequestHeaders | undefined;
  readonly apiKey?: string | undefined;
  readonly silenceTimeoutMs?: number | undefined;
}

type RequestHeaders =
  | Readonly<Record<string, string>>
  | (() => Record<string, string> | Promise<Record<string, string>>);

/** Three heartbeats of the server's default, and a little. */
const SILENCE_TIMEOUT_MS = 25_000;

/** One attempt each, for a result or for a stream of them; trying again is for who knows what was asked. */
export class Transport {
  readonly #url: string | URL;
  readonly #fetch: (heartbeat?: () => void) => typeof fetch;
  readonly #headers: () => Promise<Record<string, string>>;

  constructor({ url, fetch: fetchFn, headers = {}, apiKey, silenceTimeoutMs }: TransportOptions) {
    this.#url = url;
    // Browsers insist on being called without a receiver.
    const fetches: typeof fetch = fetchFn ?? ((...args) => fetch(...args));
    const timeoutMs = silenceTimeoutMs ?? SILENCE_TIMEOUT_MS;
    this.#fetch = (heartbeat) => fetchUnlessSilent(fetches, timeoutMs, heartbeat);
    this.#headers = async () => ({
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      ...(typeof headers === 'function' ? await headers() : headers),
    });
  }

  /** Throws BalancesError, or the signal's reason. */
  async request<R, V>(document: TypedDocumentString<R, V>, variables: V, signal: AbortSignal): Promise<R> {
    const response = await this.#fetch()(endpoint(this.#url), {
      method: 'POST',
      headers: {
        ...(await this.#headers()),
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json;q=0.9',
      },
      body: JSON.stringify({ query: document, variables }),
      signal,
    });
    if (!response.ok) throw await httpFailure(response);
    const result = (await response.json().catch((error: unknown) => {
      throw connectionFailed(error);
    })) as { data?: R | null; errors?: { message: string }[] };
    const refused = refusal(result);
    if (refused) throw refused;
    if (!result.data) throw new BalancesError('INTERNAL_SERVER_ERROR', 'the answer holds no data');
    return result.data;
  }

  /**
   * Resolves when the server completes the stream or the signal aborts; throws BalancesError when it breaks.
   * `heartbeat` is called for every comment of the server: the first comes at once, whatever becomes of the operation.
   */
  async stream<R, V extends Record<string, unknown>>(
    document: TypedDocumentString<R, V>,
    variables: V,
    next: (data: R) => void,
    signal: AbortSignal,
    heartbeat?: () => void,
  ): Promise<void> {
    if (signal.aborted) return;
    const client = createClient({
      url: endpoint(this.#url),
      fetchFn: this.#fetch(heartbeat),
      headers: this.#headers,
      retryAttempts: 0,
    });
    const stop = () => client.dispose();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        client.subscribe<R>(
          { query: document.toString(), variables },
          {
            next(result) {
              const refused = refusal(result);
              if (refused) throw refused;
              if (result.data) next(result.data);
            },
            error: reject,
            complete: resolve,
          },
        );
      });
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      const { response } = error as NetworkError<Response>;
      throw response ? await httpFailure(response) : connectionFailed(error);
    } finally {
      signal.removeEventListener('abort', stop);
      client.dispose();
    }
  }
}

/** Relative URLs are taken from the page; so not before there is one, for a server may have rendered it. */
function endpoint(url: string | URL): string {
  const absolute = new URL(url, globalThis.location?.href);
  const path = absolute.pathname.replace(/\/+$/, '');
  absolute.pathname = path.endsWith('/graphql') ? path : `${path}/graphql`;
  return absolute.href;
}
