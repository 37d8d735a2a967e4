import { describe, expect, it } from 'vitest';
import type { Hash } from '../chain/types.ts';
import type { Balance, Entry } from '../ledger/entry.ts';
import { newPair } from '../ledger/pair.ts';
import { balanceToSend, isHeld, type News, type Unsent, withNews } from './unsent.ts';

const owner = '0x00000000000000000000000000000000000000f1';
const token = '0x00000000000000000000000000000000000000aa';
const tx = (digit: string): Hash => `0x${digit.repeat(64)}`;

/** A pair that goes through amounts, and a subscriber that is told of none of it yet. */
class Story {
  pair = newPair(owner, token);
  unsent: Unsent | undefined;
  /** Whether the blocks so far are of our chain. */
  stands = () => true;

  moves(amount: bigint | null, digit: string, cause: News['cause'] = 'EVENT'): this {
    const held = this.pair.entry?.balance;
    this.pair.changedSeq += 1;
    this.pair.entry = entry(amount, held?.amount ?? null, tx(digit));
    const news = { held, cause, seq: this.pair.changedSeq };
    if (held) this.unsent = withNews(this.unsent, this.pair, news, this.stands);
    return this;
  }
}

function entry(amount: bigint | null, previousAmount: bigint | null, transaction: Hash): Entry {
  const block = { number: 1, hash: tx('b'), timestamp: 0 };
  const balance: Balance = {
    owner,
    token,
    amount,
    reason: amount === null ? 'reverted' : null,
    previousAmount,
    transactions: [transaction],
    block,
  };
  return { balance, readAt: block, cause: 'EVENT' };
}

function told({ unsent, pair }: Story): Balance | undefined {
  return unsent && pair.entry && balanceToSend(unsent, pair.entry);
}

describe('what waits for a slow reader', () => {
  it('of one change is the ledger’s own balance', () => {
    const story = new Story().moves(1n, '1').moves(5n, '2');
    expect(told(story)).toBe(story.pair.entry?.balance);
  });

  it('of many is the newest amount, from what the reader holds, with all that led to it', () => {
    const story = new Story().moves(1n, '1').moves(5n, '2').moves(9n, '3').moves(7n, '4');
    expect(told(story)).toMatchObject({
      amount: 7n,
      previousAmount: 1n,
      transactions: [tx('2'), tx('3'), tx('4')],
    });
    expect(story.unsent?.firstSeq).toBe(2);
  });

  it('is nothing new where the amount came back', () => {
    const story = new Story().moves(1n, '1').moves(5n, '2').moves(1n, '3');
    expect(story.unsent && story.pair.entry && isHeld(story.unsent, story.pair.entry, story.stands)).toBe(
      true,
    );
    story.moves(null, '4');
    expect(story.unsent && story.pair.entry && isHeld(story.unsent, story.pair.entry, story.stands)).toBe(
      false,
    );
  });

  it('is what the new branch brought alone, where a reorganisation replaced what waited', () => {
    const story = new Story().moves(1n, '1').moves(5n, '2');
    story.moves(7n, '3', 'REORG');
    expect(told(story)?.transactions).toEqual([tx('2'), tx('3')]);
    story.stands = () => false;
    story.moves(9n, '4', 'REORG');
    expect(told(story)).toMatchObject({ amount: 9n, previousAmount: 1n, transactions: [tx('4')] });
  });

  it('is told where the amount came back, and what the reader was told of is lost', () => {
    const story = new Story().moves(1n, '1').moves(5n, '2', 'REORG').moves(1n, '3');
    story.stands = () => false;
    expect(story.unsent && story.pair.entry && isHeld(story.unsent, story.pair.entry, story.stands)).toBe(
      false,
    );
  });

  it('keeps that a token came into view', () => {
    const story = new Story().moves(1n, '1').moves(5n, '2', 'SESSION_CHANGED').moves(6n, '3', 'EVENT');
    expect(story.unsent?.cause).toBe('SESSION_CHANGED');
  });
});
