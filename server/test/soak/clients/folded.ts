import type { Address } from '../../../chain/types.ts';

/** An update as a client understands it; a door that does not say what an update is leaves the rest out. */
export interface Told {
  /** `part` where the door does not say: what it holds counts, and the rest stays. */
  readonly kind: 'SNAPSHOT' | 'DIFF' | 'part';
  readonly cursor: string;
  readonly block?: { readonly number: string | bigint; readonly hash: string };
  readonly balances: readonly ToldBalance[];
  readonly removed: readonly Address[];
}

export interface ToldBalance {
  readonly token: Address;
  readonly amount: bigint | null;
  readonly status?: string;
}

const MOST_PROBLEMS = 20;
const CURSOR = /^[\x21-\x7e]{1,500}$/;
const HASH = /^0x[0-9a-f]{64}$/;

/** What a client holds, folded together as the documentation says, and what was wrong with what it was told. */
export class Folded {
  readonly #balances = new Map<Address, bigint | null>();
  readonly #mayHold: (token: Address) => boolean;
  readonly problems: string[] = [];
  updates = 0;

  constructor(mayHold: (token: Address) => boolean) {
    this.#mayHold = mayHold;
  }

  get tokens(): Iterable<Address> {
    return this.#balances.keys();
  }

  get(token: Address): bigint | null | undefined {
    return this.#balances.get(token);
  }

  fold(told: Told): void {
    this.updates += 1;
    this.#check(told);
    if (told.kind === 'SNAPSHOT') this.#balances.clear();
    for (const token of told.removed) this.#balances.delete(token);
    for (const { token, amount } of told.balances) this.#balances.set(token, amount);
  }

  complain(problem: string): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(problem);
  }

  #check({ cursor, block, balances }: Told): void {
    if (!CURSOR.test(cursor)) this.complain(`malformed cursor ${JSON.stringify(cursor)}`);
    if (block && !(BigInt(block.number) >= 0n && HASH.test(block.hash)))
      this.complain(`malformed block ${block.number} ${block.hash}`);
    for (const { token, amount, status } of balances) {
      if (!this.#mayHold(token)) this.complain(`${token}, which nobody asked for`);
      if (amount !== null && amount < 0n) this.complain(`${token}: ${amount}`);
      if (status !== undefined && (amount === null) !== (status === 'UNREADABLE'))
        this.complain(`${token}: ${status} with the amount ${amount}`);
    }
  }
}
