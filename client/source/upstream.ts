import { BalancesError } from '../errors.ts';
import { nameOf, type Sessions } from '../sessions.ts';
import type { Transport } from '../transport.ts';
import { Following } from './following.ts';
import { Lists, listsKey } from './lists.ts';
import { plan } from './plan.ts';
import { SessionStream } from './session-stream.ts';
import type { Demand, Follower, Source } from './source.ts';
import { type Connected, OF_A_DEMAND, type Stream } from './stream.ts';
import { Wallet } from './wallet.ts';
import { WalletsStream } from './wallets-stream.ts';

interface UpstreamOptions {
  readonly transport: Transport;
  readonly sessions: Sessions;
  readonly clientId: string;
}

/** Who asks for a thousand things asks for them within this time, and they are asked of the server as one. */
const GATHER_MS = 10;

const ADDRESS = /^0x[\da-f]{40}$|^native$/i;

/**
 * The connection to the server: as few streams as can be for whatever is demanded, one as a rule. Demands come and go
 * through `follow`; what streams there should be is planned anew after each, and what is there already goes on.
 */
export class Upstream implements Source {
  readonly #of: Connected;
  readonly #wallets = new Map<string, Wallet>();
  readonly #streams = new Map<string, { readonly stream: Stream; readonly wallets: readonly Wallet[] }>();
  readonly #control = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ transport, sessions, clientId }: UpstreamOptions) {
    const { signal } = this.#control;
    const lists = new Lists({
      transport,
      signal,
      changed: () => this.#plan(),
      lost: (key, trouble) => {
        for (const [, following] of this.#waitingFor(key)) following.lost(trouble);
      },
      failed: (key, error) => {
        for (const [wallet, following] of this.#waitingFor(key)) this.#fail(wallet, following, error);
      },
    });
    // At once: the stream may tell of it next.
    sessions.onNamed = () => {
      if (!signal.aborted) this.#plan();
    };
    this.#of = {
      transport,
      sessions,
      lists,
      clientId,
      fail: (wallet, following, error) => this.#fail(wallet, following, error),
      refuse: (stream, error) => this.#close(stream, error),
    };
  }

  follow(demand: Demand, follower: Follower): () => void {
    const { chainId, owner } = demand;
    const name = nameOf(demand);
    let wallet = this.#wallets.get(name);
    if (!wallet) {
      wallet = new Wallet(name, chainId, owner);
      this.#wallets.set(name, wallet);
    }
    const { followings } = wallet;
    const following = new Following(demand, follower);
    followings.add(following);
    this.#gather();
    return () => {
      if (followings.delete(following)) this.#gather();
    };
  }

  dispose(): void {
    this.#control.abort();
    clearTimeout(this.#timer);
    for (const { stream } of this.#streams.values()) stream.end();
    for (const { followings } of this.#wallets.values()) followings.clear();
  }

  #gather(): void {
    if (!this.#control.signal.aborted) this.#timer ??= setTimeout(() => this.#plan(), GATHER_MS);
  }

  #plan(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { lists, sessions } = this.#of;
    for (const [name, wallet] of this.#wallets) {
      for (const following of wallet.followings) {
        const wrong = wrongAddress(following.demand);
        if (wrong !== undefined)
          this.#fail(wallet, following, new BalancesError('BAD_USER_INPUT', `${wrong} is no address`));
      }
      if (wallet.followings.size) wallet.resolve(lists, sessions.named(wallet));
      else this.#wallets.delete(name);
    }
    const planned = plan([...this.#wallets.values()]);
    const keys = new Set(planned.map(({ key }) => key));
    for (const [key, { stream }] of this.#streams)
      if (!keys.has(key)) {
        this.#streams.delete(key);
        stream.end();
      }
    for (const { key, isSession, wallets } of planned) {
      const [first] = wallets;
      const open = this.#streams.get(key);
      if (open) open.stream.changed();
      else if (first)
        this.#open(
          key,
          isSession ? new SessionStream(this.#of, first) : new WalletsStream(this.#of, wallets),
          wallets,
        );
    }
    for (const wallet of this.#wallets.values()) wallet.welcome();
  }

  #open(key: string, stream: Stream, wallets: readonly Wallet[]): void {
    this.#streams.set(key, { stream, wallets });
    stream.run().then(
      () => this.#close(stream),
      (error: BalancesError) => this.#close(stream, error),
    );
  }

  /** It has ended, or is to end for good. */
  #close(stream: Stream, refusal?: BalancesError): void {
    for (const [key, open] of this.#streams) {
      if (open.stream !== stream) continue;
      this.#streams.delete(key);
      stream.end();
      if (refusal) this.#blame(open.wallets, refusal);
      this.#gather();
    }
  }

  /** Whom a stream was refused for: found out by asking for fewer, where it may be for one of many. */
  #blame(wallets: readonly Wallet[], error: BalancesError): void {
    const [first] = wallets;
    const middle = wallets[wallets.length >> 1];
    if (first && !first.allowances && error.code === 'TOO_MANY_CLIENTS') first.isCrowded = true;
    else if (middle && middle !== first && OF_A_DEMAND.has(error.code)) middle.isApart = true;
    else
      for (const wallet of wallets) {
        const all = [...wallet.followings];
        const blamed = OF_A_DEMAND.has(error.code) ? all.slice(-1) : all;
        for (const following of blamed) this.#fail(wallet, following, error);
      }
  }

  #fail({ followings }: Wallet, following: Following, error: BalancesError): void {
    if (!followings.delete(following)) return;
    this.#gather();
    following.failed(error);
  }

  *#waitingFor(key: string): Generator<[Wallet, Following]> {
    for (const wallet of this.#wallets.values())
      for (const following of [...wallet.followings])
        if (!following.tokens && listsKey(wallet.chainId, following.wants.tokensListsUrls) === key)
          yield [wallet, following];
  }
}

function wrongAddress({ owner, customTokens, spenders }: Demand): string | undefined {
  return [owner, ...customTokens, ...spenders].find((address) => !ADDRESS.test(address));
}
