import { describe, expect, it } from 'vitest';
import { atMost } from './at-most.ts';

describe('atMost', () => {
  it('does everything, in order, never more at once than it may', async () => {
    const items = Array.from({ length: 50 }, (_, index) => index);
    const begun: number[] = [];
    let underWay = 0;
    let most = 0;
    await atMost(8, items, async (item) => {
      begun.push(item);
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
    });
    expect(begun).toEqual(items);
    expect([most, underWay]).toEqual([8, 0]);
  });

  it('begins nothing more after a failure, and throws it when the rest has ended', async () => {
    const done: number[] = [];
    const begun: number[] = [];
    const all = atMost(3, [1, 2, 3, 4, 5, 6], async (item) => {
      begun.push(item);
      if (item === 2) throw new Error('two');
      await new Promise((resolve) => setImmediate(resolve));
      done.push(item);
    });
    await expect(all).rejects.toThrow('two');
    expect(begun).toEqual([1, 2, 3]);
    expect(done).toEqual([1, 3]);
  });

  it('has nothing to do for nothing', async () => {
    await expect(atMost(3, [], () => Promise.reject(new Error('never')))).resolves.toBeUndefined();
  });
});
