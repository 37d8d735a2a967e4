import { describe } from '../../errors.ts';
import type { Header } from '../types.ts';
import type { Priority } from './budget.ts';
import { type Circuit, Endpoint, type EndpointOptions } from './endpoint.ts';
import { AnswerTooLarge, BlockUnavailable, CallDisputed, CallRefused, EndpointError } from './errors.ts';
import { type Hedged, hedge } from './hedge.ts';
import { Laggards } from './laggards.ts';
import type { Requester, RpcCall } from './message.ts';
import { redact } from './redact.ts';

/** What is known of an endpoint. */
export interface EndpointHealth {
  /** Scheme, host and port. */
  readonly name: string;
  readonly circuit: Circuit;
  /** Whether it lacks blocks that another has, or is far slower than another: then it is asked last. */
  readonly isBehind: boolean;
  readonly isSlow: boolean;
  /** The highest block that it is known to have; null before the first. */
  readonly headNumber: number | null;
  /** How long it took to tell its newest block; null before it was asked. */
  readonly latencyMs: number | null;
}

/** An answer, and whose it is. */
export interface Testimony<T> {
  readonly value: T;
  readonly witness: Endpoint;
}

interface SurveyOptions {
  readonly tolerance: number;
  /** Whether a head is so far above what is known that its endpoint must show that it has it. */
  readonly isFarAhead: (header: Header) => boolean;
  /** Told of each answer as it comes (one that keeps silent holds up no other), and whether it is whom we ask first. */
  readonly heard: (header: Header, isPreferred: boolean) => void;
  readonly signal: AbortSignal;
}

/**
 * The endpoints of one chain as one place to ask. A request goes to the first endpoint, in order of preference,
 * that is well; one that fails, garbage included, or keeps silent, is passed over within the request. One pass,
 * no waiting: whoever asks owns the loop that tries again, because only it knows whether the question still stands.
 */
export class Pool implements Requester, AsyncDisposable {
  readonly #endpoints: readonly Endpoint[];
  readonly #laggards = new Laggards();
  #lastError: string | null = null;

  constructor(urls: readonly string[], options: EndpointOptions) {
    this.#endpoints = ordered(urls).map(({ url, name }) => new Endpoint(url, name, options));
  }

