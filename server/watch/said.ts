import type { BlockRef } from '../chain/types.ts';
import type { Entry } from '../ledger/entry.ts';
import type { WatchedPair } from '../ledger/pair.ts';
import type { Allowance, UpdatedBalance } from './update.ts';

/** What one update says, as it is put together. */
export class Said {
  readonly balances: UpdatedBalance[] = [];
  readonly allowances: Allowance[] = [];
  /** At which the newest of it was read. */
  newest: BlockRef | undefined;

  get isEmpty(): boolean {
    return this.balances.length === 0 && this.allowances.length === 0;
  }

  add({ spender }: WatchedPair, balance: UpdatedBalance, { readAt }: Entry): void {
    const { owner, token, amount, previousAmount, transactions, block } = balance;
    if (spender === undefined) this.balances.push(balance);
    else if (amount !== null)
      this.allowances.push({ owner, token, spender, amount, previousAmount, transactions, block });
    else return;
    if (!this.newest || readAt.number > this.newest.number) this.newest = readAt;
  }
}
