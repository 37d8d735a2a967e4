import fc from 'fast-check';
import { decodeFunctionResult, parseAbi } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BaseError } from '../errors.ts';
import { startTestChain, type TestChain } from '../test/anvil.ts';
import { deployToken, mint } from '../test/contracts.ts';
import { type Below, spoiled } from '../test/spoil.ts';
import { bloomSays } from './bloom.ts';
import { blockByHash, parseHeader } from './header.ts';
import { parseLogs, TRANSFER } from './logs.ts';
import {
  balanceOf,
  decodeResults,
  encodeCalls,
  firstWord,
  getEthBalance,
  SYMBOL,
} from './multicall/codec.ts';
import { readingOf } from './multicall/reading.ts';
import { classify } from './rpc/errors.ts';
import { resultOf } from './rpc/message.ts';
import { parseParties } from './scan.ts';
import { touchesOf } from './touches.ts';
import type { Address, Hash, Hex } from './types.ts';

/**
 * What a node answers is outside input: it comes out as what it says, well-formed, or as an error of the family.
 * The answers are real ones, and then spoiled.
 */
let chain: TestChain;
let block: Record<string, unknown> & { hash: Hash; number: Hex };
let full: object;
let logs: readonly object[];
let answer: Hex;
const CALLS = 4;
const LONGEST_MESSAGE = 1200;

beforeAll(async () => {
  chain = await startTestChain();
  const owner = await chain.newWallet();
  const token = await deployToken(chain);
  await chain.automine(false);
  for (const to of [owner, chain.deployer]) await mint(chain, token, to, 5n);
  const { hash } = await chain.mine();
  const ask = async (method: string, params: unknown[]) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const headers = { 'content-type': 'application/json' };
    return (await (await fetch(chain.url, { method: 'POST', headers, body })).json()).result;
  };
  block = await ask('eth_getBlockByHash', [hash, false]);
  full = await ask('eth_getBlockByHash', [hash, true]);
  logs = await ask('eth_getLogs', [{ blockHash: hash, topics: [[TRANSFER]] }]);
  const data = encodeCalls([
    { target: token, data: balanceOf(owner) },
    { target: chain.multicall, data: getEthBalance(owner) },
    { target: token, data: '0x12345678' },
    { target: token, data: SYMBOL },
  ]);
  answer = await ask('eth_call', [{ to: chain.multicall, data }, { blockHash: hash }]);
});
afterAll(() => chain?.[Symbol.asyncDispose]());

const outcomes = { read: 0, refused: 0 };

/** What reading it gives, or undefined where it is refused as it should be. */
function readOr<T>(read: () => T): T | undefined {
  try {
    const value = read();
    outcomes.read += 1;
    return value;
  } catch (error) {
    outcomes.refused += 1;
    expect(error).toBeInstanceOf(BaseError);
    expect((error as BaseError).message.length).toBeLessThan(LONGEST_MESSAGE);
    return undefined;
  }
}

function forSpoiled(value: (below: Below) => unknown, check: (value: unknown) => void, numRuns = 3000): void {
  Object.assign(outcomes, { read: 0, refused: 0 });
  fc.assert(
    fc.property(fc.gen(), (pick) => {
      const below: Below = (count) => pick(fc.nat, Math.max(0, count - 1));
      check(spoiled(value(below), below));
    }),
    { numRuns },
  );
  // What is spoiled so that nothing can be read, or all can, tests nothing.
  expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(numRuns / 100);
}

const own = (value: unknown, key: string) => (value as Record<string, unknown>)[key];
const isHex = (digits: number) => new RegExp(`^0x[0-9a-f]{${digits}}$`);

