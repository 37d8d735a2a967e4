import { keyOf } from '../address-map.ts';
import { type BalancesState, fold, unknown } from '../state.ts';
import type { Address, Allowance, UpdateCause } from '../types.ts';
import type { Following, Trouble } from './following.ts';
import type { Lists } from './lists.ts';
import type { Wanted } from './plan.ts';
import type { WalletUpdate } from './source.ts';

const NONE: ReadonlySet<Address> = new Set();

interface UpdateOptions {
  readonly spenders?: ReadonlySet<Address>;
  readonly isBehind?: boolean;
}

/**
 * A wallet on a chain with everybody who follows it. What comes of it is of all that anybody wants, from whichever
 * stream; each is told of its own tokens, first of all of them, then of what changes.
 */
export class Wallet implements Wanted {
  readonly name: string;
  readonly chainId: number;
  readonly owner: Address;
  readonly followings = new Set<Following>();
  isCrowded = false;
  isApart = false;
  tokens: ReadonlySet<Address> | undefined;
  version = 0;
  allowances = '';
  #state: BalancesState = unknown();
  /** Whose allowances are known, all of them. */
  #spenders = NONE;
  #trouble: Trouble | undefined;
  /** Something is known that nobody has been told. */
  #isUntold = false;

  constructor(name: string, chainId: number, owner: Address) {
    this.name = name;
    this.chainId = chainId;
    this.owner = owner;
  }

  /** Finds out what is wanted of it. */
  resolve(lists: Lists): void {
    const tokens = new Set<Address>();
    for (const following of this.followings) {
      following.resolve(lists);
      for (const token of following.tokens ?? NONE) tokens.add(token);
    }
    const before = this.tokens ?? NONE;
    if (tokens.size !== before.size || [...tokens].some((token) => !before.has(token))) this.version += 1;
    this.tokens = tokens.size ? tokens : undefined;
    const demands = [...this.followings].map(({ demand }) => demand);
    this.allowances = demands.some(({ spenders }) => spenders.length) ? JSON.stringify(demands) : '';
  }

  /**
   * `spenders`: those whose allowances a snapshot holds. `isBehind`: more is to come of what happened meanwhile, and
   * nobody is told of a part of it.
   */
  update(update: WalletUpdate, { spenders = NONE, isBehind = false }: UpdateOptions = {}): void {
    this.#state = fold(this.#state, update);
    const isSnapshot = update.kind === 'SNAPSHOT';
    if (isSnapshot) this.#spenders = spenders;
    this.#isUntold ||= isBehind;
    if (isBehind) return;
    this.#trouble = undefined;
    for (const following of this.#present()) {
      if (!following.isTold) this.#begin(following);
      else if (!isSnapshot && !this.#isUntold) tellChange(following, update);
      // A stream that took another's place has nothing to say to most.
      else if (this.#isUntold || !following.isLive || spenders.size || this.#isChanged(following))
        this.#tellAll(following, update.cause);
      following.live();
    }
    this.#isUntold = false;
  }

  /** What is known is true, though nothing is told. */
  live(): void {
    this.#trouble = undefined;
    for (const following of this.#present()) {
      if (!following.isTold) this.#begin(following);
      else if (this.#isUntold) this.#tellAll(following, this.#state.cause ?? 'EVENT');
      following.live();
    }
    this.#isUntold = false;
  }

  /** What is known may not be true any more. */
  lost(trouble: Trouble): void {
    this.#trouble = trouble;
    for (const following of this.#present()) if (following.tokens) following.lost(trouble);
  }

  /** The others know all of theirs, and it stays true. */
  delayed(trouble: Trouble): void {
    for (const following of this.#present())
      if (following.tokens && !following.isTold) following.lost(trouble);
  }

  /** Tells those who came of what is known already; while that may not be true, only that it is so. */
  welcome(): void {
    for (const following of this.#present()) {
      if (following.isTold) continue;
      if (!this.#trouble) this.#begin(following);
      else if (following.tokens) following.lost(this.#trouble);
    }
  }

  /** Whoever is told may leave, or make another leave. */
  *#present(): Generator<Following> {
    for (const following of [...this.followings]) if (this.followings.has(following)) yield following;
  }

  /** Once all is known that it wants to know. */
  #begin(following: Following): void {
    const { tokens, demand } = following;
    const { balances, block } = this.#state;
    if (!block || !tokens || [...tokens].some((token) => !balances.has(token))) return;
    if (demand.spenders.every((spender) => this.#spenders.has(keyOf(spender))))
      this.#tellAll(following, following.isLive ? 'SESSION_CHANGED' : 'SUBSCRIBED');
  }

  #tellAll(following: Following, cause: UpdateCause): void {
    const { tokens = NONE } = following;
    const { balances, allowances, block } = this.#state;
    if (!block) return;
    following.isTold = true;
    following.update({
      kind: 'SNAPSHOT',
      cause,
      block,
      balances: [...tokens].flatMap((token) => balances.get(token) ?? []),
      allowances: ownAllowances(following, allowances),
      removed: [],
      via: 'service',
    });
  }

  #isChanged({ tokens }: Following): boolean {
    return this.#state.changes.some(({ token }) => tokens?.has(keyOf(token.address)));
  }
}

function tellChange(following: Following, update: WalletUpdate): void {
  const isOwn = (token: Address) => following.tokens?.has(keyOf(token)) ?? false;
  const balances = update.balances.filter(({ token }) => isOwn(token.address));
  const allowances = ownAllowances(following, update.allowances);
  const removed = update.removed.filter(isOwn);
  if (balances.length || allowances.length || removed.length)
    following.update({ ...update, balances, allowances, removed });
}

function ownAllowances({ tokens, demand }: Following, allowances: Iterable<Allowance>): readonly Allowance[] {
  if (!demand.spenders.length) return [];
  const spenders = new Set(demand.spenders.map(keyOf));
  return [...allowances].filter(
    ({ token, spender }) => tokens?.has(keyOf(token.address)) && spenders.has(keyOf(spender)),
  );
}
