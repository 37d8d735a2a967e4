import { CircuitState, ConsecutiveBreaker, circuitBreaker, ExponentialBackoff, handleType } from 'cockatiel';
import { describe } from '../../errors.ts';
import { abortable } from '../../lib/abortable.ts';
import { withDeadline } from '../../lib/deadline.ts';
import { toQuantity } from '../quantity.ts';
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

export interface EndpointOptions {
  /** What the endpoint must serve: one of another chain would answer with that chain's balances. */
  readonly chainId: number;
  readonly timeoutMs: number;
  readonly observer: RequestObserver;
}

/** One upstream URL as a place to send requests to: a transport, a timeout and a circuit breaker. */
export class Endpoint implements AsyncDisposable {
  readonly name: string;
  readonly #chainId: number;
  readonly #timeoutMs: number;
  readonly #transport: HttpTransport | SocketTransport;
  readonly #observer: RequestObserver;
  readonly #breaker = circuitBreaker(handleType(EndpointError), {
    breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
    halfOpenAfter: new ExponentialBackoff({ initialDelay: REOPEN_LEAST_MS, maxDelay: REOPEN_MOST_MS }),
  });

  /** That it serves our chain, asked before anything else and again after every failure. */
  #proof: Promise<void> | undefined;

  constructor(url: string, { chainId, timeoutMs, observer }: EndpointOptions) {
    this.name = redact(url);
    this.#chainId = chainId;
    this.#timeoutMs = timeoutMs;
    this.#observer = observer;
    this.#transport = /^ws/.test(url) ? new SocketTransport(url) : new HttpTransport(url);
  }

  get isBroken(): boolean {
    return this.#breaker.state === CircuitState.Open;
  }

  /** Throws EndpointError, BlockUnavailable or CallRefused, or BrokenCircuitError without having asked. */
  async request(call: RpcRequest, signal?: AbortSignal): Promise<unknown> {
    return await this.#breaker.execute(() => this.ask(call, signal));
  }

  /** As request, past an open breaker: for when there is nowhere better to ask. */
  async ask(call: RpcRequest, signal?: AbortSignal): Promise<unknown> {
    try {
      this.#proof ??= this.#prove();
      await abortable(this.#proof, signal);
      return await this.#send(call, signal);
    } catch (error) {
      // Whoever answers after this may be another node than before.
      if (error instanceof EndpointError) this.#proof = undefined;
      throw error;
    }
  }

  async #prove(): Promise<void> {
    const id = await this.#send({ method: 'eth_chainId', params: [] });
    if (id !== toQuantity(this.#chainId))
      throw new EndpointError(`${this.name} serves chain ${id}, not ${this.#chainId}: it is not used`);
  }

  async #send(call: RpcRequest, signal?: AbortSignal): Promise<unknown> {
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
    this.#socket ??= this.#open();
    let socket: RpcSocket;
    try {
      socket = await abortable(this.#socket, signal);
    } catch (error) {
      throw error instanceof EndpointError ? error : new EndpointError(`WebSocket: ${describe(error)}`);
    }
    return await socket.request(call, signal);
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
