import { describe } from '../../errors.ts';
import { abortable } from '../../lib/abortable.ts';
import { withDeadline } from '../../lib/deadline.ts';
import { Backoff, sleep } from '../../lib/retry.ts';
import { blockByHash, LATEST_BLOCK } from '../header.ts';
import type { Header } from '../types.ts';
import { Budget, type Priority } from './budget.ts';
import { CHAIN_ID } from './chain-id.ts';
import { AnswerTooLarge, BlockUnavailable, EndpointError, RateLimited } from './errors.ts';
import { HttpTransport } from './http.ts';
import type { Method, RpcCall } from './message.ts';
import { SocketTransport } from './socket-transport.ts';

/** How soon an endpoint that failed is probed, and how rarely at the most, whatever it asks for. */
const PROBE_LEAST_MS = 250;
const PROBE_MOST_MS = 2000;
/** The longest that a `Retry-After` is kept to before one probe is sent. */
export const LONGEST_REST_MS = 5000;
/** No endpoint is called silent before that, nor while it takes no more than so many times what it took lately. */
const PATIENCE_LEAST_MS = 500;
const PATIENCE_TIMES = 4;

/** What became of a request; abandoned: another endpoint was quicker, or nobody waits for it any more. */
export const OUTCOMES = ['ok', 'error', 'abandoned'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface EndpointObserver {
  upstreamRequest(endpoint: string, method: Method, outcome: Outcome, durationMs: number): void;
  /** Why the endpoint is passed over from now on; undefined: it is used again. */
  endpointTurned(endpoint: string, reason: string | undefined): void;
  /** What was measured of an endpoint. */
  endpointMeasured(endpoint: string, measured: { headNumber: number; latencyMs: number }): void;
}

export interface EndpointOptions {
  /** What the endpoint must serve: one of another chain would answer with that chain's balances. */
  readonly chainId: number;
  readonly timeoutMs: number;
  /** Requests a second; undefined: as many as there are. */
  readonly rateLimit: number | undefined;
  readonly observer: EndpointObserver;
}

/** Closed: used. Open: it failed and is not used. Half-open: it is being probed. */
export type Circuit = 'closed' | 'open' | 'half-open';

/**
 * One upstream URL as a place to send requests to. It is a circuit breaker: a fault opens it, and then it is
 * probed in the background, so that it is a probe and never somebody's balance that waits for an endpoint which
 * hangs; the first probe that succeeds closes it. The probe asks for the chain id, as is done before first use
 * and after every reconnection.
 */
export class Endpoint implements AsyncDisposable {
  /** For logs and metrics, without credentials. */
  readonly name: string;
  /** Host and port: what two URLs of one place say is said once. */
  readonly place: string;
  readonly #options: EndpointOptions;
  readonly #transport: HttpTransport | SocketTransport;
  readonly #budget: Budget;
  readonly #stop = new AbortController();
  /** Not before a request succeeded does it begin anew: an endpoint may answer probes and nothing else. */
  readonly #backoff = new Backoff({ leastMs: PROBE_LEAST_MS, mostMs: PROBE_MOST_MS });
  /** Moving average of how long an answer takes, by method. */
  readonly #latencyMs = new Map<string, number>();
  #proof: Promise<void> | undefined;
  #circuit: Circuit = 'closed';
  /** By performance.now(): it asked not to be asked before. */
  #restsUntilMs = 0;
  #head: number | undefined;
  /** How long the last answer about its newest block took, the wait for its turn not counted. */
  #headLatencyMs: number | undefined;

  constructor(url: string, name: string, options: EndpointOptions) {
    this.name = name;
    this.place = new URL(url).host;
    this.#options = options;
    this.#budget = new Budget(options.rateLimit);
    this.#transport = /^ws/.test(url)
      ? new SocketTransport(url, {
          connectTimeoutMs: options.timeoutMs,
          lost: () => this.doubt(),
        })
      : new HttpTransport(url);
  }

  get circuit(): Circuit {
    return this.#circuit;
  }

  get hasRateLimit(): boolean {
    return this.#options.rateLimit !== undefined;
  }

  /** Whether its rate limit is used up, so that a request would have to wait. */
  get isBusy(): boolean {
    return this.#budget.isSpent;
  }

  /** The highest block that it is known to have. */
  get head(): number | undefined {
    return this.#head;
  }

  /** How long it took to tell its newest block when it was last asked. */
  get headLatencyMs(): number | undefined {
    return this.#headLatencyMs;
  }

  /** How long an answer to that method may take before it is worth asking somebody else. */
  patienceMs(method: string): number {
    const usual = this.#latencyMs.get(method) ?? 0;
    return Math.max(PATIENCE_LEAST_MS, PATIENCE_TIMES * usual);
  }

  /** Throws EndpointError, BlockUnavailable or CallRefused, or the signal's reason. */
  async request<T>(call: RpcCall<T>, priority: Priority, signal: AbortSignal): Promise<T> {
    if (performance.now() < this.#restsUntilMs)
      throw new EndpointError(`${this.name} answered 429 and is left alone for a while`);
    await this.#budget.turn(priority, signal);
    let isProven = false;
    try {
      this.#proof ??= this.#prove();
      await abortable(this.#proof, signal);
      isProven = true;
      const result = await this.#send(call, signal);
      this.#backoff.reset();
      if (call.height !== undefined) this.#head = Math.max(this.#head ?? 0, call.height);
      return result;
    } catch (error) {
      // What a token answers is not the endpoint's doing; all else is.
      if (error instanceof AnswerTooLarge && call.method === 'eth_call') throw error;
      const isExcused = isProven && call.optional === true && !(error instanceof RateLimited);
      if (error instanceof EndpointError && !signal.aborted && !isExcused) this.fail(error);
      throw error instanceof AnswerTooLarge ? new EndpointError(error.message) : error;
    }
  }

  /** Its newest block, and how long it took to tell: asked to see whether it keeps up. */
  async measure(signal: AbortSignal): Promise<{ readonly head: Header; readonly latencyMs: number }> {
    const head = await this.request(LATEST_BLOCK, 'stream', signal);
    const latencyMs = this.#headLatencyMs ?? 0;
    this.#head = head.number;
    this.#options.observer.endpointMeasured(this.name, { headNumber: head.number, latencyMs });
    return { head, latencyMs };
  }

  /** Whether it shows that block when it is asked for it by its hash. */
  async has({ hash }: Header, signal: AbortSignal): Promise<boolean> {
    return await this.request(blockByHash(hash), 'stream', signal).then(
      () => true,
      () => false,
    );
  }

  /** Has it prove again which chain it serves before it is used any further. */
  doubt(): void {
    this.#proof = undefined;
  }

  /** Opens the circuit: what it answered was no answer, or was proven wrong by another's. */
  fail(error: EndpointError): void {
    this.#proof = undefined;
    if (error instanceof RateLimited) {
      const restMs = Math.min(LONGEST_REST_MS, error.retryAfterMs ?? 0);
      this.#restsUntilMs = Math.max(this.#restsUntilMs, performance.now() + restMs);
    }
    if (this.#circuit !== 'closed') return;
    this.#circuit = 'open';
    this.#options.observer.endpointTurned(this.name, describe(error));
    void this.#probe().catch(() => {});
  }

  async #probe(): Promise<void> {
    while (this.#circuit !== 'closed') {
      await sleep(Math.max(this.#backoff.next(), this.#restsUntilMs - performance.now()), this.#stop.signal);
      this.#circuit = 'half-open';
      try {
        await this.#prove();
        this.#circuit = 'closed';
        this.#options.observer.endpointTurned(this.name, undefined);
      } catch (error) {
        if (error instanceof RateLimited) this.fail(error);
        this.#circuit = 'open';
      }
    }
  }

  async #prove(): Promise<void> {
    await this.#budget.turn('stream', this.#stop.signal);
    const id = await this.#send(CHAIN_ID, this.#stop.signal);
    if (id !== this.#options.chainId)
      throw new EndpointError(
        `${this.name} serves chain ${id}, not ${this.#options.chainId}: it is not used`,
      );
  }

  async #send<T>(call: RpcCall<T>, signal: AbortSignal): Promise<T> {
    const { timeoutMs, observer } = this.#options;
    const started = performance.now();
    let outcome: Outcome = 'error';
    try {
      const result = call.parse(
        await withDeadline(timeoutMs, signal, (deadline) => this.#transport.request(call, deadline)),
      );
      outcome = 'ok';
      return result;
    } catch (error) {
      if (error instanceof BlockUnavailable) outcome = 'ok';
      // Our own stopping is no fault of the endpoint's.
      if (signal.aborted) {
        outcome = 'abandoned';
        throw signal.reason;
      }
      throw error;
    } finally {
      const durationMs = performance.now() - started;
      if (outcome === 'ok') this.#noteLatency(call.method, durationMs);
      if (!this.#stop.signal.aborted) observer.upstreamRequest(this.name, call.method, outcome, durationMs);
    }
  }

  #noteLatency(method: string, durationMs: number): void {
    if (method === LATEST_BLOCK.method) this.#headLatencyMs = durationMs;
    const average = this.#latencyMs.get(method) ?? durationMs;
    this.#latencyMs.set(method, average + (durationMs - average) / 4);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#transport[Symbol.asyncDispose]();
  }
}
