import { keyOf } from './address-map.ts';
import type { Address, Allowance } from './types.ts';

/** What spenders may take of a wallet's tokens, by token and spender. */
export interface Allowances extends Iterable<Allowance> {
  readonly size: number;
  /** Of addresses in any case; undefined where it is not watched, or cannot be read. */
  get(token: Address, spender: Address): Allowance | undefined;
}

/** Names an allowance of a wallet, in lower case. */
export interface AllowanceKey {
  readonly token: Address;
  readonly spender: Address;
}

interface AllowancesUpdate {
  readonly kind: 'SNAPSHOT' | 'DIFF';
  readonly allowances: readonly Allowance[];
  /** Tokens that left, and their allowances with them. */
  readonly removed: readonly Address[];
}

interface Folded {
  readonly allowances: Allowances;
  readonly changed: readonly AllowanceKey[];
}

/** Folds what an update says of allowances into what is known of them. Pure. */
export function foldAllowances(known: Allowances, update: AllowancesUpdate): Folded {
  const isSilent = update.allowances.length === 0 && update.removed.length === 0;
  if (update.kind === 'DIFF' && isSilent) return { allowances: known, changed: [] };
  const changed = new Map<string, AllowanceKey>();
  const removed = new Set(update.removed.map(keyOf));
  const byName = new Map<string, Allowance>();
  for (const allowance of known) {
    const key = keysOf(allowance);
    if (update.kind === 'SNAPSHOT' || removed.has(key.token)) changed.set(nameOf(key), key);
    else byName.set(nameOf(key), allowance);
  }
  for (const sent of update.allowances) {
    const key = keysOf(sent);
    byName.set(nameOf(key), sent);
    changed.set(nameOf(key), key);
  }
  return { allowances: new AllowanceMap(byName), changed: [...changed.values()] };
}

/** Each once, of both. */
export function eitherChanged(
  one: readonly AllowanceKey[],
  other: readonly AllowanceKey[],
): readonly AllowanceKey[] {
  if (one.length === 0) return other;
  return [...new Map([...one, ...other].map((key) => [nameOf(key), key])).values()];
}

class AllowanceMap implements Allowances {
  readonly #byName: ReadonlyMap<string, Allowance>;

  constructor(byName: ReadonlyMap<string, Allowance>) {
    this.#byName = byName;
  }

  get size(): number {
    return this.#byName.size;
  }

  get(token: Address, spender: Address): Allowance | undefined {
    return this.#byName.get(nameOf({ token: keyOf(token), spender: keyOf(spender) }));
  }

  [Symbol.iterator](): IterableIterator<Allowance> {
    return this.#byName.values();
  }
}

export const NO_ALLOWANCES: Allowances = new AllowanceMap(new Map());

function keysOf({ token, spender }: { token: { address: Address }; spender: Address }): AllowanceKey {
  return { token: keyOf(token.address), spender: keyOf(spender) };
}

function nameOf({ token, spender }: AllowanceKey): string {
  return `${token} ${spender}`;
}
