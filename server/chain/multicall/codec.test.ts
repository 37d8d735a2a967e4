import {
  decodeFunctionResult,
  encodeFunctionData,
  encodeFunctionResult,
  erc20Abi,
  multicall3Abi,
  parseAbi,
} from 'viem';
import { describe, expect, it } from 'vitest';
import { EndpointError } from '../rpc/errors.ts';
import type { Address, Hex } from '../types.ts';
import {
  allowance,
  balanceOf,
  type Call,
  decodeResults,
  encodeCalls,
  firstWord,
  getEthBalance,
  SYMBOL,
} from './codec.ts';

const abi = parseAbi([
  'function tryBlockAndAggregate(bool requireSuccess, (address target, bytes callData)[] calls) payable returns (uint256 blockNumber, bytes32 blockHash, (bool success, bytes returnData)[] returnData)',
]);
const owner: Address = '0x00000000000000000000000000000000000000f1';
const target: Address = '0xca11bde05977b3631167028862be2a173976ca11';

function answer(results: readonly { success: boolean; returnData: Hex }[]): Hex {
  return encodeFunctionResult({
    abi,
    functionName: 'tryBlockAndAggregate',
    result: [7n, `0x${'ab'.repeat(32)}`, results],
  });
}

describe('the codec', () => {
  it('encodes as viem does, to the byte', () => {
    expect(balanceOf(owner)).toBe(
      encodeFunctionData({ abi: erc20Abi, functionName: 'balanceOf', args: [owner] }),
    );
    expect(allowance(owner, target)).toBe(
      encodeFunctionData({ abi: erc20Abi, functionName: 'allowance', args: [owner, target] }),
    );
    expect(getEthBalance(owner)).toBe(
      encodeFunctionData({ abi: multicall3Abi, functionName: 'getEthBalance', args: [owner] }),
    );
    const batches: Call[][] = [
      [],
      [{ target, data: balanceOf(owner) }],
      [
        { target, data: SYMBOL },
        { target: owner, data: '0x' },
      ],
      Array.from({ length: 777 }, (_, i) => ({ target, data: i % 3 ? balanceOf(owner) : SYMBOL })),
      [
        { target, data: `0x${'11'.repeat(32)}` },
        { target, data: `0x${'22'.repeat(33)}` },
      ],
    ];
    for (const calls of batches)
      expect(encodeCalls(calls)).toBe(
        encodeFunctionData({
          abi,
          functionName: 'tryBlockAndAggregate',
          args: [false, calls.map(({ target: to, data }) => ({ target: to, callData: data }))],
        }),
      );
  });

  it('decodes what viem encodes, whatever a token returned', () => {
    const results = [
      { success: true, returnData: `0x${'0'.repeat(63)}5` as Hex },
      { success: false, returnData: '0x' as Hex },
      { success: true, returnData: `0x${'ff'.repeat(31)}` as Hex },
      { success: true, returnData: `0x${'01'.repeat(100_000)}` as Hex },
      { success: false, returnData: `0x${'02'.repeat(65)}` as Hex },
    ];
    const encoded = answer(results);
    expect(decodeResults(encoded, results.length)).toEqual(
      results.map(({ success, returnData }) => ({ success, data: returnData })),
    );
    const [, , decoded] = decodeFunctionResult({ abi, functionName: 'tryBlockAndAggregate', data: encoded });
    expect(decoded).toEqual(results);
  });

  it('takes a word where there is one, and nothing for less', () => {
    expect(firstWord(`0x${'f'.repeat(64)}`)).toBe(2n ** 256n - 1n);
    expect(firstWord(`0x${'0'.repeat(63)}7${'f'.repeat(64)}`)).toBe(7n);
    expect(firstWord('0x')).toBeUndefined();
    expect(firstWord(`0x${'f'.repeat(62)}`)).toBeUndefined();
  });

  it('refuses an answer that is not what Multicall3 returns', () => {
    const good = answer([{ success: true, returnData: `0x${'0'.repeat(64)}` }]);
    const broken: [unknown, string][] = [
      [undefined, 'no hex string'],
      ['0x', 'MULTICALL_ADDRESS'],
      ['nonsense', 'no hex string'],
      [good.slice(0, 100), 'out of range'],
      [good.slice(0, -64), 'cut short'],
      [`${good.slice(0, 2 + 128)}${'f'.repeat(64)}${good.slice(2 + 192)}`, 'out of range'],
      [answer([]), 'does not hold 1'],
    ];
    for (const [text, why] of broken) {
      expect(() => decodeResults(text, 1)).toThrow(EndpointError);
      expect(() => decodeResults(text, 1)).toThrow(why);
    }
  });
});
