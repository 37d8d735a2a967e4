import { expect, it } from 'vitest';
import { type Address, NATIVE } from '../chain/types.ts';
import { eventually } from '../test/app.ts';
import { blockAt } from '../test/service.ts';
import { newPair, type WatchedPair } from './pair.ts';
import { ward } from './ward.ts';

const token = (digit: string): Address => `0x${digit.repeat(40)}`;

it('one whose test has not had its turn yet is not put in line again; who was tested is', async () => {
  const waiting = newPair(NATIVE, token('1'));
  const quick = newPair(NATIVE, token('2'));
  const asked: WatchedPair[] = [];
  using stack = new DisposableStack();
  const stop = stack.adopt(new AbortController(), (controller) => controller.abort());
  const pairs = [waiting, quick];
  void ward(
    {
      quarantine: { due: (isWatched) => pairs.filter(isWatched), standing: () => ({ isCostly: true }) },
      pair: ({ token: of }) => pairs.find((pair) => pair.token === of),
      pin: () => blockAt(7),
      read: (due, _pin, _signal, had) => {
        asked.push(...due);
        had([quick], [{ unreadable: 'still' }]);
        return new Promise(() => {});
      },
      settle: () => {},
    },
    stop.signal,
  ).catch(() => {});
  await eventually(() => expect(asked.filter((pair) => pair === quick)).toHaveLength(3));
  expect(asked.filter((pair) => pair === waiting)).toHaveLength(1);
});
