import { expect, it } from 'vitest';
import { NATIVE } from '../chain/types.ts';
import { Confirmations } from './confirmations.ts';
import { newPair } from './pair.ts';

const pair = () => newPair('0x00000000000000000000000000000000000000f1', NATIVE);

it('the oldest confirmation is that of the pair which was not confirmed since', () => {
  const confirmations = new Confirmations();
  const [one, other, late] = [pair(), pair(), pair()];
  expect(confirmations.oldestMs(500)).toBe(0);
  confirmations.add(one, 1000);
  confirmations.add(other, 1000);
  confirmations.add(late, 2000);
  expect(confirmations.oldestMs(5000)).toBe(4000);
  confirmations.renew(one, 5000);
  expect(confirmations.oldestMs(6000)).toBe(5000);
  confirmations.remove(other);
  expect(confirmations.oldestMs(6000)).toBe(4000);
  confirmations.renew(late, 7000);
  expect(confirmations.oldestMs(7000)).toBe(2000);
  confirmations.remove(one);
  confirmations.remove(late);
  expect(confirmations.oldestMs(9000)).toBe(0);
});
