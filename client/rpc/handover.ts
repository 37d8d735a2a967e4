import type { BalancesError } from '../errors.ts';
import type { Connection, Demand, Follower, Source, WalletUpdate } from '../source/source.ts';
import { type BalancesState, fold, unknown } from '../state.ts';
import type { Hash, UpdateCause } from '../types.ts';
import type { Call, RpcChain } from './node.ts';
import type { Poller, Wish } from './poller.ts';
import type { Reading } from './reading.ts';
import { WalletReads } from './wallet.ts';

interface HandoverOptions {
  readonly demand: Demand;
  readonly follower: Follower;
  readonly chain: RpcChain;
  readonly poller: Poller;
  /** How long the service may be away before the node is asked. */
  readonly delayMs: number;
  /** How long the service may be behind what the node said before it is believed all the same. */
  readonly patienceMs: number;
}

/**
 * Between one follower, the service, and the node that stands in for it. Passes on what the service says; while that is
 * away, what the node says; and when it is back, all that the service knows, as its next step is one from before the
 * node was asked. It knows what the follower was told, so that nothing older follows something newer.
 */
export class Handover implements Wish {
  readonly #options: HandoverOptions;
  readonly #unfollow: () => void;
  /** By the service. */
  #service = unknown();
  /** By either, to the follower. */
  #known = unknown();
  /** Who told the follower last. */
  #isByNode = false;
  #nodeFailures = 0;
  #told: Hash | undefined;
  #leave: (() => void) | undefined;
  #delay: ReturnType<typeof setTimeout> | undefined;
  /** Set while the service is back, and behind. */
  #held: { readonly cause: UpdateCause; readonly timer: ReturnType<typeof setTimeout> } | undefined;
  #ended = false;

  constructor(options: HandoverOptions, service: Source) {
    this.#options = options;
    this.#unfollow = service.follow(options.demand, {
      update: (update) => this.#update(update),
      connection: (connection) => this.#connection(connection),
    });
  }

  end(): void {
    this.#ended = true;
    this.#stop();
    this.#unfollow();
  }

  get floor(): bigint {
    return [this.#service, this.#known].reduce((most, { block }) => {
      return block && block.number > most ? block.number : most;
    }, 0n);
  }

  get told(): Hash | undefined {
    return this.#told;
  }

  calls(): Call[] {
    return this.#reads.calls();
  }

  tell(reading: Reading): void {
    const update = this.#reads.update(reading);
    this.#isByNode = true;
    this.#nodeFailures = 0;
    this.#told = reading.block.hash;
    this.#tell(update);
    if (this.#held) this.#handBack(this.#held.cause);
  }

  fail(error: BalancesError): void {
    this.#told = undefined;
    this.#nodeFailures += 1;
    // The service is there, and is believed soon.
    if (this.#held) return;
    const state = this.#known.block ? 'stale' : 'connecting';
    this.#options.follower.connection({ state, retries: this.#nodeFailures, error, via: 'rpc' });
  }

  get #reads(): WalletReads {
    const { demand, chain } = this.#options;
    return new WalletReads(demand, chain, this.#known);
  }

  #update(update: WalletUpdate): void {
    if (this.#ended) return;
    this.#service = fold(this.#service, update);
    if (this.#isByNode) {
      this.#handBack(update.cause);
    } else {
      this.#stop();
      this.#tell(update);
    }
  }

  #connection(connection: Connection): void {
    if (this.#ended) return;
    const { follower, delayMs } = this.#options;
    const { state, retries } = connection;
    if (state === 'live' && this.#isByNode) {
      this.#handBack('SUBSCRIBED');
    } else if (state === 'live' || state === 'failed') {
      this.#stop();
      follower.connection(connection);
    } else {
      this.#release();
      // What the node says stands, be it that it cannot be reached either.
      if (!this.#isByNode && this.#nodeFailures === 0) follower.connection(connection);
      if (this.#leave || (state === 'connecting' && retries === 0)) return;
      this.#delay ??= setTimeout(() => {
        this.#leave = this.#options.poller.add(this);
      }, delayMs);
    }
  }

  /** At once, but where the follower knows of a later block what the service does not know yet. */
  #handBack(cause: UpdateCause): void {
    const [now, then] = [this.#service.block, this.#known.block];
    const isBehind = now !== null && then !== null && now.number < then.number;
    if (!isBehind || agree(this.#service, this.#known)) this.#giveBack(cause);
    // Where a reorganisation took back what the node said, the service is right, and will never say so.
    else this.#held ??= { cause, timer: setTimeout(() => this.#giveBack(cause), this.#options.patienceMs) };
  }

  #giveBack(cause: UpdateCause): void {
    this.#stop();
    const { block, balances, allowances } = this.#service;
    if (!block) return;
    this.#tell({
      kind: 'SNAPSHOT',
      cause,
      block,
      balances: [...balances.values()],
      allowances: [...allowances],
      removed: [],
      via: 'service',
    });
  }

  #tell(update: WalletUpdate): void {
    this.#known = fold(this.#known, update);
    this.#options.follower.update(update);
  }

  /** The node is not needed any more. */
  #stop(): void {
    this.#release();
    clearTimeout(this.#delay);
    this.#delay = undefined;
    this.#leave?.();
    this.#leave = undefined;
    this.#isByNode = false;
    this.#nodeFailures = 0;
    this.#told = undefined;
  }

  #release(): void {
    clearTimeout(this.#held?.timer);
    this.#held = undefined;
  }
}

/** Whether both say the same of what both know. */
function agree(one: BalancesState, other: BalancesState): boolean {
  for (const [token, { amount }] of one.balances) {
    const balance = other.balances.get(token);
    if (balance && balance.amount !== amount) return false;
  }
  for (const { token, spender, amount } of one.allowances) {
    const allowance = other.allowances.get(token.address, spender);
    if (allowance && allowance.amount !== amount) return false;
  }
  return true;
}
