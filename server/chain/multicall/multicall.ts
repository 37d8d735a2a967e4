import { sleep } from '../../lib/retry.ts';
import { toQuantity } from '../hex.ts';
import { AnswerTooLarge, CallDisputed, CallRefused, EndpointError } from '../rpc/errors.ts';
import type { Requester } from '../rpc/message.ts';
import type { Address, BlockRef } from '../types.ts';
import { type Call, type CallResult, decodeResults, encodeCalls, getEthBalance } from './codec.ts';

/**
 * Every eth_call says how much gas it may use, so that a token that burns all it is given burns little: in
 * proportion to the calls in it, and never more than every node allows.
 */
const GAS_BASE = 1_000_000;
const GAS_PER_CALL = 500_000;
const MOST_GAS = 25_000_000;
/**
 * So many harmless calls after those in question use up some 600,000 gas. Where the last of them succeeds, each call
 * before it had more than that: none of them failed because another had left it nothing.
 */
const PROOF_CALLS = 128;
const GAS_OF_PROOF = 1_000_000;
/** How often a call is put that a node fails in words of no clear meaning, before it is taken for the call's fault. */
const DISPUTED_ATTEMPTS = 3;
const DISPUTED_PAUSE_MS = 50;

/** What so many calls in one eth_call may use. */
export function gasFor(calls: number): number {
  return Math.min(MOST_GAS, GAS_BASE + calls * GAS_PER_CALL);
}

export type Refusal = CallRefused | CallDisputed | AnswerTooLarge;

/** Whether the node gave no answer for reasons that may lie in what was asked. */
export function isRefusal(error: unknown): error is Refusal {
  return error instanceof CallRefused || error instanceof CallDisputed || error instanceof AnswerTooLarge;
}

export interface MulticallObserver {
  multicall(calls: number): void;
}

interface MulticallOptions {
  readonly pool: Requester;
  readonly address: Address;
  readonly observer: MulticallObserver;
}

interface Question {
  readonly pin: BlockRef;
  readonly signal: AbortSignal;
  readonly gas: number;
}

/** Multicall3 of one chain, as something to put calls to: one eth_call each time, pinned to a block by hash. */
export class Multicall {
  readonly address: Address;
  readonly #pool: Requester;
  readonly #observer: MulticallObserver;
  readonly #proof: readonly Call[];

  constructor({ pool, address, observer }: MulticallOptions) {
    this.#pool = pool;
    this.address = address;
    this.#observer = observer;
    // Of accounts that differ: the second look at one costs next to nothing.
    this.#proof = Array.from({ length: PROOF_CALLS }, (_, index) => ({
      target: address,
      data: getEthBalance(`0x${(index + 1).toString(16).padStart(40, 'c')}`),
    }));
  }

  /**
   * The results in the order of the calls. Asks again, a little later, where the node's words leave open whose fault
   * it was that there are none. Throws a Refusal, BlockUnavailable or EndpointError.
   */
  async ask(calls: readonly Call[], question: Question): Promise<CallResult[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.#observer.multicall(calls.length);
        return await this.#aggregate(calls, question);
      } catch (error) {
        if (!(error instanceof CallDisputed) || attempt === DISPUTED_ATTEMPTS) throw error;
        await sleep(DISPUTED_PAUSE_MS * attempt, question.signal);
      }
    }
  }

  /** The results, asked for once, and whether it is proven that a call which failed did so by its own fault. */
  async askWithProof(
    calls: readonly Call[],
    { gas = gasFor(calls.length), ...question }: Omit<Question, 'gas'> & { readonly gas?: number },
  ): Promise<{ readonly results: CallResult[]; readonly isProven: boolean }> {
    this.#observer.multicall(calls.length);
    const withProof = Math.min(MOST_GAS, gas + GAS_OF_PROOF);
    const results = await this.#aggregate([...calls, ...this.#proof], { ...question, gas: withProof });
    return { results: results.slice(0, calls.length), isProven: results.at(-1)?.success === true };
  }

  /**
   * One call by itself; whatever comes of it is that call's doing. What is refused with the proof is put once more
   * without it, unless the node's words are plain and it is known to bear the proof (`bearsProof`).
   */
  async askAlone(
    call: Call,
    { bearsProof, ...question }: Omit<Question, 'gas'> & { readonly bearsProof: () => Promise<boolean> },
  ): Promise<CallResult> {
    let isPlain = true;
    try {
      const { results, isProven } = await this.askWithProof([call], question);
      const [result = NOTHING] = results;
      if (isProven) return result;
      if (result.success) return { ...result, fault: 'burnt' };
    } catch (refusal) {
      if (!isRefusal(refusal)) throw refusal;
      isPlain = refusal instanceof CallRefused;
    }
    if ((await bearsProof()) && isPlain) return { ...NOTHING, fault: 'burnt' };
    try {
      const [result = NOTHING] = await this.ask([call], { ...question, gas: gasFor(1) });
      return result.success ? result : { ...result, fault: 'burnt' };
    } catch (refusal) {
      if (!isRefusal(refusal)) throw refusal;
      return { ...NOTHING, fault: refusal instanceof CallRefused ? 'burnt' : 'refused' };
    }
  }

  /**
   * Whether the node runs the proof behind a call that cannot fail: gas is not counted alike on every chain. Throws
   * EndpointError where it refuses even that call by itself.
   */
  async bearsProof(question: Omit<Question, 'gas'>): Promise<boolean> {
    const harmless = { target: this.address, data: getEthBalance(this.address) };
    try {
      return (await this.askWithProof([harmless], question)).isProven;
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
    try {
      await this.ask([harmless], { ...question, gas: gasFor(1) });
      return false;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      throw new EndpointError(`every eth_call is refused: ${error.message}`, { cause: error });
    }
  }

  async #aggregate(calls: readonly Call[], { pin, gas, signal }: Question): Promise<CallResult[]> {
    const transaction = { to: this.address, data: encodeCalls(calls), gas: toQuantity(gas) };
    return await this.#pool.request(
      {
        method: 'eth_call',
        params: [transaction, { blockHash: pin.hash }],
        parse: (answer) => decodeResults(answer, calls.length),
        height: pin.number,
      },
      signal,
    );
  }
}

const NOTHING: CallResult = { success: false, data: '0x' };
