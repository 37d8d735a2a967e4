import type { Address } from '../types.ts';
import type { Pair } from './reader.ts';
import { Trust } from './trust.ts';

/** How soon a pair that failed is tested again; doubles with every failure, up to the limit given. */
const LEAST_RETRY_MS = 1000;
/** So many wallets that a token costs all its gas, and it is the token and not the wallet, or its spenders. */
export const OWNERS_UNTIL_ISOLATED = 3;
/** What nobody asks for is forgotten, not before this and not before two of the longest pauses. */
const FORGET_MS = 60_000;
/** Past so many the oldest is forgotten, and found out anew when it is met again. */
const MOST_PAIRS = 50_000;

export interface QuarantineObserver {
  /** How many pairs are in quarantine now. */
  quarantined(pairs: number): void;
  /** A pair came in that was not known to fail, or that had been released. */
  came(pair: Pair, reason: string): void;
  released(pair: Pair): void;
  isolated(token: Address): void;
}

interface QuarantineOptions {
  /** The longest pause between two tests of a pair: how late a recovery is seen. */
  readonly mostRetryMs: number;
  readonly observer?: QuarantineObserver;
  /** Milliseconds, from any point. */
  readonly now?: () => number;
}

/** What is known of a pair that failed. */
interface Case {
  readonly pair: Pair;
  readonly reason: string;
  readonly isCostly: boolean;
  readonly failures: number;
  /** How often it failed when an event had hurried the test. */
  readonly hurries: number;
  readonly testedAtMs: number;
  isHurried: boolean;
  dueAtMs: number;
  askedAtMs: number;
  /** Set once it read well: kept for a while, so that a relapse does not start over. */
  releasedAtMs: number | undefined;
}

export interface Standing {
  readonly reason: string;
  readonly isDue: boolean;
  /** Whether a failure of it can cost others their answer: it burns gas, or answers with a bomb. */
  readonly isCostly: boolean;
}

/**
 * What is known of pairs and tokens that cannot be trusted in company. A pair that failed by its own fault is
 * answered from here until it is due to be tested again; a token that harms others without failing is isolated:
 * read, but in chunks of its own; one that never read well is not put beside those that did. A balance and each
 * allowance of it are pairs of their own: what one of them does says nothing of another. Shared by all readers of a
 * chain, who feed it and ask it. It only keeps the books, and never for ever.
 */
export class Quarantine {
  readonly #mostRetryMs: number;
  readonly #observer: QuarantineObserver | undefined;
  readonly #now: () => number;
  /** By token, then by owner and spender. */
  readonly #cases = new Map<Address, Map<string, Case>>();
  readonly #tokens: Trust;
  #kept = 0;
  #inside = 0;

  constructor({ mostRetryMs, observer, now = () => performance.now() }: QuarantineOptions) {
    this.#mostRetryMs = mostRetryMs;
    this.#observer = observer;
    this.#now = now;
    this.#tokens = new Trust(now);
  }

  /** How many pairs are in quarantine. */
  get size(): number {
    return this.#inside;
  }

  /** Undefined for a pair that is not in quarantine. Asking keeps it from being forgotten. */
  standing(pair: Pair): Standing | undefined {
    const known = this.#case(pair);
    if (!known || known.releasedAtMs !== undefined) return undefined;
    const now = this.#now();
    known.askedAtMs = now;
    return { reason: known.reason, isDue: known.dueAtMs <= now, isCostly: known.isCostly };
  }

  /** A test of the pair begins: meanwhile the others are answered from here. */
  testing(pair: Pair): void {
    const known = this.#case(pair);
    if (known) known.dueAtMs = this.#now() + this.#retryMs(known.failures);
  }

