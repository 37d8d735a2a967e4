import { describe } from '../errors.ts';
import { Backoff, sleep } from '../lib/retry.ts';
import { Branches } from './branch.ts';
import type { Heads } from './heads.ts';
import type { Lineage } from './lineage.ts';
import { isCheaperToReadAll, plan } from './plan.ts';
import type { Pool } from './rpc/pool.ts';
import { requestsPerBlock, Scanner, type WatchedWallets } from './scan.ts';
import type { Touch } from './touches.ts';
import type { Address, Header } from './types.ts';

const RETRY_LEAST_MS = 50;
const RETRY_MOST_MS = 2000;

/** One step of the chain, as the storeys above need it. */
export interface Advance {
  readonly tip: Header;
  /** Blocks above this height are no longer ours; undefined where the chain only grew. */
  readonly forkedAbove: number | undefined;
  /** False: blocks went by unscanned (the first one, a long gap), so everything must be read again. */
  readonly complete: boolean;
  readonly touches: readonly Touch[];
  /** The parties of the blocks' transactions; undefined: the native balance of every wallet may have moved. */
  readonly parties: ReadonlySet<Address> | undefined;
  /** Which wallets the scan knew of. */
  readonly walletsVersion: number;
  /** By performance.now(): when the tip was announced. */
  readonly announcedAtMs: number;
}

export interface BlocksObserver {
  gap(blocks: number): void;
  reorg(depth: number): void;
}

interface BlocksOptions {
  readonly pool: Pool;
  readonly heads: Heads;
  readonly lineage: Lineage;
  readonly wallets: () => WatchedWallets;
  readonly observer: BlocksObserver;
}

/**
 * Turns heads into advances: plans each head, walks back over what was missed, fetches the logs of every new
 * block by its hash. The lineage moves only over blocks whose logs were had; a head that cannot be processed is
 * tried again, or overtaken by a newer one, for ever. However many blocks were missed they make one advance, so
 * that what they changed reaches a client in one piece; what a try had found before it failed is kept meanwhile.
 */
export class Blocks {
  readonly #options: BlocksOptions;
  readonly #branches: Branches;
  readonly #scanner: Scanner;
  #failure: string | undefined;

  constructor(options: BlocksOptions) {
    this.#options = options;
    this.#branches = new Branches(options);
    this.#scanner = new Scanner(options.pool);
  }

  /** Why the newest head could not be processed; undefined while all is well. */
  get failure(): string | undefined {
    return this.#failure;
  }

  async *follow(signal: AbortSignal): AsyncGenerator<Advance, void> {
    const { heads } = this.#options;
    const backoff = new Backoff({ leastMs: RETRY_LEAST_MS, mostMs: RETRY_MOST_MS });
    for await (const heard of heads.follow(signal)) {
      let head = heard;
      while (true) {
        const before = this.#progress;
        try {
          const advance = await this.#process(head, signal);
          this.#failure = undefined;
          backoff.reset();
          if (advance) yield advance;
          break;
        } catch (error) {
          signal.throwIfAborted();
          this.#failure = describe(error);
          // An endpoint that stumbles is no endpoint that is down.
          if (this.#progress > before) backoff.reset();
          await sleep(backoff.next(), signal);
          // Another head may have taken its place, and with a quiet socket only asking tells.
          await heads.ask(signal).catch(() => undefined);
          head = heads.latest ?? head;
        }
      }
    }
  }

  get #progress(): number {
    return this.#branches.progress + this.#scanner.progress;
  }

  async #process(head: Header, signal: AbortSignal): Promise<Advance | undefined> {
    const { heads, lineage, observer } = this.#options;
    const { tip } = lineage;
    const step = plan(lineage, head, tip !== undefined && heads.isGone(tip));
    if (step === 'duplicate') return undefined;
    const wallets = this.#options.wallets();
    const begun: Begun = { head, wallets, announcedAtMs: heads.announcedAtMs };
    if (step === 'first' || !tip) return await this.#startAt(begun, signal);
    if (step === 'rollback') {
      observer.reorg(tip.number - head.number);
      this.#moveOver([head]);
      return { ...nothingScanned(begun), forkedAbove: head.number, complete: true };
    }
    const missed = step === 'gap' ? head.number - tip.number - 1 : 0;
    const cost = { requestsPerBlock: requestsPerBlock(wallets), readsForAll: wallets.readsForAll };
    if (isCheaperToReadAll(missed, cost)) return await this.#startAt(begun, signal);
    const headers = step === 'next' ? [head] : await this.#branches.walkBack(head, signal);
    const first = headers?.[0];
    if (!headers || !first) return await this.#startAt(begun, signal);
    const scan = await this.#scanner.scan(headers, wallets, signal);
    const forkedAbove = first.number <= tip.number ? first.number - 1 : undefined;
    if (missed > 0) observer.gap(missed);
    if (forkedAbove !== undefined) observer.reorg(tip.number - forkedAbove);
    this.#moveOver(headers);
    return {
      ...nothingScanned(begun),
      ...scan,
      parties: scan.parties && new Set(scan.parties),
      forkedAbove,
      complete: true,
    };
  }

  #moveOver(headers: readonly Header[]): void {
    this.#options.lineage.advance(headers);
    this.#branches.forget();
    this.#scanner.forget();
  }

  /** From a block on that has no proven link to what came before: everything is to be read there. */
  async #startAt(begun: Begun, signal: AbortSignal): Promise<Advance> {
    const { lineage, observer } = this.#options;
    const { head } = begun;
    const { tip, floor } = lineage;
    // So much rests on it that it must be there by its own hash: one stray message must not move us.
    const [, isOurs] = await Promise.all([
      this.#branches.byHash(head.hash, head.number, signal),
      tip === undefined || this.#stands(tip, head, signal),
    ]);
    if (tip && head.number > tip.number + 1) observer.gap(head.number - tip.number - 1);
    // How far back it goes nobody has looked: nothing that we remember counts any more, nor is anything above the head.
    const forkedAbove = isOurs ? undefined : Math.min((floor ?? 0) - 1, head.number);
    if (tip && forkedAbove !== undefined) observer.reorg(tip.number - forkedAbove);
    lineage.restart(head);
    this.#branches.forget();
    this.#scanner.forget();
    return { ...nothingScanned(begun), forkedAbove, complete: false };
  }

  /** Whether the chain under that head still has our tip: otherwise it reorganised while we were not looking. */
  async #stands(tip: Header, head: Header, signal: AbortSignal): Promise<boolean> {
    if (head.number <= tip.number) return false;
    const { hash } = await this.#branches.byNumber(tip.number, signal);
    return hash === tip.hash;
  }
}

/** What a pass set out with. */
interface Begun {
  readonly head: Header;
  readonly wallets: WatchedWallets;
  readonly announcedAtMs: number;
}

function nothingScanned({ head, wallets, announcedAtMs }: Begun) {
  return {
    tip: head,
    touches: [],
    parties: undefined,
    walletsVersion: wallets.version,
    announcedAtMs,
  };
}
