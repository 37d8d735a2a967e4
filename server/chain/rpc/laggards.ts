import { Backoff } from '../../lib/retry.ts';
import type { Endpoint } from './endpoint.ts';

/** An endpoint is slow that takes so many times what another takes for the same, and more than so long. */
const SLOW_TIMES = 4;
const SLOW_LEAST_MS = 500;
/** It is asked last for so long at the least, longer each time, and until it is quick again. */
const SLOW_FOR_LEAST_MS = 1000;
const SLOW_FOR_MOST_MS = 30_000;

/** How an endpoint did beside the best of the others, when all were asked for their newest block. */
interface Comparison {
  readonly isBehind: boolean;
  readonly latencyMs: number;
  readonly quickestMs: number;
}

/**
 * The endpoints of a pool that answer, and yet are asked last: those that lack blocks which another has, and those
 * that are far slower than another. Told by the pool what they did; forgiven when they are compared.
 */
export class Laggards {
  readonly #behind = new Set<Endpoint>();
  readonly #slow = new Map<Endpoint, { readonly leastUntilMs: number }>();
  readonly #slowness = new Map<Endpoint, Backoff>();

  get size(): number {
    return this.#behind.size + this.#slow.size;
  }

  isBehind(endpoint: Endpoint): boolean {
    return this.#behind.has(endpoint);
  }

  isSlow(endpoint: Endpoint): boolean {
    return this.#slow.has(endpoint);
  }

  lacksBlock(endpoint: Endpoint): void {
    this.#behind.add(endpoint);
  }

  /** It had been at it for so long when another, which took so long, had answered the same. */
  overtaken(endpoint: Endpoint, elapsedMs: number, otherTookMs: number): void {
    // Where requests take turns it may have been the wait for one.
    if (!endpoint.hasRateLimit && isFarSlower(elapsedMs, otherTookMs)) this.#noteSlow(endpoint);
  }

  #noteSlow(endpoint: Endpoint): void {
    if (this.#slow.has(endpoint)) return;
    const slowness =
      this.#slowness.get(endpoint) ?? new Backoff({ leastMs: SLOW_FOR_LEAST_MS, mostMs: SLOW_FOR_MOST_MS });
    this.#slowness.set(endpoint, slowness);
    this.#slow.set(endpoint, { leastUntilMs: performance.now() + slowness.next() });
  }

  compared(endpoint: Endpoint, { isBehind, latencyMs, quickestMs }: Comparison): void {
    if (isBehind) this.#behind.add(endpoint);
    else this.#behind.delete(endpoint);
    if (isFarSlower(latencyMs, quickestMs)) this.#noteSlow(endpoint);
    else if (performance.now() > (this.#slow.get(endpoint)?.leastUntilMs ?? 0)) this.#slow.delete(endpoint);
  }
}

function isFarSlower(ms: number, otherMs: number): boolean {
  return ms > Math.max(SLOW_LEAST_MS, SLOW_TIMES * otherMs);
}
