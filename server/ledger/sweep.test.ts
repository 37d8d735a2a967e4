import { describe, expect, it } from 'vitest';
import { CALLS_PER_READ } from '../chain/multicall/reader.ts';
import { NATIVE } from '../chain/types.ts';
import { eventually } from '../test/app.ts';
import { newPair, type WatchedPair } from './pair.ts';
import { pauseMs, READS_AT_ONCE, sweep } from './sweep.ts';
import { Turns } from './turns.ts';

const block = { number: 1, hash: '0x1', timestamp: 1 } as const;

describe('the pause after a read', () => {
  const minute = { intervalMs: 60_000, leftMs: 60_000, planned: 5000, had: 500 };
  it.each([
    ['shares the time out evenly', { ...minute, ahead: 4500 }, 6000],
    ['is the rest of the interval after the last read', { ...minute, leftMs: 7000, ahead: 0 }, 7000],
    ['grows where others have read what was ahead', { ...minute, leftMs: 30_000, ahead: 1000 }, 10_000],
    ['shrinks where time was lost', { ...minute, leftMs: 24_000, ahead: 2500 }, 4000],
    ['but to no less than half', { ...minute, leftMs: 5000, ahead: 4500 }, 3000],
    ['and never outlasts the interval', { ...minute, leftMs: 1000, ahead: 4500 }, 1000],
    ['is short where nothing could be read', { ...minute, had: 0, ahead: 5000 }, 100],
    ['with nothing planned lasts the interval', { ...minute, planned: 0, ahead: 5 }, 60_000],
  ])('%s', (_, pace, expected) => {
    expect(pauseMs(pace)).toBe(expected);
  });
});

function turnsOf(count: number): Turns {
  const turns = new Turns();
  for (let index = 0; index < count; index += 1)
    turns.add(newPair(`0x${String(index).padStart(40, '0')}`, NATIVE));
  return turns;
}

describe('a sweep whose reads are not answered', () => {
  it('has no more than so many under way, and goes on when one is', async () => {
    const stop = new AbortController();
    const answers: (() => void)[] = [];
    let looks = 0;
    const running = sweep(
      {
        intervalMs: 300,
        budget: 1_000_000,
        turns: turnsOf((READS_AT_ONCE + 5) * CALLS_PER_READ),
        pin: () => {
          looks += 1;
          return block;
        },
        read: () => new Promise<void>((resolve) => answers.push(resolve)),
        settle: () => {},
        failed: () => {},
      },
      stop.signal,
    );
    await eventually(() => expect(answers).toHaveLength(READS_AT_ONCE));
    const before = looks;
    await eventually(() => expect(looks).toBeGreaterThan(before + 5));
    expect(answers).toHaveLength(READS_AT_ONCE);
    answers[0]?.();
    await eventually(() => expect(answers).toHaveLength(READS_AT_ONCE + 1));
    stop.abort();
    await expect(running).rejects.toThrow('aborted');
  });
});

describe('a sweep whose reads fail', () => {
  it('says so once, and again only after an interval in which none did', async () => {
    const stop = new AbortController();
    const turns = turnsOf(3);
    const said: [reason: string, isNews: boolean][] = [];
    let fails = true;
    let reads = 0;
    const running = sweep(
      {
        intervalMs: 10,
        budget: 3,
        turns,
        pin: () => block,
        settle: () => {},
        read: async (pairs: readonly WatchedPair[]) => {
          reads += 1;
          if (fails) throw new Error(`no answer ${said.length + 1}`);
          for (const pair of pairs) turns.confirmed(pair);
        },
        failed: (reason, isNews) => said.push([reason, isNews]),
      },
      stop.signal,
    );
    const more = async (count: number) => {
      const from = reads;
      await eventually(() => expect(reads).toBeGreaterThanOrEqual(from + count));
    };
    await more(4);
    fails = false;
    await more(4);
    const before = said.length;
    fails = true;
    await more(3);
    stop.abort();
    await expect(running).rejects.toThrow('aborted');
    const news = said.filter(([, isNews]) => isNews).map(([reason]) => reason);
    expect(news).toEqual(['no answer 1', `no answer ${before + 1}`]);
    expect(said.length).toBeGreaterThan(news.length);
  });
});
