import { expect, it } from 'vitest';
import { Lineage } from './lineage.ts';
import { BlockUnavailable } from './rpc/errors.ts';
import type { Requester } from './rpc/message.ts';
import { Tag, UNKNOWN_MOST_MS } from './tag.ts';
import type { Header } from './types.ts';

const { signal } = new AbortController();
const lineage = new Lineage();
const block: Header = { number: 5, hash: '0x05', parentHash: '0x04', timestamp: 0 };
lineage.advance([block]);

const unknown: Requester = {
  request: async () => {
    throw new BlockUnavailable('no such tag');
  },
};
const known: Requester = { request: async <T>() => block as T };

/** When it was asked for, in seconds, on a chain with a block every second. */
async function askFor(
  tag: Tag,
  pool: Requester,
  clock: { nowMs: number },
  seconds: number,
): Promise<number[]> {
  const askedAt: number[] = [];
  for (let second = 0; second < seconds; second += 1) {
    clock.nowMs += 1000;
    if (!tag.isDue(true)) continue;
    askedAt.push(clock.nowMs / 1000);
    await tag.ask({ pool, lineage }, signal);
  }
  return askedAt;
}

it('a tag that is answered is asked for each time; one that nobody knows ever more rarely, and never given up', async () => {
  const clock = { nowMs: 0 };
  const tag = new Tag('safe', () => clock.nowMs);
  expect(await askFor(tag, known, clock, 100)).toHaveLength(100);
  expect(tag.settled.told?.number).toBe(5);

  const askedAt = await askFor(tag, unknown, clock, 3600);
  const pauses = askedAt.slice(1).map((at, index) => at - (askedAt[index] ?? 0));
  // Within a minute it has come to its longest pause, of which jitter takes up to a half.
  for (const pause of pauses.slice(8)) expect(pause).toBeGreaterThanOrEqual(UNKNOWN_MOST_MS / 2000);
  for (const pause of pauses) expect(pause).toBeLessThanOrEqual(UNKNOWN_MOST_MS / 1000);
  // What was known stands.
  expect(tag.settled.told?.number).toBe(5);

  await askFor(tag, known, clock, 60);
  expect(await askFor(tag, known, clock, 10)).toHaveLength(10);
});

it('a tag that had no answer waits for a head: an outage, in which none comes, makes it no rarer', async () => {
  const tag = new Tag('finalized', () => 0);
  expect(tag.isDue(false)).toBe(true);
  await tag.ask({ pool: unknown, lineage }, signal);
  expect(tag.isDue(false)).toBe(false);
});