  /** The test came to nothing, by no fault of the token: it is still due, soon. */
  undecided(pair: Pair): void {
    const known = this.#case(pair);
    if (known) known.dueAtMs = Math.min(known.dueAtMs, this.#now() + LEAST_RETRY_MS);
  }

  /**
   * An event told of the pair: something may have mended it, as when a contract comes to an address. Where its failing
   * costs others nothing it is tested sooner, the first time at once, and less soon each time that it was in vain.
   */
  hurry(pair: Pair): void {
    const known = this.#case(pair);
    if (!known || known.isCostly || known.releasedAtMs !== undefined) return;
    const soonestMs =
      known.testedAtMs + Math.min(this.#mostRetryMs, LEAST_RETRY_MS * (2 ** known.hurries - 1));
    if (soonestMs >= known.dueAtMs) return;
    known.dueAtMs = soonestMs;
    known.isHurried = true;
  }

  /** The pair failed, proven to be by its own fault. */
  failed(pair: Pair, reason: string, isCostly: boolean): void {
    const { owner, token, spender } = pair;
    const now = this.#now();
    const cases = this.#cases.get(token) ?? new Map<string, Case>();
    const known = cases.get(keyOf(pair));
    const before = known && !this.#isForgiven(known, now) ? known : undefined;
    const failures = (before?.failures ?? 0) + 1;
    const isNew = !known || known.releasedAtMs !== undefined;
    cases.set(keyOf(pair), {
      pair: { owner, token, spender },
      reason,
      isCostly,
      failures,
      hurries: (before?.hurries ?? 0) + (before?.isHurried ? 1 : 0),
      testedAtMs: now,
      isHurried: false,
      dueAtMs: now + this.#retryMs(failures),
      askedAtMs: now,
      releasedAtMs: undefined,
    });
    this.#cases.set(token, cases);
    if (!known) this.#kept += 1;
    if (isCostly) {
      this.#tokens.doubt(pair);
      if (costlyOwners(cases) >= OWNERS_UNTIL_ISOLATED && !this.isIsolated(token)) this.isolate(token);
    }
    if (!isNew) return;
    this.#count(1);
    this.#observer?.came(pair, reason);
    if (this.#kept > MOST_PAIRS) this.#forgetOldest();
  }

  /** The pair read well. */
  wellRead(pair: Pair): void {
    this.#tokens.prove(pair);
    const known = this.#case(pair);
    if (!known || known.releasedAtMs !== undefined) return;
    known.releasedAtMs = this.#now();
    this.#count(-1);
    // What has cost others an answer shows first, on its own, that it does no more.
    if (known.isCostly) this.isolate(pair.token);
    this.#observer?.released(pair);
  }

  /** The pairs that are due, the longest waiting first. Forgets what is over and what nobody asks for. */
  due(isWatched: (pair: Pair) => boolean): Pair[] {
    const now = this.#now();
    const found: { readonly pair: Pair; readonly dueAtMs: number }[] = [];
    for (const cases of this.#cases.values())
      for (const known of cases.values()) {
        const { pair } = known;
        if (this.#isOver(known, now)) this.#forget(pair);
        else if (known.releasedAtMs === undefined && known.dueAtMs <= now && isWatched(pair))
          found.push({ pair, dueAtMs: known.dueAtMs });
      }
    return found.sort((a, b) => a.dueAtMs - b.dueAtMs).map(({ pair }) => pair);
  }

  /** Whether that function of the token has read well, for anybody, and not failed at others' cost since. */
  isProven(pair: Pair): boolean {
    return this.#tokens.isProven(pair);
  }

  /** Puts the token in chunks of its own, for longer every time. */
  isolate(token: Address): void {
    this.#tokens.isolate(token);
    this.#observer?.isolated(token);
  }

  isIsolated(token: Address): boolean {
    return this.#tokens.isIsolated(token);
  }

  #case(pair: Pair): Case | undefined {
    return this.#cases.get(pair.token)?.get(keyOf(pair));
  }

  #retryMs(failures: number): number {
    return Math.min(this.#mostRetryMs, LEAST_RETRY_MS * 2 ** (failures - 1));
  }

  /** It has read well for a long while: a failure now is the first one. */
  #isForgiven({ releasedAtMs }: Case, now: number): boolean {
    return releasedAtMs !== undefined && now - releasedAtMs > this.#forgetMs;
  }

  #isOver(known: Case, now: number): boolean {
    return this.#isForgiven(known, now) || now - known.askedAtMs > this.#forgetMs;
  }

  get #forgetMs(): number {
    return Math.max(FORGET_MS, 2 * this.#mostRetryMs);
  }

  #forgetOldest(): void {
    for (const cases of this.#cases.values())
      for (const { pair } of cases.values()) {
        this.#forget(pair);
        return;
      }
  }

  #forget(pair: Pair): void {
    const cases = this.#cases.get(pair.token);
    const known = cases?.get(keyOf(pair));
    if (!cases || !known) return;
    cases.delete(keyOf(pair));
    if (cases.size === 0) this.#cases.delete(pair.token);
    this.#kept -= 1;
    if (known.releasedAtMs === undefined) this.#count(-1);
  }

  #count(difference: number): void {
    this.#inside += difference;
    this.#observer?.quarantined(this.#inside);
  }
}

function keyOf({ owner, spender }: Pair): string {
  return spender === undefined ? owner : owner + spender;
}

/** Wallets, however many spenders each of them has. */
function costlyOwners(cases: ReadonlyMap<string, Case>): number {
  const owners = new Set<Address>();
  for (const { pair, isCostly, releasedAtMs } of cases.values())
    if (isCostly && releasedAtMs === undefined) owners.add(pair.owner);
  return owners.size;
}
