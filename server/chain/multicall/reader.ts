import PQueue from 'p-queue';
import { Backoff } from '../../lib/retry.ts';
import { EndpointError } from '../rpc/errors.ts';
import type { Requester } from '../rpc/message.ts';
import { type Address, type BlockRef, NATIVE } from '../types.ts';
import { Bisection, type Had } from './bisection.ts';
import { allowance, balanceOf, type Call, type CallResult, getEthBalance } from './codec.ts';
import { findHarmful } from './company.ts';
import { gasFor, isRefusal, Multicall, type MulticallObserver } from './multicall.ts';
import type { Quarantine } from './quarantine.ts';
import { isCostly, type Reading, readingOf } from './reading.ts';

export type { Reading } from './reading.ts';

/** Calls in one `eth_call`: Multicall3 costs some 7,600 gas each, and nodes stop at 30 million or less. */
export const CALLS_PER_READ = 500;
/** A native balance runs no token's code: four of them weigh as much as one token. */
const NATIVE_WEIGHT = 0.25;
/** How many calls a reader has under way that test suspects, whoever they belong to. */
const RETESTS_AT_ONCE = 12;
/** And how many for tokens that are isolated. */
const ISOLATED_AT_ONCE = 4;
/** After a search among tokens that found nobody, how long until the next one. */
const SEARCH_LEAST_MS = 1000;
const SEARCH_MOST_MS = 60_000;

export interface Pair {
  readonly owner: Address;
  readonly token: Address;
  /** Whose allowance is meant; undefined: the balance. The native coin has no allowances. */
  readonly spender?: Address | undefined;
}

/** How much of the calls of one read it takes up. */
export function weightOf({ token }: Pair): number {
  return token === NATIVE ? NATIVE_WEIGHT : 1;
}

/** Splits pairs into reads of a bearable size. */
export function chunksOf<P extends Pair>(pairs: readonly P[]): P[][] {
  const chunks: P[][] = [];
  let weight = CALLS_PER_READ;
  for (const pair of pairs) {
    const own = weightOf(pair);
    if (weight + own > CALLS_PER_READ) {
      chunks.push([]);
      weight = 0;
    }
    chunks.at(-1)?.push(pair);
    weight += own;
  }
  return chunks;
}

/** How pairs are read that are read together. */
type Manner = 'resting' | 'suspect' | 'isolated' | 'company';

/** Pairs that are read together. */
export interface Chunk<P extends Pair> {
  readonly pairs: readonly P[];
  /** Whether all of them have read well, so that nothing about the read is likely to take long. */
  readonly isTrusted: boolean;
}

interface Group<P extends Pair> extends Chunk<P> {
  readonly manner: Manner;
}

interface ReaderOptions {
  readonly pool: Requester;
  readonly multicall: Address;
  /** Shared by the readers of a chain. */
  readonly quarantine: Quarantine;
  readonly observer: MulticallObserver;
}

/**
 * Reads through Multicall3, pinned to a block by hash: the answer is that block's or an error. Strangers write the
 * tokens, so each pair is read in the company that it has earned: see Quarantine.
 */
export class Reader {
  readonly #multicall: Multicall;
  readonly #quarantine: Quarantine;
  readonly #retests = new PQueue({ concurrency: RETESTS_AT_ONCE });
  readonly #isolated = new PQueue({ concurrency: ISOLATED_AT_ONCE });
  readonly #searchPause = new Backoff({ leastMs: SEARCH_LEAST_MS, mostMs: SEARCH_MOST_MS });
  #searchNotBeforeMs = 0;

  constructor({ pool, multicall, quarantine, observer }: ReaderOptions) {
    this.#multicall = new Multicall({ pool, address: multicall, observer });
    this.#quarantine = quarantine;
  }

  /** An event told of the pair: see Quarantine.hurry. */
  touched(pair: Pair): void {
    this.#quarantine.hurry(pair);
  }

  /** The pairs in reads of a bearable size, none of them beside one that could harm it. */
  chunks<P extends Pair>(pairs: readonly P[]): readonly Chunk<P>[] {
    return this.#groups(pairs);
  }

