import { BalancesError, connectionFailed, httpFailure, refusal } from './errors.ts';
import type { TypedDocumentString } from './gql/graphql.ts';
import { unlessSilent } from './silence.ts';

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
  readonly #fetch: typeof fetch;
  readonly #headers: () => Promise<Record<string, string>>;
  readonly #silenceTimeoutMs: number;

  constructor({ url, fetch: fetchFn, headers = {}, apiKey, silenceTimeoutMs }: TransportOptions) {
    this.#url = url;
    // Browsers insist on being called without a receiver.
    this.#fetch = fetchFn ?? ((...args) => fetch(...args));
    this.#silenceTimeoutMs = silenceTimeoutMs ?? SILENCE_TIMEOUT_MS;
    this.#headers = async () => ({
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      ...(typeof headers === 'function' ? await headers() : headers),
    });
  }

  /** Throws BalancesError, or the signal's reason. */
  async request<R, V>(document: TypedDocumentString<R, V>, variables: V, signal: AbortSignal): Promise<R> {
    const accept = 'application/graphql-response+json, application/json;q=0.9';
    let text = '';
    for await (const chunk of this.#ask(accept, document, variables, signal)) text += chunk;
    const data = read<R>(text);
    if (!data) throw new BalancesError('INTERNAL_SERVER_ERROR', 'the answer holds no data');
    return data;
  }

  /**
   * Resolves when the server completes the stream or the signal aborts; throws BalancesError when it breaks.
   * `comment` is called with what the server says between events.
   * https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md#distinct-connections-mode
   */
  async stream<R, V>(
    document: TypedDocumentString<R, V>,
    variables: V,
    next: (data: R) => void,
    signal: AbortSignal,
    comment: (text: string) => void = () => {},
  ): Promise<void> {
    let text = '';
    try {
      for await (const chunk of this.#ask('text/event-stream', document, variables, signal)) {
        const lines = (text + chunk).split('\n');
        text = lines.pop() ?? '';
        for (const line of lines) {
          if (line === 'event: complete' || signal.aborted) return;
          if (line[0] === ':') comment(line.slice(1));
          const data = line.startsWith('data:') && read<R>(line.slice(5));
          if (data) next(data);
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    throw new BalancesError('CONNECTION_FAILED', 'the stream was cut off');
  }

  /** The body of the answer, as it comes. */
  async *#ask<R, V>(
    accept: string,
    query: TypedDocumentString<R, V>,
    variables: V,
    signal: AbortSignal,
  ): AsyncGenerator<string> {
    const connection = new AbortController();
    const heard = <T>(next: Promise<T>) => unlessSilent(next, connection, this.#silenceTimeoutMs);
    const abort = () => connection.abort(signal.reason);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    try {
      const request = {
        method: 'POST',
        headers: { ...(await this.#headers()), 'content-type': 'application/json', accept },
        body: JSON.stringify({ query, variables }),
        signal: connection.signal,
      };
      const response = await heard(this.#fetch(endpoint(this.#url), request));
      if (!response.ok) throw await heard(httpFailure(response));
      if (!response.body) return;
      reader = response.body.getReader();
      const decoder = new TextDecoder();
      for (;;) {
        const { done, value } = await heard(reader.read());
        if (done) return;
        yield decoder.decode(value, { stream: true });
      }
    } finally {
      signal.removeEventListener('abort', abort);
      connection.abort();
      // Not every fetch that is given heeds the signal.
      reader?.cancel().catch(() => {});
    }
  }
}

/** The data of a result; throws what it was refused for. */
function read<R>(text: string): R | null | undefined {
  let result: { readonly data?: R | null; readonly errors?: readonly { readonly message: string }[] };
  try {
    result = JSON.parse(text);
  } catch (error) {
    throw connectionFailed(error);
  }
  const refused = refusal(result);
  if (refused) throw refused;
  return result.data;
}

/** Relative URLs are taken from the page; so not before there is one, for a server may have rendered it. */
function endpoint(url: string | URL): string {
  let absolute: URL;
  try {
    absolute = new URL(url, globalThis.location?.href);
  } catch (cause) {
    // Not the network's fault: trying again would not mend it.
    throw new BalancesError('BAD_USER_INPUT', `url: '${url}' is no address of a server`, { cause });
  }
  const path = absolute.pathname.replace(/\/+$/, '');
  absolute.pathname = path.endsWith('/graphql') ? path : `${path}/graphql`;
  return absolute.href;
}
