import type { Hex } from '../types.ts';
import { type CallResult, firstWord } from './codec.ts';

/** What a read says of one pair: an amount, or why the token could not be read. Never a zero for a failure. */
export type Reading = { readonly amount: bigint } | { readonly unreadable: string };

/** The function of a token that is asked for an amount. */
export type AmountFunction = 'balanceOf' | 'allowance';

/**
 * A balance is 32 bytes, and so is an allowance. Some tokens return a little more; with this much it is a bomb, and not
 * read.
 */
export const MOST_RETURNED_BYTES = 1024;

/** A name of 256 characters is 1,024 bytes and two words. */
const MOST_TEXT_BYTES = 4096;

/** What the result of that function, as it was asked alone or beside well-behaved ones, says. */
export function readingOf({ success, data, fault }: CallResult, asked: AmountFunction): Reading {
  const bytes = sizeOf(data);
  if (fault === 'refused') return { unreadable: `the node refuses to run ${asked}, or it answers too much` };
  if (!success && fault === 'burnt') return { unreadable: `${asked} uses up all the gas that it is given` };
  if (!success)
    return { unreadable: isBomb(data) ? `${asked} reverted with ${bytes} bytes` : `${asked} reverted` };
  if (bytes === 0) return { unreadable: `no contract at this address, or ${asked} returns nothing` };
  const amount = firstWord(data);
  if (amount === undefined || isBomb(data))
    return { unreadable: `${asked} returned ${bytes} bytes instead of 32` };
  return { amount };
}

/** Whether such a result can cost others theirs: it takes the gas, or more of the answer than is fair. */
export function isCostly({ data, fault }: CallResult): boolean {
  return fault !== undefined || isBomb(data);
}

/** The same of a call whose answer may be a text of some length. */
export function isBurden({ data, fault }: CallResult): boolean {
  return fault !== undefined || sizeOf(data) > MOST_TEXT_BYTES;
}

function isBomb(data: Hex): boolean {
  return sizeOf(data) > MOST_RETURNED_BYTES;
}

function sizeOf(data: Hex): number {
  return (data.length - 2) / 2;
}
