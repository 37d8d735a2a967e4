import { type Address, NATIVE } from '../../chain/types.ts';
import type { Block } from './block.ts';
import type { SyntheticChain } from './chain.ts';
import { encodedString, padded, word, ZERO_WORD } from './words.ts';

const TRY_BLOCK_AND_AGGREGATE = '399542e9';
const GET_ETH_BALANCE = '4d2301cc';
const BALANCE_OF = '70a08231';
const SYMBOL = '95d89b41';
const NAME = '06fdde03';
const DECIMALS = '313ce567';

/**
 * What a contract call returns, as hex without 0x; undefined where it reverts. Every address is an ERC-20, and
 * answers as Multicall3 besides.
 */
export function callContract(
  chain: SyntheticChain,
  block: Block,
  target: Address,
  input: string,
): string | undefined {
  const selector = input.slice(2, 10);
  switch (selector) {
    case BALANCE_OF:
      return chain.balanceWord(target, addressAt(input, 10), block.number);
    case GET_ETH_BALANCE:
      return chain.balanceWord(NATIVE, addressAt(input, 10), block.number);
    case TRY_BLOCK_AND_AGGREGATE:
      return tryBlockAndAggregate(chain, block, input);
    case SYMBOL:
      return encodedString(`T${target.slice(2, 6)}`);
    case NAME:
      return encodedString(`Token ${target.slice(2, 10)}`);
    case DECIMALS:
      return word(18);
    default:
      return undefined;
  }
}

/**
 * Multicall3's `tryBlockAndAggregate(bool, (address, bytes)[]) returns (uint256, bytes32, (bool, bytes)[])`.
 * The hash is zero, as `blockhash(block.number)` is on a chain.
 */
function tryBlockAndAggregate(chain: SyntheticChain, block: Block, input: string): string | undefined {
  const start = 10;
  const requireSuccess = numberAt(input, start) !== 0;
  const calls = start + numberAt(input, start + 64) * 2;
  const count = numberAt(input, calls);
  const first = calls + 64;
  let offset = count * 32;
  let offsets = '';
  let results = '';
  for (let i = 0; i < count; i++) {
    const call = first + numberAt(input, first + i * 64) * 2;
    const bytes = call + numberAt(input, call + 64) * 2;
    const length = numberAt(input, bytes) * 2;
    const data = `0x${input.slice(bytes + 64, bytes + 64 + length)}`;
    const answer = callContract(chain, block, addressAt(input, call), data);
    if (answer === undefined && requireSuccess) return undefined;
    const result = encodedResult(answer);
    offsets += word(offset);
    results += result;
    offset += result.length / 2;
  }
  return word(block.number) + ZERO_WORD + word(96) + word(count) + offsets + results;
}

const TRUE_WORD = word(1);
const OFFSET_64 = word(64);
const LENGTH_32 = word(32);

/** `(bool success, bytes returnData)`. */
function encodedResult(answer: string | undefined): string {
  if (answer === undefined) return ZERO_WORD + OFFSET_64 + ZERO_WORD;
  if (answer.length === 64) return TRUE_WORD + OFFSET_64 + LENGTH_32 + answer;
  return TRUE_WORD + OFFSET_64 + word(answer.length / 2) + padded(answer);
}

/** The word at that position of the text, of which only the low six bytes can be set in anything this size. */
function numberAt(hex: string, position: number): number {
  return Number.parseInt(hex.slice(position + 52, position + 64), 16);
}

function addressAt(hex: string, position: number): Address {
  return `0x${hex.slice(position + 24, position + 64)}`;
}
