import type { Address, Hex } from './types.ts';

/**
 * keccak256 of `Trade(address,address,address,uint256,uint256,uint256,bytes)`, which CoW Protocol's GPv2Settlement
 * emits for every order that it settles. A trade may pay native coin from inside the contract, of which no log and
 * no transaction's own fields tell.
 */
export const TRADE: Hex = '0xa07a543ab8a018198e99ca0184c93fe9050a79400a0a723441f84de1d972cc17';

/** Two tokens, three amounts and where the order's id stands, a word each; then the id. */
const LEAST_DATA = /^0x(?:0{24}([0-9a-f]{40})){2}([0-9a-f]{64}){4}/i;

/** What the owner of a trade's order sold and bought; nothing where the data is none of a trade. */
export function tradedTokens(data: string | undefined): readonly Address[] {
  if (data === undefined || !LEAST_DATA.test(data)) return [];
  return [addressAt(data, 0), addressAt(data, 1)];
}

function addressAt(data: string, word: number): Address {
  const end = 2 + (word + 1) * 64;
  return `0x${data.slice(end - 40, end).toLowerCase()}`;
}
