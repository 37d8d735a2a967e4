import PQueue from 'p-queue';
import type { BlockRef } from '../types.ts';
import type { Call, CallResult } from './codec.ts';
import { gasFor, isRefusal, type Multicall } from './multicall.ts';

/** Into how many parts a batch is divided in which somebody misbehaves. Four take half as many steps as two. */
const PARTS = 4;
/** How many calls one batch that misbehaves may have under way, so that those of another come in between. */
const CALLS_AT_ONCE = 4;

/** Results as they are had: the places of the calls in what was asked, and their results. */
export type Had = (places: readonly number[], results: readonly CallResult[]) => void;

interface BisectionOptions {
  readonly multicall: Multicall;
  readonly pin: BlockRef;
  readonly signal: AbortSignal;
  /** Shared by all of a chain. */
  readonly turns: PQueue;
  readonly had: Had;
}

/**
 * Gets every call its own result, whatever the others do. A batch is asked together; a call that fails in it is
 * only suspected, for another may have burnt its gas. Suspects are asked again with proof that there was gas for
 * each, in smaller and smaller parts, in the end alone. What is had on the way is handed out at once.
 */
export class Bisection {
  readonly #calls: readonly Call[];
  readonly #options: BisectionOptions;
  readonly #turns = new PQueue({ concurrency: CALLS_AT_ONCE });
  /** Calls that failed in company. */
  readonly #suspected = new Set<number>();
  #wronged = 0;
  #nodeBearsProof: Promise<boolean> | undefined;

  constructor(calls: readonly Call[], options: BisectionOptions) {
    this.#calls = calls;
    this.#options = options;
  }

  /** How many calls failed in company, and well apart from it: somebody harmed them. */
  get wronged(): number {
    return this.#wronged;
  }

  /** All together first. Throws where an endpoint fails; what was had by then was handed out. */
  async run(): Promise<void> {
    const { multicall, pin, signal } = this.#options;
    const all = [...this.#calls.keys()];
    let results: CallResult[];
    try {
      results = await multicall.ask(this.#calls, { pin, signal, gas: gasFor(all.length) });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      for (const place of all) this.#suspected.add(place);
      await this.#askParts(all);
      return;
    }
    const failed = this.#keepSuccesses(all, results);
    for (const place of failed) this.#suspected.add(place);
    if (failed.length > 0) await this.#ask(failed);
  }

  /** As suspects from the start. */
  async runSuspects(): Promise<void> {
    await this.#ask([...this.#calls.keys()]);
  }

  async #ask(places: readonly number[]): Promise<void> {
    const { multicall, pin, signal, had } = this.#options;
    const calls = places.flatMap((place) => this.#calls[place] ?? []);
    const [only] = calls;
    if (calls.length === 1 && only) {
      const bearsProof = () => this.#bearsProof();
      const result = await this.#inTurn(() => multicall.askAlone(only, { pin, signal, bearsProof }));
      this.#count(places, [result]);
      had(places, [result]);
      return;
    }
    let failed: readonly number[] = places;
    try {
      const { results, isProven } = await this.#inTurn(() => multicall.askWithProof(calls, { pin, signal }));
      if (isProven) {
        this.#count(places, results);
        had(places, results);
        return;
      }
      failed = this.#keepSuccesses(places, results);
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
    await this.#askParts(failed);
  }

  async #askParts(places: readonly number[]): Promise<void> {
    const parts = partsOf(places, (place) => this.#calls[place]?.target);
    const outcomes = await Promise.allSettled(parts.map((part) => this.#ask(part)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** Once for all of a batch. */
  #bearsProof(): Promise<boolean> {
    const { multicall, pin, signal } = this.#options;
    this.#nodeBearsProof ??= multicall.bearsProof({ pin, signal });
    return this.#nodeBearsProof;
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const { turns, signal } = this.#options;
    return this.#turns.add(() => turns.add(task, { signal }), { signal });
  }

  /** Hands out what succeeded; answers with the places of what did not. */
  #keepSuccesses(places: readonly number[], results: readonly CallResult[]): readonly number[] {
    if (results.every(({ success }) => success)) {
      this.#count(places, results);
      this.#options.had(places, results);
      return [];
    }
    const isSuccess = (_: unknown, index: number) => results[index]?.success === true;
    const succeeded = places.filter(isSuccess);
    const successes = results.filter(isSuccess);
    this.#count(succeeded, successes);
    this.#options.had(succeeded, successes);
    return places.filter((place, index) => !isSuccess(place, index));
  }

  #count(places: readonly number[], results: readonly CallResult[]): void {
    if (this.#suspected.size === 0) return;
    places.forEach((place, index) => {
      if (results[index]?.success && this.#suspected.has(place)) this.#wronged += 1;
    });
  }
}

/** Up to four parts, of whole targets where there are several: a target's calls may only fail together. */
export function partsOf<T>(items: readonly T[], targetOf: (item: T) => unknown): T[][] {
  const byTarget = [...Map.groupBy(items, targetOf).values()];
  const units: T[][] = byTarget.length > 1 ? byTarget : items.map((item) => [item]);
  const size = Math.ceil(units.length / PARTS);
  const parts: T[][] = [];
  for (let start = 0; start < units.length; start += size)
    parts.push(units.slice(start, start + size).flat());
  return parts;
}
