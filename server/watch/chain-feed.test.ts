import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lineage } from '../chain/lineage.ts';
import { BlockUnavailable } from '../chain/rpc/errors.ts';
import type { Hash, Header } from '../chain/types.ts';
import { ChainFeed } from './chain-feed.ts';
import type { ChainUpdate, Reorg } from './service.ts';

/** What a follower is told depends on when it reads, and on nothing else: a chain by hand, on which nothing is final. */
let lineage: Lineage;
let feed: ChainFeed;
let stop: AbortController;
let running: Promise<void>;

beforeEach(() => {
  stop = new AbortController();
  lineage = new Lineage();
  const request = async () => {
    throw new BlockUnavailable('no such tag');
  };
  feed = new ChainFeed({ chainId: 1, pool: { request }, lineage });
  running = feed.run(stop.signal).catch(() => {});
});
afterEach(async () => {
  stop.abort();
  await running;
});

function header(branch: string, number: number): Header {
  const hash = (at: number): Hash => `0x${`${branch}${at}`.padStart(64, '0')}`;
  return { number, hash: hash(number), parentHash: hash(number - 1), timestamp: number };
}

function advance(branch: string, number: number, forkedAbove?: number): Header {
  const tip = header(branch, number);
  lineage.restart(tip);
  feed.advance({ tip, forkedAbove, complete: true });
  return tip;
}

async function read(follower: AsyncIterator<ChainUpdate>): Promise<ChainUpdate> {
  const { value } = await follower.next();
  if (!value) throw new Error('it has ended');
  return value;
}

function shown(reorg: Reorg | null) {
  return reorg && { depth: reorg.depth, from: reorg.from.hash, to: reorg.to.hash };
}

describe('a follower', () => {
  it('waits for a first head, then is told of each', async () => {
    const follower = feed.follow(stop.signal);
    const first = read(follower);
    const tip = advance('a', 1);
    expect(await first).toEqual({ chainId: 1, head: tip, safe: null, finalized: null, reorg: null });
    const next = read(follower);
    advance('a', 2);
    expect((await next).head).toEqual(header('a', 2));
  });

  it('that does not read is told of the newest head, and that no block was replaced', async () => {
    advance('a', 1);
    const follower = feed.follow(stop.signal);
    await read(follower);
    for (let number = 2; number < 100; number += 1) advance('a', number);
    expect(await read(follower)).toMatchObject({ head: { number: 99 }, reorg: null });
  });

  it('is told of no reorganisation from before its time', async () => {
    advance('a', 3);
    const follower = feed.follow(stop.signal);
    advance('b', 3, 1);
    expect(await read(follower)).toMatchObject({ head: header('b', 3), reorg: null });
  });

  const cases: [what: string, moves: [branch: string, number: number, forkedAbove?: number][], Reorg][] = [
    ['one', [['b', 100, 97]], { depth: 3, from: header('a', 100), to: header('b', 100) }],
    [
      'one, and the chain grew before and after',
      [
        ['a', 101],
        ['b', 102, 99],
        ['b', 110],
      ],
      { depth: 2, from: header('a', 101), to: header('b', 102) },
    ],
    [
      'two, the second deeper',
      [
        ['b', 100, 99],
        ['c', 101, 90],
      ],
      { depth: 10, from: header('a', 100), to: header('c', 101) },
    ],
    [
      'two, the second shallower, though it began where the first had led to',
      [
        ['b', 98, 97],
        ['c', 99, 96],
      ],
      { depth: 4, from: header('a', 100), to: header('c', 99) },
    ],
    [
      'two far apart',
      [
        ['b', 100, 99],
        ['b', 200],
        ['c', 200, 198],
      ],
      { depth: 1, from: header('a', 100), to: header('c', 200) },
    ],
    ['blocks that are gone', [['a', 95, 95]], { depth: 5, from: header('a', 100), to: header('a', 95) }],
  ];
  it.each(cases)(
    'that did not read of reorganisations is told all of them in one: %s',
    async (_, moves, told) => {
      advance('a', 100);
      const follower = feed.follow(stop.signal);
      await read(follower);
      for (const [branch, number, forkedAbove] of moves) advance(branch, number, forkedAbove);
      const update = await read(follower);
      const [branch, number] = moves.at(-1) ?? ['', 0];
      expect(update.head).toEqual(header(branch, number));
      expect(shown(update.reorg)).toEqual(shown(told));
      // And once is enough.
      const next = read(follower);
      advance(branch, number + 1);
      expect((await next).reorg).toBeNull();
    },
  );

  it('ends where its reader leaves, its signal aborts, or the service stops; the others go on', async () => {
    advance('a', 1);
    const leaving = new AbortController();
    const [left, aborted, stays] = [
      feed.follow(stop.signal),
      feed.follow(leaving.signal),
      feed.follow(stop.signal),
    ];
    for (const follower of [left, aborted, stays]) await read(follower);
    const waiting = [left, aborted].map((follower) => follower.next());
    await left.return?.();
    leaving.abort();
    expect(await Promise.all(waiting)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    const next = read(stays);
    advance('a', 2);
    expect((await next).head.number).toBe(2);
    const last = stays.next();
    feed.drain();
    expect((await last).done).toBe(true);
    expect((await feed.follow(stop.signal).next()).done).toBe(true);
  });
});