  /**
   * Balances and allowances, each part of them as soon as it is had: a part that has to be looked into does not hold up
   * the rest. Throws BlockUnavailable or EndpointError, for what is lacking then.
   */
  async read<P extends Pair>(
    pairs: readonly P[],
    pin: BlockRef,
    signal: AbortSignal,
    had: (pairs: readonly P[], readings: readonly Reading[]) => void,
  ): Promise<void> {
    const outcomes = await Promise.allSettled(
      this.#groups(pairs).map((group) => this.#readGroup(group, pin, signal, had)),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** Any calls, as many as one read bears, each with its own result, as soon as it is had, whatever the others do. */
  async call(calls: readonly Call[], pin: BlockRef, signal: AbortSignal, had: Had): Promise<void> {
    await this.#bisection(calls, pin, signal, had).run();
  }

  #groups<P extends Pair>(pairs: readonly P[]): Group<P>[] {
    const resting: P[] = [];
    const due: P[] = [];
    const alone: P[] = [];
    const isolated: P[] = [];
    const proven: P[] = [];
    const novices: P[] = [];
    for (const pair of pairs) {
      if (pair.token === NATIVE) {
        proven.push(pair);
        continue;
      }
      const standing = this.#quarantine.standing(pair);
      if (standing) (!standing.isDue ? resting : standing.isCostly ? alone : due).push(pair);
      else if (this.#quarantine.isIsolated(pair.token)) isolated.push(pair);
      else (this.#quarantine.isProven(pair) ? proven : novices).push(pair);
    }
    // One wallet's own tokens may wait for one another: it is told of all of them together at first.
    const isOneWallet = new Set([...proven, ...novices].map(({ owner }) => owner)).size === 1;
    const trusted = isOneWallet && novices.length > 0 ? [] : proven;
    const others = trusted === proven ? novices : [...proven, ...novices];
    const groups = (manner: Manner, isTrusted: boolean, parts: readonly (readonly P[])[]) =>
      parts.map((part) => ({ manner, isTrusted, pairs: part }));
    return [
      ...groups('resting', true, resting.length > 0 ? [resting] : []),
      ...groups('company', true, chunksOf(trusted)),
      ...groups('company', false, chunksOf(others)),
      ...groups(
        'isolated',
        false,
        [...Map.groupBy(isolated, ({ token }) => token).values()].flatMap(chunksOf),
      ),
      ...groups('suspect', false, [...chunksOf(due), ...alone.map((pair) => [pair])]),
    ];
  }

  async #readGroup<P extends Pair>(
    { manner, pairs }: Group<P>,
    pin: BlockRef,
    signal: AbortSignal,
    had: (pairs: readonly P[], readings: readonly Reading[]) => void,
  ): Promise<void> {
    if (manner === 'resting') {
      had(
        pairs,
        pairs.map((pair) => ({ unreadable: this.#quarantine.standing(pair)?.reason ?? 'not read' })),
      );
      return;
    }
    let isExplained = false;
    const calls = pairs.map((pair) => this.#callOf(pair));
    const bisection = this.#bisection(calls, pin, signal, (places, results) => {
      const part = places.flatMap((place) => pairs[place] ?? []);
      isExplained ||= results.some(isCostly);
      had(
        part,
        part.map((pair, index) => this.#judge(pair, results[index] ?? NOTHING)),
      );
    });
    if (manner === 'isolated') return await this.#isolated.add(() => bisection.run(), { signal });
    if (manner === 'suspect') return await this.#test(pairs, () => bisection.runSuspects());
    await bisection.run();
    // Somebody harmed the others, and all that misbehave on their own are known: it is one who needs company for it.
    if (bisection.wronged > 0 && !isExplained) void this.#search(calls, pin, signal);
  }

  /** While they are tested they are answered from the quarantine, and where the test fails they are due again. */
  async #test(pairs: readonly Pair[], run: () => Promise<void>): Promise<void> {
    for (const pair of pairs) this.#quarantine.testing(pair);
    try {
      await run();
    } catch (error) {
      for (const pair of pairs) this.#quarantine.undecided(pair);
      throw error;
    }
  }

  #callOf({ owner, token, spender }: Pair): Call {
    if (token === NATIVE) return { target: this.#multicall.address, data: getEthBalance(owner) };
    return { target: token, data: spender ? allowance(owner, spender) : balanceOf(owner) };
  }

  #bisection(calls: readonly Call[], pin: BlockRef, signal: AbortSignal, had: Had): Bisection {
    return new Bisection(calls, { multicall: this.#multicall, pin, signal, turns: this.#retests, had });
  }

  #judge(pair: Pair, result: CallResult): Reading {
    const reading = readingOf(result, pair.spender ? 'allowance' : 'balanceOf');
    if (pair.token === NATIVE) {
      if ('amount' in reading) return reading;
      throw new EndpointError('eth_call: the node cannot say what a native balance is');
    }
    if ('amount' in reading) this.#quarantine.wellRead(pair);
    else this.#quarantine.failed(pair, reading.unreadable, isCostly(result));
    return reading;
  }

  /** Finds who harms others in company, and isolates it. One search at a time, and nobody waits for it. */
  async #search(calls: readonly Call[], pin: BlockRef, signal: AbortSignal): Promise<void> {
    if (performance.now() < this.#searchNotBeforeMs) return;
    this.#searchNotBeforeMs = Number.POSITIVE_INFINITY;
    // As much gas as they had together: with less they may behave.
    const gas = gasFor(calls.length);
    const isHarmless = async (some: readonly Call[]) => {
      try {
        const { results, isProven } = await this.#retests.add(
          () => this.#multicall.askWithProof(some, { pin, signal, gas }),
          { signal },
        );
        return isProven && results.every(({ success }) => success);
      } catch (error) {
        if (isRefusal(error)) return false;
        throw error;
      }
    };
    const tokens = calls.filter(({ target }) => target !== this.#multicall.address);
    try {
      const harmful = await findHarmful(tokens, isHarmless);
      for (const token of harmful) this.#quarantine.isolate(token);
      if (harmful.length > 0) this.#searchPause.reset();
    } catch {
      // An endpoint that failed, or a block that is gone: the next harm is another occasion.
    }
    this.#searchNotBeforeMs = performance.now() + this.#searchPause.next();
  }
}

const NOTHING: CallResult = { success: false, data: '0x' };
