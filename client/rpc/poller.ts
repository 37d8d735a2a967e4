import { Backoff } from '../backoff.ts';
import { BalancesError } from '../errors.ts';
import type { Block, Hash } from '../types.ts';
import { onWake } from '../wake.ts';
import type { Call, RpcClient } from './node.ts';
import { nodeFailure, Reader, type Reading } from './reading.ts';

/** Who wants readings of a chain for as long as it is among its poller's. */
export interface Wish {
  /** Nothing of a lower block is to be told: newer things are known. */
  readonly floor: bigint;
  /** Of the block that was told last; undefined where it is to be told again. */
  readonly told: Hash | undefined;
  calls(): Call[];
  tell(reading: Reading): void;
  fail(error: BalancesError): void;
}

/** Each time that one is added is another one: what was asked before it left is no answer after it is back. */
interface Waiting {
  readonly wish: Wish;
}

interface PollerOptions {
  readonly client: RpcClient;
  readonly intervalMs: number;
}

/** Blocks that are replaced while they are read, in one poll. */
const ATTEMPTS = 3;
/** A node that says nothing for so long is taken for one that is away. */
const PATIENCE_MS = 10_000;

/**
 * Asks the node of one chain for all that is wished of it, again and again, and only while anything is: one poll at a
 * time, whatever the number of wallets, and none of what a block says that has been told.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #reader: Reader;
  readonly #wishes = new Set<Waiting>();
  #isRunning = false;
  /** Somebody came since the last poll began. */
  #isAwaited = false;
  #wake: (() => void) | undefined;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#reader = new Reader(options.client);
  }

  /** Polls for it at once, and then each interval. Returns what ends that. */
  add(wish: Wish): () => void {
    const waiting = { wish };
    this.#wishes.add(waiting);
    this.#isAwaited = true;
    this.#wake?.();
    if (!this.#isRunning) void this.#run();
    return () => {
      if (this.#wishes.delete(waiting) && this.#wishes.size === 0) this.#wake?.();
    };
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    const backoff = new Backoff();
    while (this.#wishes.size > 0) {
      this.#isAwaited = false;
      if (await this.#poll()) {
        backoff.reset();
        await this.#pause((signal) => sleep(this.#options.intervalMs, signal));
      } else {
        await this.#pause((signal) => backoff.pause(signal));
      }
    }
    this.#isRunning = false;
  }

  /** Ends early when somebody comes, when nobody is left, and when the network or the tab is back. */
  async #pause(rest: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#isAwaited || this.#wishes.size === 0) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const forget = onWake(this.#wake);
    await rest(woken.signal);
    forget();
    this.#wake = undefined;
  }

  /** Whether all who are there have heard. */
  async #poll(): Promise<boolean> {
    const late = setTimeout(() => {
      const error = new BalancesError('CONNECTION_FAILED', `the node has said nothing for ${PATIENCE_MS} ms`);
      this.#fail(error, this.#wishes);
    }, PATIENCE_MS);
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const isHeard = await this.#attempt();
        if (isHeard !== undefined) return isHeard;
      }
      throw new BalancesError('CONNECTION_FAILED', 'the node has another block each time that it is asked');
    } catch (error) {
      this.#fail(nodeFailure(error), this.#wishes);
      return false;
    } finally {
      clearTimeout(late);
    }
  }

  /** Undefined where the block did not last. */
  async #attempt(): Promise<boolean | undefined> {
    const block = await this.#reader.head();
    const waiting = [...this.#wishes].filter(({ wish }) => wish.told !== block.hash);
    if (waiting.length === 0) return true;
    const calls = waiting.flatMap(({ wish }) => wish.calls());
    const reading = await this.#reader.read(calls, block);
    if (!reading) return undefined;
    // Asked now: while it was read, some may have left, and the service may have come further.
    const behind = waiting.filter(({ wish }) => block.number < wish.floor);
    for (const one of waiting) if (this.#wishes.has(one) && !behind.includes(one)) one.wish.tell(reading);
    this.#fail(isBehind(block), behind);
    return behind.length === 0;
  }

  #fail(error: BalancesError, wishes: Iterable<Waiting>): void {
    for (const one of [...wishes]) if (this.#wishes.has(one)) one.wish.fail(error);
  }
}

function isBehind({ number }: Block): BalancesError {
  return new BalancesError(
    'CONNECTION_FAILED',
    `the node is behind: it is at block ${number}, of which newer things are known`,
  );
}

/** Returns when the signal aborts, too. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
