import { Agent, request } from 'undici';
import { describe } from '../../errors.ts';
import { AnswerTooLarge, EndpointError, RateLimited } from './errors.ts';
import { encodeRequest, mostResponseBytes, type RpcRequest, resultOf } from './message.ts';

/** JSON-RPC over HTTP. One agent an endpoint, so that one that hangs uses up no other's connections. */
export class HttpTransport implements AsyncDisposable {
  readonly #url: string;
  readonly #headers: Record<string, string> = { 'content-type': 'application/json' };
  readonly #agent = new Agent({ connections: 64, keepAliveTimeout: 30_000 });
  #id = 0;

  constructor(url: string) {
    const parsed = new URL(url);
    if (parsed.username || parsed.password) {
      const credentials = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`;
      this.#headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
      parsed.username = '';
      parsed.password = '';
    }
    this.#url = parsed.href;
  }

  async request(call: RpcRequest, signal: AbortSignal): Promise<unknown> {
    this.#id += 1;
    const id = this.#id;
    let status: number;
    let retryAfter: string | string[] | undefined;
    let text: string;
    try {
      const response = await request(this.#url, {
        method: 'POST',
        headers: this.#headers,
        body: encodeRequest(id, call),
        dispatcher: this.#agent,
        signal,
      });
      status = response.statusCode;
      retryAfter = response.headers['retry-after'];
      text = await readText(response.body, call.method);
    } catch (error) {
      if (error instanceof EndpointError) throw error;
      throw new EndpointError(`${call.method}: ${describe(error)}`, { cause: error });
    }
    if (status === 429) throw new RateLimited(`${call.method}: HTTP 429`, retryAfterMs(retryAfter));
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      throw new EndpointError(`${call.method}: HTTP ${status} with a body that is not JSON`);
    }
    // No redirect is followed, nor taken for an answer: it is an error that may come with another status than 200.
    if (status >= 500 || (status !== 200 && !isError(message)))
      throw new EndpointError(`${call.method}: HTTP ${status}`);
    return resultOf(call.method, id, message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

/** RFC 9110, section 10.2.3: seconds, or the date from which on it may be tried again. */
export function retryAfterMs(header: unknown, nowMs = Date.now()): number | undefined {
  if (typeof header !== 'string') return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function isError(message: unknown): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    ((message as { error?: unknown }).error ?? null) !== null
  );
}

async function readText(body: AsyncIterable<Buffer>, method: string): Promise<string> {
  const most = mostResponseBytes(method);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > most) throw new AnswerTooLarge(`${method}: the answer is over ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size).toString('utf8');
}
