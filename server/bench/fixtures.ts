import { createHash } from 'node:crypto';
import type { Address } from '../chain/types.ts';

/** Addresses that are the same in every process and every run. */
export const wallet = (index: number): Address => address(`wallet ${index}`);
export const token = (index: number): Address => address(`token ${index}`);

export const wallets = (count: number): Address[] => Array.from({ length: count }, (_, i) => wallet(i));
export const tokens = (count: number): Address[] => Array.from({ length: count }, (_, i) => token(i));

export const CHAIN_ID = 31337;
export const WRAPPED_NATIVE: Address = address('wrapped native');

function address(name: string): Address {
  return `0x${createHash('sha256').update(name).digest('hex').slice(0, 40)}`;
}
