import { toBalance, toBlock } from '../decode.ts';
import { BalancesError } from '../errors.ts';
import { retry } from '../follow.ts';
import type { WatchWalletsSubscription } from '../gql/graphql.ts';
import { WatchWalletsDocument as WatchWallets } from '../gql/graphql.ts';
import { nameOf } from '../sessions.ts';
import type { WatchedBalance } from '../types.ts';
import { type Connected, caughtUp, type Stream } from './stream.ts';
import type { Wallet } from './wallet.ts';

/** The stream of many wallets. */
export class WalletsStream implements Stream {
  readonly #of: Connected;
  readonly #wallets: readonly Wallet[];
  readonly #control = new AbortController();
  #cursor: string | undefined;
  #retries = 0;

  constructor(of: Connected, wallets: readonly Wallet[]) {
    this.#of = of;
    this.#wallets = wallets;
  }

  async run(): Promise<void> {
    await retry(
      (went) => this.#listen(went),
      (error) => this.#isPassing(error),
      this.#control.signal,
    );
  }

  /** It would be another stream. */
  changed(): void {}

  end(): void {
    this.#control.abort();
  }

  async #listen(went: () => void): Promise<void> {
    const items = this.#wallets.map(({ chainId, owner, tokens = [] }) => ({
      chainId,
      owner,
      tokens: [...tokens],
    }));
    const behind = new Set(this.#cursor ? this.#wallets.map(({ chainId }) => chainId) : []);
    const heard = () => {
      this.#retries = 0;
      went();
    };
    await this.#of.transport.stream(
      WatchWallets,
      { items, after: this.#cursor },
      ({ walletBalances: update }) => {
        heard();
        if (update.kind === 'SNAPSHOT') behind.delete(update.chainId);
        this.#fold(update, behind.has(update.chainId));
        this.#cursor = update.cursor;
      },
      this.#control.signal,
      (comment) => {
        for (const chainId of caughtUp(comment)) {
          if (!behind.delete(chainId)) continue;
          heard();
          for (const wallet of this.#wallets) if (wallet.chainId === chainId) wallet.live();
        }
      },
    );
    throw new BalancesError('CONNECTION_FAILED', 'the server ended the stream');
  }

  #fold(
    { chainId, kind, cause, block, balances }: WatchWalletsSubscription['walletBalances'],
    isBehind: boolean,
  ): void {
    const sent = new Map<string, WatchedBalance[]>();
    for (const { crossed: _, ...balance } of balances) {
      const name = nameOf(balance);
      const own = sent.get(name);
      if (own) own.push(toBalance(balance));
      else sent.set(name, [toBalance(balance)]);
    }
    const rest = { kind, cause, block: toBlock(block), allowances: [], removed: [], via: 'service' } as const;
    for (const wallet of this.#wallets) {
      if (wallet.chainId !== chainId) continue;
      const own = sent.get(wallet.name);
      if (own) wallet.update({ ...rest, balances: own }, { isBehind });
      else if (!isBehind) wallet.live();
    }
  }

  #isPassing(error: BalancesError): boolean {
    if (!error.retryable) return false;
    const trouble = { error, retries: ++this.#retries };
    for (const wallet of this.#wallets) wallet.lost(trouble);
    return true;
  }
}
