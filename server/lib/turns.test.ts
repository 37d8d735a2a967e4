import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

const { signal } = new AbortController();

it('so many run at once, the others in the order of asking, a failure notwithstanding', async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
  const runs = ends.map(({ promise }, index) =>
    turns.run(() => {
      begun.push(index);
      return promise;
    }, signal),
  );
  const outcomes = Promise.allSettled(runs);
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  ends[1]?.reject(new Error('failed'));
  await expect(runs[1]).rejects.toThrow('failed');
  expect(begun).toEqual([0, 1, 2]);
  for (const { resolve } of ends) resolve();
  expect((await outcomes).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
  ]);
  expect(begun).toEqual([0, 1, 2, 3]);
});

it('who is stopped while waiting does not run, and holds up nobody', async () => {
  const turns = new Turns(1);
  const stop = new AbortController();
  const first = Promise.withResolvers<void>();
  const runs = [
    turns.run(() => first.promise, signal),
    turns.run(() => Promise.reject(new Error('must not run')), stop.signal),
    turns.run(() => Promise.resolve('third'), signal),
  ];
  stop.abort(new Error('stopped'));
  const stopped = expect(runs[1]).rejects.toThrow('stopped');
  first.resolve();
  await stopped;
  expect(await runs[2]).toBe('third');
});
