import { describe } from '../../errors.ts';
import { abortable } from '../../lib/abortable.ts';
import { withDeadline } from '../../lib/deadline.ts';
import { Backoff, sleep } from '../../lib/retry.ts';
import { toQuantity } from '../hex.ts';
import { AnswerTooLarge, BlockUnavailable, EndpointError } from './errors.ts';
import { HttpTransport } from './http.ts';
import type { RpcCall, RpcRequest } from './message.ts';
import { redact } from './redact.ts';
import { RpcSocket } from './socket.ts';

/** How soon an endpoint that failed is probed, and how rarely at the most. */
const PROBE_LEAST_MS = 250;
const PROBE_MOST_MS = 5000;
const CONNECT_TIMEOUT_MS = 5000;

export interface RequestObserver {
  upstreamRequest(method: string, outcome: 'ok' | 'error', durationMs: number): void;
}

export interface EndpointOptions {
  /** What the endpoint must serve: one of another chain would answer with that chain's balances. */
  readonly chainId: number;
  readonly timeoutMs: number;
  readonly observer: RequestObserver;
}

/**
 * One upstream URL as a place to send requests to. It is a circuit breaker: a fault opens it, and then it is
 * probed in the background, so that it is a probe and never somebody's balance that waits for an endpoint which
 * hangs; the first probe that succeeds closes it. The probe asks for the chain id, as is done before first use.
 */
export class Endpoint implements AsyncDisposable {
  readonly name: string;
  readonly #options: EndpointOptions;
  readonly #transport: HttpTransport | SocketTransport;
  readonly #stop = new AbortController();
  /** Not before a request succeeded does it begin anew: an endpoint may answer probes and nothing else. */
  readonly #backoff = new Backoff({ leastMs: PROBE_LEAST_MS, mostMs: PROBE_MOST_MS });
  #proof: Promise<void> | undefined;
  #isOpen = false;

  constructor(url: string, options: EndpointOptions) {
    this.name = redact(url);
    this.#options = options;
    this.#transport = /^ws/.test(url) ? new SocketTransport(url) : new HttpTransport(url);
  }

  /** Whether the circuit is open: the endpoint failed, and no probe has succeeded since. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Throws EndpointError, BlockUnavailable or CallRefused, or the signal's reason. */
  async request<T>(call: RpcCall<T>, signal: AbortSignal): Promise<T> {
    try {
      this.#proof ??= this.#prove();
      await abortable(this.#proof, signal);
      const result = await this.#send(call, signal);
      this.#backoff.reset();
      return result;
    } catch (error) {
      if (error instanceof EndpointError && !(error instanceof AnswerTooLarge) && !signal.aborted)
        this.#open();
      throw error;
    }
  }

  #open(): void {
    this.#proof = undefined;
    if (this.#isOpen) return;
    this.#isOpen = true;
    void this.#probe().catch(() => {});
  }

  async #probe(): Promise<void> {
    while (this.#isOpen) {
      await sleep(this.#backoff.next(), this.#stop.signal);
      await this.#prove().then(
        () => {
          this.#isOpen = false;
        },
        () => {},
      );
    }
  }

  async #prove(): Promise<void> {
    const id = await this.#send(
      { method: 'eth_chainId', params: [], parse: (result) => result },
      this.#stop.signal,
    );
    if (id !== toQuantity(this.#options.chainId))
      throw new EndpointError(
        `${this.name} serves chain ${id}, not ${this.#options.chainId}: it is not used`,
      );
  }

  async #send<T>(call: RpcCall<T>, signal: AbortSignal): Promise<T> {
    const { timeoutMs, observer } = this.#options;
    const started = performance.now();
    let outcome: 'ok' | 'error' = 'error';
    try {
      const result = call.parse(
        await withDeadline(timeoutMs, signal, (deadline) => this.#transport.request(call, deadline)),
      );
      outcome = 'ok';
      return result;
    } catch (error) {
      if (error instanceof BlockUnavailable) outcome = 'ok';
      // Our own stopping is no fault of the endpoint's.
      if (signal.aborted) throw signal.reason;
      throw error;
    } finally {
      if (!signal.aborted) observer.upstreamRequest(call.method, outcome, performance.now() - started);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
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
    try {
      return await socket.request(call, signal);
    } catch (error) {
      if (!(error instanceof AnswerTooLarge) || socket.isOpen) throw error;
    }
    // An answer that was too large has closed the socket. On one of its own it is clear whether it was this one's.
    using own = await RpcSocket.open(this.#url, signal);
    return await own.request(call, signal);
  }

  async #open(): Promise<RpcSocket> {
    try {
      const socket = await withDeadline(CONNECT_TIMEOUT_MS, this.#stop.signal, (signal) =>
        RpcSocket.open(this.#url, signal),
      );
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
