import { describe, expect, it } from 'vitest';
import type { Body, Transaction } from '../chain/bodies.ts';
import { REMEMBERED_BLOCKS } from '../chain/lineage.ts';
import { type Address, type BlockRef, type Hash, NATIVE } from '../chain/types.ts';
import { MOST_TRANSACTIONS, newPair, type WatchedPair } from './pair.ts';
import { HASHES_KEPT, Payments } from './payments.ts';

const alice: Address = `0x${'a1'.repeat(20)}`;
const bob: Address = `0x${'b0'.repeat(20)}`;
const stranger: Address = `0x${'5f'.repeat(20)}`;

function hash(name: number): Hash {
  return `0x${name.toString(16).padStart(64, '0')}`;
}
function at(number: number): BlockRef {
  return { number, hash: hash(number), timestamp: number };
}
/** Of one transaction for each pair of parties, named by the height and its place. */
function body(height: number, ...parties: [from: Address, to: Address | undefined][]): Body {
  const transactions = parties.map(([from, to], index) => ({ hash: hash(height * 1000 + index), from, to }));
  return { height, transactions: Promise.resolve(transactions) };
}
/** The native balance of alice, as of a height. */
function pairReadAt(height: number): WatchedPair {
  const pair = newPair(alice, NATIVE);
  const balance = { owner: alice, token: NATIVE, amount: 1n, reason: null, previousAmount: null };
  pair.entry = {
    balance: { ...balance, transactions: [], block: at(height) },
    readAt: at(height),
    cause: 'SUBSCRIBED',
  };
  return pair;
}

const grown = { forkedAbove: undefined, complete: true };

function begin(): Payments {
  return new Payments((owner) => owner === alice || owner === bob);
}

async function after(...bodies: Body[]): Promise<Payments> {
  const payments = begin();
  payments.advance({ ...grown, bodies });
  await Promise.all(bodies.map(({ transactions }) => transactions));
  return payments;
}

describe('who paid whom', () => {
  it('is told to both parties, once to who pays itself, and of nobody else', async () => {
    const payments = await after(
      body(7, [alice, stranger], [stranger, alice], [alice, alice], [alice, undefined], [bob, stranger]),
    );
    expect(payments.of(pairReadAt(6), at(7))).toEqual([7000, 7001, 7002, 7003].map(hash));
  });

  it('is told of the blocks since the last reading, up to that of this one', async () => {
    const bodies = [6, 7, 8, 9].map((height) => body(height, [alice, bob]));
    const payments = await after(...bodies);
    expect(payments.of(pairReadAt(6), at(8))).toEqual([7000, 8000].map(hash));
    expect(payments.of(pairReadAt(9), at(9))).toEqual([]);
  });

  it('is told from where on the value is in doubt: on another branch that is below the last reading', async () => {
    const payments = await after(body(7, [alice, bob]), body(8, [alice, bob]));
    payments.advance({ forkedAbove: 6, complete: true, bodies: [body(7, [bob, alice], [bob, alice])] });
    await Promise.resolve();
    const pair = pairReadAt(8);
    expect(payments.of(pair, at(7))).toEqual([]);
    pair.unsettled = { cause: 'REORG', from: 7, through: 7, by: [] };
    expect(payments.of(pair, at(7))).toEqual([7000, 7001].map(hash));
    expect(payments.of(pair, at(8))).toEqual([7000, 7001].map(hash));
  });

  it('says nothing of a token, nor of the first reading', async () => {
    const payments = await after(body(7, [alice, bob]));
    const token = { ...pairReadAt(6), token: stranger };
    expect(payments.of(token, at(7))).toEqual([]);
    expect(payments.of(newPair(alice, NATIVE), at(7))).toEqual([]);
  });

  it('is not known any more after a leap', async () => {
    const payments = await after(body(7, [alice, bob]));
    payments.advance({ forkedAbove: undefined, complete: false, bodies: [] });
    expect(payments.of(pairReadAt(6), at(7))).toEqual([]);
  });
});

describe('what is not known yet', () => {
  it('is pending until it is known, or cannot be had', async () => {
    const payments = begin();
    const [known, lost] = [Promise.withResolvers<Transaction[]>(), Promise.withResolvers<undefined>()];
    payments.advance({
      ...grown,
      bodies: [
        { height: 7, transactions: known.promise },
        { height: 8, transactions: lost.promise },
      ],
    });
    const pair = pairReadAt(6);
    const pending = payments.pending(pair, at(8));
    expect(pending).toHaveLength(2);
    expect(payments.pending(pair, at(7))).toHaveLength(1);
    expect(payments.pending(pairReadAt(8), at(8))).toEqual([]);
    known.resolve([{ hash: hash(1), from: bob, to: alice }]);
    lost.resolve(undefined);
    await Promise.all(pending);
    expect(payments.pending(pair, at(8))).toEqual([]);
    expect(payments.of(pair, at(8))).toEqual([hash(1)]);
  });

  it('of a block that was replaced is told of none in its place', async () => {
    const payments = begin();
    const known = Promise.withResolvers<Transaction[]>();
    payments.advance({ ...grown, bodies: [{ height: 7, transactions: known.promise }] });
    payments.advance({ forkedAbove: 6, complete: true, bodies: [body(7, [bob, alice])] });
    known.resolve([{ hash: hash(1), from: bob, to: alice }]);
    await known.promise;
    expect(payments.of(pairReadAt(6), at(7))).toEqual([hash(7000)]);
  });
});

describe('what is kept', () => {
  const times = (count: number) => Array.from({ length: count }, (): [Address, Address] => [bob, alice]);

  it('are the newest blocks', async () => {
    const bodies = Array.from({ length: REMEMBERED_BLOCKS + 1 }, (_, height) => body(height, [bob, alice]));
    const told = (await after(...bodies)).of(pairReadAt(-1), at(REMEMBERED_BLOCKS));
    expect(told).toHaveLength(REMEMBERED_BLOCKS);
    expect(told[0]).toBe(hash(1000));
  });

  it('of a block, for one wallet, is what a change names at the most', async () => {
    const pair = pairReadAt(6);
    const one = async (count: number) => (await after(body(7, ...times(count)))).of(pair, at(7)).length;
    expect(await one(MOST_TRANSACTIONS)).toBe(MOST_TRANSACTIONS);
    expect(await one(MOST_TRANSACTIONS + 1)).toBe(MOST_TRANSACTIONS);
  });

  it('is so much altogether: past it the oldest block goes', async () => {
    const payments = new Payments(() => true);
    const crowd = HASHES_KEPT / 4;
    const wallets = Array.from(
      { length: 2 * crowd },
      (_, index): Address => `0x${index.toString(16).padStart(40, '0')}`,
    );
    const pairs = Array.from({ length: crowd }, (_, index): [Address, Address] => [
      wallets[2 * index] ?? alice,
      wallets[2 * index + 1] ?? alice,
    ]);
    const first = [body(7, [alice, alice], ...pairs.slice(1)), body(8, ...pairs.slice(1))];
    payments.advance({ ...grown, bodies: first });
    await Promise.all(first.map(({ transactions }) => transactions));
    expect(payments.of(pairReadAt(6), at(9))).toHaveLength(1);
    const last = body(9, ...times(2));
    payments.advance({ ...grown, bodies: [last] });
    await last.transactions;
    expect(payments.of(pairReadAt(6), at(9))).toEqual([9000, 9001].map(hash));
  });
});
