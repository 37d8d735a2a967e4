import { CircuitState, ConsecutiveBreaker, circuitBreaker, ExponentialBackoff, handleType } from 'cockatiel';
import { withDeadline } from '../../lib/deadline.ts';
import { BlockUnavailable, EndpointError } from './errors.ts';
import { HttpTransport } from './http.ts';
import type { RpcRequest } from './message.ts';
import { redact } from './redact.ts';
import { RpcSocket } from './socket.ts';

/** After how many failures in a row an endpoint is passed over, and for how long at most. */
const FAILURES_TO_OPEN = 2;
const REOPEN_LEAST_MS = 250;
const REOPEN_MOST_MS = 5000;

export interface RequestObserver {
  upstreamRequest(method: string, outcome: 'ok' | 'error', durationMs: number): void;
}

/** One upstream URL as a place to send requests to: a transport, a timeout and a circuit breaker. */
export class Endpoint implements AsyncDisposable {
  readonly name: string;
  readonly #timeoutMs: number;
  readonly #transport: HttpTransport | SocketTransport;
  readonly #observer: RequestObserver;
  readonly #breaker = circuitBreaker(handleType(EndpointError), {
    breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
    halfOpenAfter: new ExponentialBackoff({ initialDelay: REOPEN_LEAST_MS, maxDelay: REOPEN_MOST_MS }),
  });

  constructor(url: string, { timeoutMs, observer }: { timeoutMs: number; observer: RequestObserver }) {
    this.name = redact(url);
    this.#timeoutMs = timeoutMs;
    this.#observer = observer;
    this.#transport = /^ws/.test(url) ? new SocketTransport(url) : new HttpTransport(url);
  }

  get isBroken(): boolean {
    return this.#breaker.state === CircuitState.Open;
  }

  /** Throws EndpointError, BlockUnavailable or CallRefused; a broken circuit is an EndpointError too. */
  async request(call: RpcRequest, signal?: AbortSignal): Promise<unknown> {
    return await this.#breaker.execute(() => this.ask(call, signal));
  }

  /** As request, past an open breaker: for when there is nowhere better to ask. */
  async ask(call: RpcRequest, signal?: AbortSignal): Promise<unknown> {
    const started = performance.now();
    let outcome: 'ok' | 'error' = 'error';
    try {
      const result = await withDeadline(this.#timeoutMs, signal, (deadline) =>
        this.#transport.request(call, deadline),
      );
      outcome = 'ok';
      return result;
    } catch (error) {
      if (error instanceof BlockUnavailable) outcome = 'ok';
      // Our own stopping is no fault of the endpoint's.
      if (signal?.aborted) throw signal.reason;
      throw error;
    } finally {
      if (!signal?.aborted) this.#observer.upstreamRequest(call.method, outcome, performance.now() - started);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }
}

/** Requests over one WebSocket that is opened when it is needed and opened anew once it has closed. */
class SocketTransport implements AsyncDisposable {
  readonly #url: string;
  readonly #stop = new AbortController();
  #socket: Promise<RpcSocket> | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  async request(call: RpcRequest, signal: AbortSignal): Promise<unknown> {
    const socket = await this.#connected(signal);
    return await socket.request(call, signal);
  }

  #connected(signal: AbortSignal): Promise<RpcSocket> {
    this.#socket ??= this.#open();
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(new EndpointError(`WebSocket: ${signal.reason}`));
    signal.addEventListener('abort', abort, { once: true });
    return Promise.race([this.#socket, aborted.promise]).finally(() =>
      signal.removeEventListener('abort', abort),
    );
  }

  async #open(): Promise<RpcSocket> {
    try {
      const opening = withDeadline(REOPEN_MOST_MS, this.#stop.signal, (signal) =>
        RpcSocket.open(this.#url, signal),
      );
      const socket = await opening;
      void socket.closed.then(() => {
        this.#socket = undefined;
      });
      return socket;
    } catch (error) {
      this.#socket = undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const socket = await this.#socket?.catch(() => undefined);
    socket?.[Symbol.dispose]();
  }
}
