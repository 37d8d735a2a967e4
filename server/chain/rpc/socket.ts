import { WebSocket } from 'ws';
import { describe } from '../../errors.ts';
import { AnswerTooLarge, EndpointError } from './errors.ts';
import {
  encodeRequest,
  MAX_RESPONSE_BYTES,
  mostResponseBytes,
  type RpcRequest,
  resultOf,
} from './message.ts';

/** How often a ping is sent, and how long its pong may take: a frozen peer raises no error of its own. */
export const PING_INTERVAL_MS = 1000;
export const PONG_DEADLINE_MS = 2000;

interface Waiting {
  readonly method: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One JSON-RPC WebSocket, from open to close; it never reconnects (who wants another opens another). Requests
 * that wait when it closes are rejected, subscriptions end. A peer that answers no ping is closed.
 */
export class RpcSocket implements Disposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, (result: unknown) => void>();
  readonly #closed = Promise.withResolvers<Error>();
  readonly #pinger: NodeJS.Timeout;
  #lastPongMs = performance.now();
  #id = 0;

  static open(url: string, signal: AbortSignal): Promise<RpcSocket> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, { maxPayload: MAX_RESPONSE_BYTES, perMessageDeflate: false });
      const abort = () => socket.terminate();
      const settle = () => {
        signal.removeEventListener('abort', abort);
        socket.removeAllListeners();
        // A socket that is terminated while it connects still reports it.
        socket.on('error', () => {});
      };
      socket.once('open', () => {
        settle();
        resolve(new RpcSocket(socket));
      });
      socket.once('error', (error) => {
        settle();
        reject(new EndpointError(`WebSocket: ${describe(error)}`, { cause: error }));
      });
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
    });
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#receive(String(data)));
    socket.on('pong', () => {
      this.#lastPongMs = performance.now();
    });
    socket.on('error', (error) => this.#close(faultOf(error)));
    socket.on('close', (code) => this.#close(new EndpointError(`WebSocket: closed (${code})`)));
    this.#pinger = setInterval(() => {
      if (performance.now() - this.#lastPongMs > PING_INTERVAL_MS + PONG_DEADLINE_MS)
        this.#close(new EndpointError(`WebSocket: no pong within ${PONG_DEADLINE_MS} ms`));
      else socket.ping();
    }, PING_INTERVAL_MS);
  }

  /** Resolves with the reason once it is closed, whoever closed it. */
  get closed(): Promise<Error> {
    return this.#closed.promise;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  request(call: RpcRequest, signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) {
        reject(new EndpointError(`${call.method}: the WebSocket is closed`));
        return;
      }
      this.#id += 1;
      const id = this.#id;
      const abort = () => {
        this.#waiting.delete(id);
        reject(new EndpointError(`${call.method}: ${describe(signal.reason)}`, { cause: signal.reason }));
      };
      if (signal.aborted) {
        abort();
        return;
      }
      signal.addEventListener('abort', abort, { once: true });
      const settled = () => signal.removeEventListener('abort', abort);
      this.#waiting.set(id, {
        method: call.method,
        resolve: (result) => {
          settled();
          resolve(result);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.#socket.send(encodeRequest(id, call));
    });
  }

  /** Calls the listener with the result of every notification of that subscription. */
  listen(subscription: string, listener: (result: unknown) => void): void {
    this.#listeners.set(subscription, listener);
  }

  #receive(text: string): void {
    let message: { id?: unknown; method?: unknown; params?: { subscription?: unknown; result?: unknown } };
    try {
      message = JSON.parse(text);
    } catch {
      this.#close(new EndpointError('WebSocket: a message that is not JSON'));
      return;
    }
    if (typeof message !== 'object' || message === null) return;
    // Its conversion to text, were it none, could throw, and nothing above would catch that.
    const subscription = message.method === 'eth_subscription' ? message.params?.subscription : undefined;
    if (typeof subscription === 'string') this.#listeners.get(subscription)?.(message.params?.result);
    const waiting = typeof message.id === 'number' ? this.#waiting.get(message.id) : undefined;
    if (!waiting) return;
    this.#waiting.delete(message.id as number);
    const most = mostResponseBytes(waiting.method);
    if (text.length > most) {
      waiting.reject(new AnswerTooLarge(`${waiting.method}: the answer is over ${most} bytes`));
      return;
    }
    try {
      waiting.resolve(resultOf(waiting.method, message.id as number, message));
    } catch (error) {
      waiting.reject(error as Error);
    }
  }

  #close(reason: Error): void {
    clearInterval(this.#pinger);
    this.#listeners.clear();
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
    this.#socket.terminate();
    this.#closed.resolve(reason);
  }

  [Symbol.dispose](): void {
    this.#close(new EndpointError('WebSocket: closed by us'));
  }
}

/** An answer over the limit closes the socket, and nothing says whose it was: all that wait on it are told so. */
function faultOf(error: Error & { readonly code?: unknown }): EndpointError {
  const Fault = error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? AnswerTooLarge : EndpointError;
  return new Fault(`WebSocket: ${error.message}`);
}