describe('a block', () => {
  test('is the one that it says, or none', () => {
    forSpoiled(
      () => block,
      (given) => {
        const header = readOr(() => parseHeader(given));
        if (!header) return;
        for (const key of ['hash', 'parentHash'] as const) {
          expect(header[key]).toMatch(isHex(64));
          expect(header[key]).toBe(String(own(given, key)).toLowerCase());
        }
        for (const key of ['number', 'timestamp'] as const) {
          expect(Number.isSafeInteger(header[key])).toBe(true);
          expect(BigInt(header[key])).toBe(BigInt(String(own(given, key))));
        }
        expect(new Date(header.timestamp * 1000).toISOString()).toMatch(/Z$/);
        bloomSays(header, [TRANSFER]);
      },
    );
  });

  test('that was asked for by its hash is that one', () => {
    forSpoiled(
      () => block,
      (given) => {
        const header = readOr(() => blockByHash(block.hash).parse(given));
        if (header) expect(header.hash).toBe(block.hash);
      },
    );
  });

  test('names the parties of its transactions', () => {
    expect(parseParties(full).length).toBeGreaterThan(2);
    forSpoiled(
      () => full,
      (given) => {
        for (const party of readOr(() => parseParties(given)) ?? []) expect(party).toMatch(isHex(40));
      },
    );
  });

  test('of another age than a date can tell is refused', () => {
    const at = (timestamp: bigint) => () =>
      parseHeader({ ...block, timestamp: `0x${timestamp.toString(16)}` });
    expect(at(8_640_000_000_000n)().timestamp).toBe(8_640_000_000_000);
    expect(at(8_640_000_000_001n)).toThrow('timestamp');
  });
});

describe('logs', () => {
  test('are those of the block, or none', () => {
    expect(parseLogs(logs, block.hash)).toHaveLength(2);
    forSpoiled(
      () => logs,
      (given) => {
        const read = readOr(() => parseLogs(given, block.hash));
        if (!read) return;
        for (const { address, topics, transactionHash } of read) {
          expect(address).toMatch(isHex(40));
          expect(transactionHash).toMatch(isHex(64));
          expect(topics.length).toBeLessThanOrEqual(4);
          for (const topic of topics) expect(topic).toMatch(isHex(64));
        }
        for (const { owner, token } of touchesOf(read, 7))
          for (const address of [owner, token]) expect(address).toMatch(isHex(40));
      },
    );
  });

  test.each([
    ['numbers', () => Array(2_000_000).fill(0)],
    ['logs with topics by the million', () => [{ ...logs[0], topics: Array(2_000_000).fill(0) }]],
  ])('that are %s are refused in a few words', (_, spoil) => {
    expect(readOr(() => parseLogs(spoil(), block.hash))).toBeUndefined();
  });

  test('of a block of transactions that are none are refused in a few words', () => {
    expect(readOr(() => parseParties({ transactions: Array(2_000_000).fill(0) }))).toBeUndefined();
  });
});

describe('an answer of Multicall3', () => {
  const abi = parseAbi([
    'function tryBlockAndAggregate(bool requireSuccess, (address target, bytes callData)[] calls) payable returns (uint256 blockNumber, bytes32 blockHash, (bool success, bytes returnData)[] returnData)',
  ]);

  test('is read as an independent decoder reads it, or refused', () => {
    const [mine, native, failed] = decodeResults(answer, CALLS);
    expect([mine, native].map((result) => result && readingOf(result, 'balanceOf'))).toEqual([
      { amount: 5n },
      { amount: 10n ** 19n },
    ]);
    expect(failed?.success).toBe(false);
    forSpoiled(
      () => answer,
      (given) => {
        const results = readOr(() => decodeResults(given, CALLS));
        if (!results) return;
        expect(results).toHaveLength(CALLS);
        for (const result of results) {
          expect(result.data).toMatch(/^0x([0-9a-fA-F]{2})*$/);
          const amount = firstWord(result.data);
          expect(amount === undefined || (amount >= 0n && amount < 2n ** 256n)).toBe(true);
          readingOf(result, 'balanceOf');
        }
        const [, , decoded] = decodeFunctionResult({
          abi,
          functionName: 'tryBlockAndAggregate',
          data: (given as Hex).toLowerCase() as Hex,
        });
        expect(results.map(({ success, data }) => ({ success, data: data.toLowerCase() }))).toEqual(
          decoded.map(({ success, returnData }) => ({ success, data: returnData })),
        );
      },
      6000,
    );
  });

  test.each<[string, (good: Hex) => string, string]>([
    ['an offset with a letter behind it', (good) => good.replace(/60(?=.{64}0{63}4)/, '6g'), 'no hex'],
    ['a letter in an amount', (good) => good.replace(/5(?=0{63})/, 'z'), 'no hex'],
    ['neither success nor failure', (good) => good.replace(/1(?=0{62}40)/, '3'), 'neither'],
    ['half a byte', (good) => good.slice(0, -1), 'no hex'],
  ])('with %s is refused', (_, spoil, why) => {
    const bad = spoil(answer);
    expect(bad).not.toBe(answer);
    expect(() => decodeResults(bad, CALLS)).toThrow(why);
  });
});

