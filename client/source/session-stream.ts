import { keyOf } from '../address-map.ts';
import { toWalletUpdate } from '../decode.ts';
import { BalancesError, connectionFailed } from '../errors.ts';
import { retry } from '../follow.ts';
import { WatchBalancesDocument as WatchBalances } from '../gql/graphql.ts';
import type { Address } from '../types.ts';
import { contentsOf, type SessionContents } from './contents.ts';
import type { Following } from './following.ts';
import type { WalletUpdate } from './source.ts';
import { type Connected, caughtUp, OF_A_DEMAND, type Stream } from './stream.ts';
import type { Wallet } from './wallet.ts';

/**
 * The session of a wallet, and the stream of it. The session is made of what all followings want, again whenever that
 * changes, and when the server has lost it; the stream stays open meanwhile.
 */
export class SessionStream implements Stream {
  readonly #of: Connected;
  readonly #wallet: Wallet;
  readonly #control = new AbortController();
  /** Those whose tokens the server has accepted. */
  readonly #admitted = new Set<Following>();
  /** What the session was made of, and what it holds; empty where there is none. */
  #written = '';
  #tokens: ReadonlySet<Address> = new Set();
  #writing: Promise<void> | undefined;
  #mayNameLists = true;
  #cursor: string | undefined;
  #isOpen = false;
  #isContested = false;
  #retries = 0;

  constructor(of: Connected, wallet: Wallet) {
    this.#of = of;
    this.#wallet = wallet;
  }

  async run(): Promise<void> {
    await retry(
      (went) => this.#attempt(went),
      (error) => this.#isPassing(error),
      this.#control.signal,
    );
  }

  changed(): void {
    this.#write().catch((error: BalancesError) => this.#of.refuse(this, error));
  }

  end(): void {
    this.#control.abort();
    this.#of.sessions.release(this.#wallet);
  }

  async #attempt(went: () => void, isFirst = true): Promise<void> {
    await this.#write();
    if (!this.#wallet.followings.size) return;
    try {
      await this.#listen(went);
    } catch (error) {
      if (connectionFailed(error).code !== 'SESSION_NOT_FOUND') throw error;
      this.#written = '';
      this.#cursor = undefined;
      this.#of.lists.refresh();
      if (!isFirst) throw error;
      await this.#attempt(went, false);
    }
  }

  async #listen(went: () => void): Promise<void> {
    const { transport, clientId } = this.#of;
    const { chainId, owner } = this.#wallet;
    const spenders = new Set(contentsOf([...this.#wallet.followings], false).spenders);
    const held = new Set(this.#tokens);
    let isBehind = this.#cursor !== undefined;
    const heard = () => {
      this.#isOpen = true;
      this.#retries = 0;
      went();
    };
    try {
      await transport.stream(
        WatchBalances,
        { chainId, owner, clientId, after: this.#cursor },
        ({ balances }) => {
          heard();
          const update = toWalletUpdate(balances);
          if (this.#isRobbedBy(update, held)) throw this.#overwritten();
          isBehind &&= update.kind === 'DIFF';
          this.#wallet.update(update, { spenders, isBehind });
          this.#cursor = balances.cursor;
          for (const { token } of update.balances) held.add(keyOf(token.address));
        },
        this.#control.signal,
        (comment) => {
          if (!isBehind || !caughtUp(comment).has(chainId)) return;
          isBehind = false;
          heard();
          this.#wallet.live();
        },
      );
    } finally {
      this.#isOpen = false;
    }
    throw new BalancesError('CONNECTION_FAILED', 'the server ended the stream');
  }

  /** Whether the session has lost, of what it held, something that is wanted, and nobody here has said that it may go. */
  #isRobbedBy({ kind, balances, removed }: WalletUpdate, held: ReadonlySet<Address>): boolean {
    if (this.#of.sessions.isWriting(this.#wallet)) return false;
    const named = new Set(balances.map(({ token }) => keyOf(token.address)));
    const lost = kind === 'SNAPSHOT' ? [...held].filter((token) => !named.has(token)) : removed.map(keyOf);
    return lost.some((token) => this.#wallet.tokens?.has(token));
  }

  /** By another client of the same id. It is written anew once; where they go on, it is done without. */
  #overwritten(): BalancesError {
    const code = this.#isContested && !this.#wallet.allowances ? 'TOO_MANY_CLIENTS' : 'SESSION_NOT_FOUND';
    this.#isContested = true;
    return new BalancesError(code, 'another client of the same id has made the session another one');
  }

  /** Makes the session what is wanted; at once where it is. */
  #write(): Promise<void> {
    if (!this.#writing && this.#isOutdated()) this.#writing = this.#writeAll();
    return this.#writing ?? Promise.resolve();
  }

  async #writeAll(): Promise<void> {
    const { signal } = this.#control;
    try {
      do {
        const { followings } = this.#wallet;
        let batch = [...followings].filter((following) => !this.#admitted.has(following));
        if (!batch.length) {
          this.#admitted.clear();
          batch = [...followings];
        }
        await retry(
          () => this.#admit(batch),
          (error) => this.#isPassing(error),
          signal,
        );
      } while (!signal.aborted && this.#isOutdated());
    } finally {
      // In the same step as the last look at what is wanted: whoever wants more after it begins another.
      this.#writing = undefined;
    }
  }

  #isOutdated(): boolean {
    const contents = this.#contents();
    if (!this.#wallet.followings.size || JSON.stringify(contents) === this.#written) return false;
    const { tokensListsUrls, customTokens } = contents;
    const isHeld =
      this.#written &&
      !tokensListsUrls.length &&
      customTokens.length === this.#tokens.size &&
      customTokens.every((token) => this.#tokens.has(token));
    if (isHeld) this.#written = JSON.stringify(contents);
    return !isHeld;
  }

  /** As many of them, in their order, as the server lets in. */
  async #admit(batch: readonly Following[]): Promise<void> {
    const { sessions, fail } = this.#of;
    const { signal } = this.#control;
    const isNew = new Set(batch);
    const contents = contentsOf(
      [...this.#wallet.followings].filter((one) => this.#admitted.has(one) || isNew.has(one)),
      this.#mayNameLists,
    );
    try {
      const session = await sessions.want(this.#wallet, contents, signal);
      for (const following of batch) this.#admitted.add(following);
      this.#written = JSON.stringify(contents);
      this.#tokens = new Set(session.tokens.map(keyOf));
    } catch (thrown) {
      const error = connectionFailed(thrown);
      const isOfDemand = OF_A_DEMAND.has(error.code);
      if (contents.tokensListsUrls.length && (isOfDemand || error.code.startsWith('TOKEN_LIST'))) {
        // Which of them is to blame comes out when they are asked for.
        this.#mayNameLists = false;
        return;
      }
      if (signal.aborted || !isOfDemand) throw error;
      const [first, ...others] = batch;
      if (!first) throw error;
      if (!others.length) return fail(this.#wallet, first, error);
      const half = batch.length >> 1;
      await this.#admit(batch.slice(0, half));
      await this.#admit(batch.slice(half));
    }
  }

  #contents(): SessionContents {
    return contentsOf([...this.#wallet.followings], this.#mayNameLists);
  }

  #isPassing(error: BalancesError): boolean {
    if (!error.retryable && error.code !== 'SESSION_NOT_FOUND') return false;
    const trouble = { error, retries: ++this.#retries };
    if (this.#isOpen) this.#wallet.delayed(trouble);
    else this.#wallet.lost(trouble);
    return true;
  }
}
