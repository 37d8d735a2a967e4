import { EndpointError } from '../rpc/errors.ts';
import type { Address, Hex } from '../types.ts';

/**
 * ABI encoding of the one Multicall3 function that we call, by hand: its shape is fixed, and a general encoder
 * costs twenty times as much.
 * `tryBlockAndAggregate(bool requireSuccess, (address target, bytes callData)[] calls)
 *   returns (uint256 blockNumber, bytes32 blockHash, (bool success, bytes returnData)[])`
 */
export interface Call {
  readonly target: Address;
  readonly data: Hex;
}

export interface CallResult {
  readonly success: boolean;
  readonly data: Hex;
  /**
   * What it costs others, known only of a call that was asked alone: the node would not run it or its answer is too
   * large (`refused`), or it used up all the gas it was given (`burnt`).
   */
  readonly fault?: 'refused' | 'burnt';
}

const TRY_BLOCK_AND_AGGREGATE = '0x399542e9';
const BALANCE_OF = '0x70a08231000000000000000000000000';
const ALLOWANCE = '0xdd62ed3e000000000000000000000000';
const GET_ETH_BALANCE = '0x4d2301cc000000000000000000000000';
const WORD = 64;
const ZERO_WORD = '0'.repeat(WORD);
const NO_HEX = /[^0-9a-fA-F]/;

export const SYMBOL: Hex = '0x95d89b41';
export const NAME: Hex = '0x06fdde03';
export const DECIMALS: Hex = '0x313ce567';

export function balanceOf(owner: Address): Hex {
  return `${BALANCE_OF}${owner.slice(2)}` as Hex;
}

export function allowance(owner: Address, spender: Address): Hex {
  return `${ALLOWANCE}${owner.slice(2)}000000000000000000000000${spender.slice(2)}` as Hex;
}

/** Multicall3's own reader of native balances. */
export function getEthBalance(owner: Address): Hex {
  return `${GET_ETH_BALANCE}${owner.slice(2)}` as Hex;
}

export function encodeCalls(calls: readonly Call[]): Hex {
  let offset = calls.length * 32;
  let offsets = '';
  let tuples = '';
  for (const { target, data } of calls) {
    offsets += word(offset);
    const digits = data.length - 2;
    const padding = (WORD - (digits % WORD)) % WORD;
    tuples += `000000000000000000000000${target.slice(2)}${word(64)}${word(digits / 2)}${data.slice(2)}${ZERO_WORD.slice(0, padding)}`;
    offset += 96 + (digits + padding) / 2;
  }
  return `${TRY_BLOCK_AND_AGGREGATE}${ZERO_WORD}${word(64)}${word(calls.length)}${offsets}${tuples}` as Hex;
}

/**
 * The results in the order of the calls. Throws EndpointError where the answer is not what Multicall3 returns:
 * nothing in it is taken on trust, offsets and lengths come from outside.
 */
export function decodeResults(answer: unknown, count: number): CallResult[] {
  if (typeof answer !== 'string' || !answer.startsWith('0x')) throw malformed('it is no hex string');
  if (answer === '0x') throw malformed('it is empty: no Multicall3 at that address (MULTICALL_ADDRESS)');
  if (answer.length % 2 === 1 || NO_HEX.test(answer.slice(2))) throw malformed('it is no hex string');
  const array = 2 + offsetAt(answer, 2 + 2 * WORD) * 2;
  if (offsetAt(answer, array) !== count) throw malformed(`it does not hold ${count} results`);
  const heads = array + WORD;
  const results: CallResult[] = [];
  for (let index = 0; index < count; index += 1) {
    const tuple = heads + offsetAt(answer, heads + index * WORD) * 2;
    const bytes = tuple + offsetAt(answer, tuple + WORD) * 2;
    const start = bytes + WORD;
    const end = start + offsetAt(answer, bytes) * 2;
    if (end > answer.length) throw malformed('it is cut short');
    const success = offsetAt(answer, tuple);
    if (success > 1) throw malformed('a call neither succeeded nor failed');
    results.push({
      success: success === 1,
      data: `0x${answer.slice(start, end)}`,
    });
  }
  return results;
}

const WORD_AS_AMOUNT = /^0x[0-9a-fA-F]{64}/;

/** The first word of what a call returned, or undefined where it returned less than one. */
export function firstWord(data: Hex): bigint | undefined {
  return WORD_AS_AMOUNT.test(data) ? BigInt(data.slice(0, 2 + WORD)) : undefined;
}

function word(value: number): string {
  return value.toString(16).padStart(WORD, '0');
}

/** Larger offsets than an answer can be long (and so anything past 2^53) are refused by their zeros missing. */
function offsetAt(answer: string, position: number): number {
  const high = answer.slice(position, position + WORD - 8);
  const low = answer.slice(position + WORD - 8, position + WORD);
  if (low.length < 8 || high !== ZERO_HIGH) throw malformed('an offset is out of range');
  return Number.parseInt(low, 16);
}
const ZERO_HIGH = ZERO_WORD.slice(8);

function malformed(why: string): EndpointError {
  return new EndpointError(`eth_call: the answer of Multicall3 is malformed: ${why}`);
}
