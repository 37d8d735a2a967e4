import { BalancesError } from '../errors.ts';
import type { Block, Hash } from '../types.ts';
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

interface PollerOptions {
  readonly client: RpcClient;
  readonly intervalMs: number;
}

const LEAST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 30_000;
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
  readonly #wishes = new Set<Wish>();
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
    this.#wishes.add(wish);
    this.#isAwaited = true;
    this.#wake?.();
    if (!this.#isRunning) void this.#run();
    return () => {
      if (this.#wishes.delete(wish) && this.#wishes.size === 0) this.#wake?.();
    };
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let failures = 0;
    while (this.#wishes.size > 0) {
      this.#isAwaited = false;
      failures = (await this.#poll()) ? 0 : failures + 1;
      await this.#pause(failures);
    }
    this.#isRunning = false;
  }

  /** Grows with every failure, jittered so that the clients of a node do not come together. */
  async #pause(failures: number): Promise<void> {
    if (this.#isAwaited || this.#wishes.size === 0) return;
    const backoffMs = Math.min(MOST_PAUSE_MS, LEAST_PAUSE_MS * 2 ** (failures - 1));
    const ms = failures > 0 ? backoffMs * (0.5 + Math.random() / 2) : this.#options.intervalMs;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
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
    const wishes = [...this.#wishes];
    const behind = wishes.filter(({ floor }) => block.number < floor);
    const waiting = wishes.filter((wish) => !behind.includes(wish) && wish.told !== block.hash);
    if (waiting.length > 0) {
      const reading = await this.#reader.read(
        waiting.flatMap((wish) => wish.calls()),
        block,
      );
      if (!reading) return undefined;
      for (const wish of waiting) {
        if (!this.#wishes.has(wish)) continue;
        // While it was read, the service may have come further.
        if (block.number < wish.floor) behind.push(wish);
        else wish.tell(reading);
      }
    }
    this.#fail(isBehind(block), behind);
    return behind.length === 0;
  }

  #fail(error: BalancesError, wishes: Iterable<Wish>): void {
    for (const wish of [...wishes]) if (this.#wishes.has(wish)) wish.fail(error);
  }
}

function isBehind({ number }: Block): BalancesError {
  return new BalancesError(
    'CONNECTION_FAILED',
    `the node is behind: it is at block ${number}, of which newer things are known`,
  );
}
