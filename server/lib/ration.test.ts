import { expect, it } from 'vitest';
import { Ration } from './ration.ts';

it('a ration lets so many through in a span, and says with the next how many it did not', () => {
  let now = 0;
  const ration = new Ration(2, 1000, () => now);
  expect([ration.take(), ration.take(), ration.take(), ration.take()]).toEqual([0, 0, undefined, undefined]);
  now = 999;
  expect(ration.take()).toBeUndefined();
  now = 1000;
  expect([ration.take(), ration.take(), ration.take()]).toEqual([3, 0, undefined]);
});