describe('an answer of JSON-RPC', () => {
  const good = () => ({ jsonrpc: '2.0', id: 7, result: block.number });
  const bad = () => ({
    jsonrpc: '2.0',
    id: 7,
    error: { code: -32000, message: 'header not found', data: '0x' },
  });

  test.each(['eth_call', 'eth_getLogs'])('to %s is its result, or an error of ours', (method) => {
    forSpoiled(
      (below) => (below(2) === 0 ? good() : bad()),
      (given) => {
        const result = readOr(() => resultOf(method, 7, given));
        if (result === undefined) return;
        expect([own(given, 'id'), own(given, 'result')]).toEqual([7, result]);
        expect(own(given, 'error') ?? null).toBeNull();
      },
    );
  });

  test.each<[string, object, string]>([
    [
      'an error of no known shape beside a null',
      { id: 7, result: null, error: 'slow down' },
      'UPSTREAM_UNAVAILABLE',
    ],
    [
      "another call's error",
      { id: 8, error: { code: 3, message: 'execution reverted' } },
      'UPSTREAM_UNAVAILABLE',
    ],
    ["nobody's error", { id: null, error: { code: 3, message: 'execution reverted' } }, 'UPSTREAM_REFUSED'],
    ['a batch', [{ id: 7, result: '0x1' }], 'UPSTREAM_UNAVAILABLE'],
  ])('that is %s is taken for what it is', (_, message, code) => {
    expect(() => resultOf('eth_call', 7, message)).toThrow(expect.objectContaining({ code }));
  });

  test('may say anything for an error, at any length', () => {
    const message = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^(block |not |found|rate|limit|\s){0,20}$/),
    );
    const code = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(3, -32000, -32001, -32005, 429));
    fc.assert(
      fc.property(message, code, fc.nat(300), (text, number, times) => {
        for (const method of ['eth_call', 'eth_chainId']) {
          const error = classify(method, { code: number, message: text.repeat(times) });
          expect(error).toBeInstanceOf(BaseError);
          expect(error.message.length).toBeLessThan(LONGEST_MESSAGE);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('with megabytes of words is classified by the first of them', () => {
    const words = 'block is not where you look '.repeat(1_000_000);
    const error = classify('eth_call', { code: 3, message: `execution reverted: ${words}` });
    expect(error).toMatchObject({ code: 'UPSTREAM_REFUSED' });
    expect(error.message.length).toBeLessThan(LONGEST_MESSAGE);
  });
});

test('an address of a log is lower-case inside, however it is written', () => {
  const [first] = logs as { address: Address }[];
  const shouted = { ...first, address: `0x${first?.address.slice(2).toUpperCase()}` };
  expect(parseLogs([shouted], block.hash)[0]?.address).toBe(first?.address.toLowerCase());
});
