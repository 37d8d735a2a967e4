import { expect, test } from 'vitest';
import { diff, snapshot } from '../../test/socket.ts';
import { Gathering } from './gathering.ts';

const first = (chainId: number) => snapshot({}, chainId);
const change = (chainId: number) => diff({}, { chainId });
const LATE = 'late';

test.each<[string, (ReturnType<typeof first> | typeof LATE)[], string[]]>([
  ['one chain is not waited for', [first(1)], ['+1']],
  ['two come together', [first(1), first(2)], ['', '+1+2']],
  ['in whatever order', [first(2), first(1)], ['', '+2+1']],
  ['who is late comes by itself', [first(1), LATE, first(2)], ['', '+1', '+2']],
  ['of three, too', [first(1), LATE, first(3), first(2)], ['', '+1', '+3', '+2']],
  ['before anybody is there nobody is late', [LATE, first(1), first(2)], ['', '', '+1+2']],
  ['a change comes after what waits', [first(1), change(1), first(2)], ['', '+1 ~1', '+2']],
  [
    'when all are there, each by itself',
    [first(1), first(2), change(2), change(1)],
    ['', '+1+2', '~2', '~1'],
  ],
  ['a snapshot after the first, too', [first(1), first(2), first(1)], ['', '+1+2', '+1']],
  ['and after what waits', [first(1), first(1), first(2)], ['', '+1 +1', '+2']],
])('%s', (_, arriving, expected) => {
  const gathering = new Gathering([
    ...new Set(arriving.flatMap((update) => (update === LATE ? [] : [update.chainId]))),
  ]);
  const said = arriving.map((update) => {
    const lists = update === LATE ? gathering.flush() : gathering.take(update);
    return lists
      .map((list) => list.map(({ kind, chainId }) => `${kind === 'DIFF' ? '~' : '+'}${chainId}`).join(''))
      .join(' ');
  });
  expect(said).toEqual(expected);
  expect(gathering.isWaiting).toBe(false);
});
