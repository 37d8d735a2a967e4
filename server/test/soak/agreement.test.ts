import { describe, expect, it } from 'vitest';
import type { Address } from '../../chain/types.ts';
import { mismatches } from './agreement.ts';
import type { SoakClient } from './clients/client.ts';
import { Folded } from './clients/folded.ts';
import type { Truth } from './truth.ts';

const owner: Address = `0x${'aa'.repeat(20)}`;
const gold: Address = `0x${'01'.repeat(20)}`;
const iron: Address = `0x${'02'.repeat(20)}`;
const cursor = '1.a.b.1.1.0x00';

function clientOf(holds: Record<Address, bigint | null>, { saysWhatLeft = true } = {}): SoakClient {
  return {
    name: 'client 1',
    kind: 'GraphQL client',
    owner,
    tokens: new Set([gold]),
    holds: (token) => holds[token],
    held: saysWhatLeft ? (Object.keys(holds) as Address[]) : undefined,
    updates: 1,
    connections: 1,
    problems: [],
    [Symbol.asyncDispose]: async () => {},
  };
}

/** It holds what the chain says, and knows that much of an allowance. */
function spenderOf(held: bigint | undefined, amount: bigint | null): SoakClient {
  return { ...clientOf({ [gold]: amount }), allowances: { spenders: [iron], of: () => held } };
}

function truthOf(amount: bigint | null): Truth {
  return { head: { number: 1, hash: '0x00', timestamp: 0 }, of: () => amount, allowance: () => amount };
}

describe('a client and the chain', () => {
  it.each([
    ['the same amount', clientOf({ [gold]: 5n }), 5n],
    ['unreadable on both sides', clientOf({ [gold]: null }), null],
    ['unreadable, by a door that leaves it out', clientOf({}, { saysWhatLeft: false }), null],
    [
      'what has left, by a door that does not say',
      clientOf({ [gold]: 5n, [iron]: 1n }, { saysWhatLeft: false }),
      5n,
    ],
    ['the same allowance', spenderOf(5n, 5n), 5n],
    ['an allowance that cannot be read, and is left out', spenderOf(undefined, null), null],
  ])('agree: %s', (_, client, chain) => {
    expect(mismatches([client], truthOf(chain))).toEqual([]);
  });

  it.each([
    ['another amount', clientOf({ [gold]: 4n }), 5n, { token: gold, holds: '4', chain: '5' }],
    ['nothing', clientOf({}), 0n, { token: gold, holds: 'nothing', chain: '0' }],
    ['an amount of what cannot be read', clientOf({ [gold]: 0n }), null, { holds: '0', chain: 'unreadable' }],
    ['unreadable what can be read', clientOf({ [gold]: null }), 0n, { holds: 'unreadable', chain: '0' }],
    ['another allowance', spenderOf(4n, 5n), 5n, { token: gold, spender: iron, holds: '4', chain: '5' }],
    ['an allowance of what cannot be read', spenderOf(4n, null), null, { holds: '4', chain: 'unreadable' }],
    [
      'a token too many',
      clientOf({ [gold]: 5n, [iron]: 1n }),
      5n,
      { token: iron, holds: '1', chain: 'not in the session' },
    ],
  ])('do not: %s', (_, client, chain, mismatch) => {
    expect(mismatches([client], truthOf(chain))).toEqual([
      expect.objectContaining({ client: 'client 1', owner, ...mismatch }),
    ]);
  });
});

describe('what a client is told', () => {
  it('replaces everything, adds to it, and takes from it', () => {
    const folded = new Folded(() => true);
    folded.fold({ kind: 'SNAPSHOT', cursor, balances: [{ token: gold, amount: 1n }], removed: [] });
    folded.fold({ kind: 'DIFF', cursor, balances: [{ token: iron, amount: 2n }], removed: [] });
    expect([...folded.tokens]).toEqual([gold, iron]);
    folded.fold({ kind: 'DIFF', cursor, balances: [], removed: [gold] });
    expect([...folded.tokens]).toEqual([iron]);
    folded.fold({ kind: 'SNAPSHOT', cursor, balances: [{ token: gold, amount: 3n }], removed: [] });
    expect([...folded.tokens]).toEqual([gold]);
    expect(folded).toMatchObject({ problems: [], updates: 4 });
  });

  it.each([
    ['a cursor that cannot travel in a header', { cursor: 'a b' }, /malformed cursor/],
    ['a block without a hash', { block: { number: '1', hash: '0x' } }, /malformed block/],
    ['a token that nobody asked for', { balances: [{ token: iron, amount: 1n }] }, /nobody asked for/],
    [
      'no amount and all is well',
      { balances: [{ token: gold, amount: null, status: 'OK' }] },
      /OK with the amount null/,
    ],
  ])('is wrong: %s', (_, told, problem) => {
    const folded = new Folded((token) => token === gold);
    folded.fold({ kind: 'DIFF', cursor, balances: [], removed: [], ...told });
    expect(folded.problems).toEqual([expect.stringMatching(problem)]);
  });
});
