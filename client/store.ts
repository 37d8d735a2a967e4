import type { BalanceFieldsFragment, WatchBalancesSubscription } from './gql/graphql.ts';
import type { Address, Block, UpdateCause, UpdateKind, WatchedBalance } from './types.ts';

/** What a stream delivers, as it comes over the wire. */
export type BalancesUpdate = WatchBalancesSubscription['balances'];

/** Everything known of one watched wallet, after an update. */
export interface BalancesState {
  /** By token address, lower-case; `get` and `has` take any case, and `"native"`. */
  readonly balances: ReadonlyMap<Address | 'native', WatchedBalance>;
  /** Tokens whose balance is new or that left the session since the state before, lower-case. */
  readonly changed: readonly Address[];
  /** As of which the balances are true. */
  readonly block: Block;
  /** Of the update; resumes behind it. */
  readonly cursor: string;
  /** `SNAPSHOT` where everything was replaced. */
  readonly kind: UpdateKind;
  readonly cause: UpdateCause;
}

/** Folds an update into what is known. Pure: no state is ever changed, only followed by another. */
export function fold(state: BalancesState | undefined, update: BalancesUpdate): BalancesState {
  const { kind, cause, cursor } = update;
  const known = state?.balances ?? new BalanceMap();
  const balances = new BalanceMap(kind === 'SNAPSHOT' ? [] : known);
  const changed = new Set<Address>(
    kind === 'SNAPSHOT' ? [...known.values()].map(({ token }) => keyOf(token.address)) : [],
  );
  for (const token of update.removed) {
    balances.delete(token);
    changed.add(keyOf(token));
  }
  for (const balance of update.balances) {
    balances.set(balance.token.address, toBalance(balance));
    changed.add(keyOf(balance.token.address));
  }
  return { balances, changed: [...changed], block: toBlock(update.block), cursor, kind, cause };
}

/** The newer of two states, for a reader who has seen neither: what changed in either has changed. */
export function mergeUnread(older: BalancesState, newer: BalancesState): BalancesState {
  return {
    ...newer,
    changed: [...new Set([...older.changed, ...newer.changed])],
    kind: older.kind === 'SNAPSHOT' ? 'SNAPSHOT' : newer.kind,
  };
}

export function toBalance(balance: BalanceFieldsFragment): WatchedBalance {
  return {
    ...balance,
    amount: balance.amount === null ? null : BigInt(balance.amount),
    previousAmount: balance.previousAmount === null ? null : BigInt(balance.previousAmount),
    block: toBlock(balance.block),
  };
}

export function toBlock({ number, hash, timestamp }: BalanceFieldsFragment['block']): Block {
  return { number: BigInt(number), hash, timestamp };
}

const NATIVE = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee';

function keyOf(token: Address | 'native'): Address {
  return token === 'native' ? NATIVE : (token.toLowerCase() as Address);
}

/** A map in which the case of an address makes no difference. */
class BalanceMap extends Map<Address | 'native', WatchedBalance> {
  override get(token: Address | 'native'): WatchedBalance | undefined {
    return super.get(keyOf(token));
  }

  override has(token: Address | 'native'): boolean {
    return super.has(keyOf(token));
  }

  override set(token: Address | 'native', balance: WatchedBalance): this {
    return super.set(keyOf(token), balance);
  }

  override delete(token: Address | 'native'): boolean {
    return super.delete(keyOf(token));
  }
}