  /** In the order in which they are asked while all are well. */
  get endpoints(): readonly EndpointHealth[] {
    return this.#endpoints.map((endpoint) => ({
      name: endpoint.name,
      circuit: endpoint.circuit,
      isBehind: this.#laggards.isBehind(endpoint),
      isSlow: this.#laggards.isSlow(endpoint),
      headNumber: endpoint.head ?? null,
      latencyMs: endpoint.headLatencyMs ?? null,
    }));
  }

  /** What the last failed request failed with; null once one has succeeded since. */
  get lastError(): string | null {
    return this.#lastError;
  }

  /** Whether there is anybody to compare an endpoint with. */
  get hasSeveralPlaces(): boolean {
    return new Set(this.#endpoints.map(({ place }) => place)).size > 1;
  }

  /** Whether some endpoint is passed over that answers, so that it is worth looking often whether it is well. */
  get hasLaggards(): boolean {
    return this.#laggards.size > 0;
  }

  async request<T>(call: RpcCall<T>, signal: AbortSignal): Promise<T> {
    return (await this.#hedge(call, 'stream', signal)).value;
  }

  /** The same endpoints for what is less urgent: under a rate limit it waits until streams have had theirs. */
  withPriority(priority: Priority): Requester {
    return { request: async (call, signal) => (await this.#hedge(call, priority, signal)).value };
  }

  /** As request, and says who answered. */
  testify<T>(call: RpcCall<T>, signal: AbortSignal): Promise<Testimony<T>> {
    return this.#hedge(call, 'stream', signal);
  }

  /**
   * Hears one more endpoint that is well, of a place that none of these witnesses is of; undefined where there is
   * none that answers.
   */
  async testifyElsewhere<T>(
    call: RpcCall<T>,
    than: readonly Testimony<T>[],
    signal: AbortSignal,
  ): Promise<Testimony<T> | undefined> {
    const heard = new Set(than.map(({ witness }) => witness.place));
    const others = this.#endpoints.filter(
      (endpoint) =>
        !heard.has(endpoint.place) &&
        endpoint.circuit === 'closed' &&
        !this.#laggards.isBehind(endpoint) &&
        !this.#laggards.isSlow(endpoint),
    );
    for (const witness of others) {
      try {
        return { value: await this.#ask(witness, call, 'stream', signal), witness };
      } catch {
        signal.throwIfAborted();
      }
    }
    return undefined;
  }

  async #hedge<T>(call: RpcCall<T>, priority: Priority, signal: AbortSignal): Promise<Testimony<T>> {
    const candidates = this.#candidates();
    const attempts = candidates.map((endpoint) => ({
      patienceMs: endpoint.patienceMs(call.method),
      run: (attempt: AbortSignal) => this.#ask(endpoint, call, priority, attempt),
    }));
    let hedged: Hedged<T>;
    try {
      hedged = await hedge(attempts, { isFinal: isAboutTheCall, signal });
    } catch (error) {
      if (!(error instanceof AggregateError)) throw error;
      const failure = mostTelling(error.errors);
      if (!call.isOptional) this.#lastError = describe(failure);
      throw failure;
    }
    this.#lastError = null;
    for (const { index, elapsedMs } of hedged.overtaken) {
      const endpoint = candidates[index];
      if (endpoint && !call.isOptional) this.#laggards.overtaken(endpoint, elapsedMs, hedged.tookMs);
    }
    const witness = candidates[hedged.index];
    if (!witness) throw new EndpointError('no endpoint is configured');
    return { value: hedged.value, witness };
  }

  async #ask<T>(endpoint: Endpoint, call: RpcCall<T>, priority: Priority, signal: AbortSignal): Promise<T> {
    try {
      return await endpoint.request(call, priority, signal);
    } catch (error) {
      // One that has been higher has another block there: on a fork, or in place of one that is gone.
      const lacks = error instanceof BlockUnavailable && (endpoint.head ?? 0) < (call.height ?? 0);
      if (lacks && this.hasSeveralPlaces) {
        this.#laggards.lacksBlock(endpoint);
        // Or it has become one of another chain.
        endpoint.doubt();
      }
      throw error;
    }
  }

  /**
   * Asks one endpoint of each place for its newest block; answers with the highest. An endpoint further below it
   * than the tolerance, in blocks, is behind; one that is there again, and no longer slow, is well. One that tells
   * of a head far ahead, and does not have that block, is passed over like one that is behind, and not believed: by
   * its word all the others would be.
   */
  async survey({ tolerance, isFarAhead, heard, signal }: SurveyOptions): Promise<Header | undefined> {
    const byPlace = Map.groupBy(this.#candidates(), ({ place }) => place);
    const representatives = [...byPlace.values()].flatMap(([first]) => first ?? []);
    const answers = await Promise.all(
      representatives.map(async (endpoint, index) => {
        const measured = await endpoint.measure(signal).catch(() => undefined);
        if (measured && isFarAhead(measured.head) && !(await endpoint.has(measured.head, signal))) {
          for (const same of this.#at(endpoint.place)) this.#laggards.lacksBlock(same);
          return undefined;
        }
        if (measured) heard(measured.head, index === 0);
        return measured && { ...measured, place: endpoint.place };
      }),
    );
    signal.throwIfAborted();
    const measured = answers.filter((answer) => answer !== undefined);
    const newest = measured.toSorted((one, other) => other.head.number - one.head.number)[0]?.head;
    if (!newest) return undefined;
    const quickestMs = Math.min(...measured.map(({ latencyMs }) => latencyMs));
    for (const { place, head, latencyMs } of measured) {
      const isBehind = newest.number - head.number > tolerance;
      for (const endpoint of this.#at(place))
        this.#laggards.compared(endpoint, { isBehind, latencyMs, quickestMs });
    }
    return newest;
  }

  #at(place: string): readonly Endpoint[] {
    return this.#endpoints.filter((endpoint) => endpoint.place === place);
  }

  /** Whom to ask, in this order. Where none is well the question is put to all of them rather than to nobody. */
  #candidates(): readonly Endpoint[] {
    const closed = this.#endpoints.filter(({ circuit }) => circuit === 'closed');
    if (closed.length === 0) return this.#endpoints;
    const rank = (endpoint: Endpoint) =>
      (this.#laggards.isBehind(endpoint) ? 4 : 0) +
      (this.#laggards.isSlow(endpoint) ? 2 : 0) +
      (endpoint.isBusy ? 1 : 0);
    return closed.toSorted((one, other) => rank(one) - rank(other));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#endpoints.map((endpoint) => endpoint[Symbol.asyncDispose]()));
  }
}

/**
 * Places in order of preference; within one HTTP first, whose answers do not queue up behind one another on one
 * connection. Two URLs of one name (they differ in their key) are numbered.
 */
function ordered(urls: readonly string[]): { url: string; name: string }[] {
  const places = [...Map.groupBy(urls, (url) => new URL(url).host).values()];
  const inOrder = places.flatMap((same) => same.toSorted((one, other) => ranked(one) - ranked(other)));
  const named = new Map<string, number>();
  return inOrder.map((url) => {
    const name = redact(url);
    const count = (named.get(name) ?? 0) + 1;
    named.set(name, count);
    return { url, name: count === 1 ? name : `${name} (${count})` };
  });
}

function ranked(url: string): number {
  return /^http/.test(url) ? 0 : 1;
}

/** Another endpoint would say the same. */
function isAboutTheCall(error: unknown): boolean {
  return error instanceof CallRefused || error instanceof AnswerTooLarge;
}

/** That the block is nowhere says most, then that a call was disputed; else what was said last. */
function mostTelling(errors: readonly unknown[]): unknown {
  return (
    errors.find((error) => error instanceof BlockUnavailable) ??
    errors.find((error) => error instanceof CallDisputed) ??
    errors.at(-1)
  );
}
