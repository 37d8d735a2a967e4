import { sleep } from '../../lib/retry.ts';
import { CallDisputed, CallRefused, EndpointError } from '../rpc/errors.ts';
import type { Pool } from '../rpc/pool.ts';
import { type Address, type BlockRef, NATIVE } from '../types.ts';
import {
  balanceOf,
  type Call,
  type CallResult,
  decodeResults,
  encodeCalls,
  firstWord,
  getEthBalance,
} from './codec.ts';

/** Calls in one `eth_call`: Multicall3 costs some 7,600 gas each, and nodes stop at 30 million or less. */
export const CALLS_PER_READ = 500;
/** A native balance runs no token's code: four of them weigh as much as one token. */
const NATIVE_WEIGHT = 0.25;
/** How often a call is put that a node fails in words of no clear meaning, before it is taken for the call's fault. */
const DISPUTED_ATTEMPTS = 3;
const DISPUTED_PAUSE_MS = 50;

export interface Pair {
  readonly owner: Address;
  readonly token: Address;
}

/** What a read says of one pair: an amount, or why the token could not be read. Never a zero for a failure. */
export type Reading = { readonly amount: bigint } | { readonly unreadable: string };

/** Splits pairs into reads of a bearable size. */
export function chunksOf<P extends Pair>(pairs: readonly P[]): P[][] {
  const chunks: P[][] = [];
  let weight = CALLS_PER_READ;
  for (const pair of pairs) {
    const own = pair.token === NATIVE ? NATIVE_WEIGHT : 1;
    if (weight + own > CALLS_PER_READ) {
      chunks.push([]);
      weight = 0;
    }
    chunks.at(-1)?.push(pair);
    weight += own;
  }
  return chunks;
}

export interface ReaderObserver {
  multicall(calls: number): void;
}

/** Reads through Multicall3, pinned to a block by hash: the answer is that block's or an error. */
export class Reader {
  readonly #pool: Pool;
  readonly #multicall: Address;
  readonly #observer: ReaderObserver;

  constructor(pool: Pool, multicall: Address, observer: ReaderObserver) {
    this.#pool = pool;
    this.#multicall = multicall;
    this.#observer = observer;
  }

  /** One chunk of balances, in the order of the pairs. Throws BlockUnavailable or EndpointError. */
  async read(pairs: readonly Pair[], pin: BlockRef, signal: AbortSignal): Promise<Reading[]> {
    const calls = pairs.map(({ owner, token }) =>
      token === NATIVE
        ? { target: this.#multicall, data: getEthBalance(owner) }
        : { target: token, data: balanceOf(owner) },
    );
    const results = await this.call(calls, pin, signal);
    return results.map(toReading);
  }

  /**
   * Any calls, as many as one read bears. A node that refuses the whole (one token can burn all the gas
   * there is) is asked again in halves, until the culprit stands alone and costs nobody else an answer.
   */
  async call(calls: readonly Call[], pin: BlockRef, signal: AbortSignal): Promise<CallResult[]> {
    try {
      return await this.#insist(calls, pin, signal);
    } catch (error) {
      if (!(error instanceof CallRefused || error instanceof CallDisputed)) throw error;
      const [only] = calls;
      if (calls.length === 1 && only) return [await this.#callAlone(only, pin, signal, error)];
      const middle = calls.length >> 1;
      const halves = await Promise.all([
        this.call(calls.slice(0, middle), pin, signal),
        this.call(calls.slice(middle), pin, signal),
      ]);
      return halves.flat();
    }
  }

  /** Asks again, a little later, where the node's words leave open whose fault it was. */
  async #insist(calls: readonly Call[], pin: BlockRef, signal: AbortSignal): Promise<CallResult[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#aggregate(calls, pin, signal);
      } catch (error) {
        if (!(error instanceof CallDisputed) || attempt === DISPUTED_ATTEMPTS) throw error;
        await sleep(DISPUTED_PAUSE_MS * attempt, signal);
      }
    }
  }

  async #aggregate(calls: readonly Call[], pin: BlockRef, signal: AbortSignal): Promise<CallResult[]> {
    this.#observer.multicall(calls.length);
    return await this.#pool.request(
      {
        method: 'eth_call',
        params: [{ to: this.#multicall, data: encodeCalls(calls) }, { blockHash: pin.hash }],
        parse: (answer) => decodeResults(answer, calls.length),
      },
      signal,
    );
  }

  /**
   * A call that was refused by itself: the node may have stumbled, so it is asked once more, and a node that
   * refuses what cannot fail is itself at fault and says nothing of the token.
   */
  async #callAlone(
    call: Call,
    pin: BlockRef,
    signal: AbortSignal,
    refusal: CallRefused | CallDisputed,
  ): Promise<CallResult> {
    const harmless = { target: this.#multicall, data: getEthBalance(this.#multicall) };
    try {
      await this.#insist([harmless], pin, signal);
    } catch (error) {
      if (!(error instanceof CallRefused || error instanceof CallDisputed)) throw error;
      throw new EndpointError(`every eth_call is refused: ${refusal.message}`, { cause: error });
    }
    try {
      const [result] = await this.#insist([call], pin, signal);
      if (result) return result;
    } catch (error) {
      if (!(error instanceof CallRefused || error instanceof CallDisputed)) throw error;
    }
    return { success: false, data: '0x', refused: true };
  }
}

function toReading({ success, data, refused }: CallResult): Reading {
  if (refused)
    return { unreadable: 'the node refuses to run balanceOf (out of gas, or too large an answer)' };
  if (!success) return { unreadable: 'balanceOf reverted' };
  const amount = firstWord(data);
  if (amount !== undefined) return { amount };
  return {
    unreadable:
      data === '0x'
        ? 'no contract at this address, or balanceOf returns nothing'
        : `balanceOf returned ${(data.length - 2) / 2} bytes instead of 32`,
  };
}
