import { createHash } from 'node:crypto';
import { type Address, NATIVE } from '../chain/types.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Owners, OwnerWatcher } from './owner.ts';
import type { Session, SessionKey } from './service.ts';
import type { Update } from './update.ts';
import { type View, Watch } from './watch.ts';

interface LiveSessionOptions {
  readonly key: SessionKey;
  readonly caller: string;
  readonly ledger: Ledger;
  readonly owners: Owners;
  /** The native coin and its wrapped token: in every session, not counted against its limit. */
  readonly always: readonly Address[];
  readonly idleTtlMs: number;
  readonly expired: (session: LiveSession) => void;
}

/**
 * A list of tokens that one wallet's devices, or one client of it, want to see; it holds the wallet's watcher
 * over them. Lives while a stream is open, and for the idle time after the last one ended.
 */
export class LiveSession implements View, Disposable {
  readonly key: SessionKey;
  readonly caller: string;
  readonly name: string;
  readonly #options: LiveSessionOptions;
  readonly #watcher: OwnerWatcher;
  readonly #tokens = new Map<Address, number>();
  readonly #watches = new Set<Watch>();
  #shrunkSeq = 0;
  #expiresAt: Date | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LiveSessionOptions) {
    const { key, caller, owners, always } = options;
    this.#options = options;
    this.key = key;
    this.caller = caller;
    this.name = createHash('sha256').update(sessionId(key)).digest('hex').slice(0, 16);
    this.#watcher = owners.acquire(key.owner);
    // A session of the same name that was before may have had tokens that this one has not.
    this.#shrunkSeq = options.ledger.tick();
    this.add(always);
    this.touch();
  }

  get tokens(): ReadonlyMap<Address, number> {
    return this.#tokens;
  }

  get shrunkSeq(): number {
    return this.#shrunkSeq;
  }

  get isStreaming(): boolean {
    return this.#watches.size > 0;
  }

  /** As the outside sees it. */
  get snapshot(): Session {
    return { ...this.key, tokens: [...this.#tokens.keys()], spenders: [], expiresAt: this.#expiresAt };
  }

  /** How many tokens would count against the limit with these added, or with these alone. */
  countWith(tokens: Iterable<Address>, { alone }: { alone: boolean }): number {
    const all = new Set([...(alone ? [] : this.#tokens.keys()), ...tokens]);
    for (const token of this.#options.always) all.delete(token);
    return all.size;
  }

  add(tokens: Iterable<Address>): void {
    const added = [...new Set(tokens)].filter((token) => !this.#tokens.has(token));
    if (added.length === 0) return;
    const seq = this.#options.ledger.tick();
    for (const token of added) {
      this.#tokens.set(token, seq);
      this.#watcher.add(token);
    }
    for (const watch of this.#watches) watch.tokensAdded(added);
  }

  /** Makes these the session's tokens, beside the ones that are in every session. */
  set(tokens: Iterable<Address>): void {
    const wanted = new Set([...this.#options.always, ...tokens]);
    const removed = [...this.#tokens.keys()].filter((token) => !wanted.has(token));
    this.add(wanted);
    if (removed.length === 0) return;
    this.#shrunkSeq = this.#options.ledger.tick();
    for (const token of removed) {
      this.#tokens.delete(token);
      this.#remove(token);
    }
    for (const watch of this.#watches) watch.tokensRemoved(removed);
  }

  stream(after: string | undefined): AsyncIterableIterator<Update> {
    const { key, ledger } = this.#options;
    const watch = new Watch({
      chainId: key.chainId,
      ledger,
      watcher: this.#watcher,
      view: this,
      after,
      ended: () => {
        this.#watches.delete(watch);
        this.touch();
      },
    });
    this.#watches.add(watch);
    this.touch();
    return watch;
  }

  endStreams(): void {
    for (const watch of this.#watches) watch.end();
  }

  /** Counts the idle time from now, or stops counting while there is a stream. */
  touch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#expiresAt = null;
    if (this.isStreaming) return;
    const { idleTtlMs, expired } = this.#options;
    this.#expiresAt = new Date(Date.now() + idleTtlMs);
    this.#timer = setTimeout(() => expired(this), idleTtlMs);
  }

  #remove(token: Address): void {
    const pair = this.#options.ledger.pair(this.key.owner, token);
    if (pair) this.#watcher.remove(pair);
  }

  [Symbol.dispose](): void {
    this.endStreams();
    clearTimeout(this.#timer);
    for (const token of this.#tokens.keys()) this.#remove(token);
    this.#options.owners.release(this.#watcher);
  }
}

export function sessionId({ chainId, owner, clientId }: SessionKey): string {
  return `${chainId}/${owner}/${clientId ?? ''}`;
}

export function alwaysWatched(wrappedNative: Address | undefined): readonly Address[] {
  return wrappedNative ? [NATIVE, wrappedNative] : [NATIVE];
}
