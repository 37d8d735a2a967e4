import { describe, expect, it } from 'vitest';
import {
  BlockUnavailable,
  CallDisputed,
  CallRefused,
  classify,
  EndpointError,
  RateLimited,
} from './errors.ts';

type Kind =
  | typeof RateLimited
  | typeof BlockUnavailable
  | typeof EndpointError
  | typeof CallDisputed
  | typeof CallRefused;

const hash = `0x${'ab'.repeat(32)}`;

describe('a JSON-RPC error', () => {
  const cases: [node: string, method: string, code: number, message: string, kind: Kind][] = [
    ['geth', 'eth_getLogs', -32000, 'unknown block', BlockUnavailable],
    ['geth', 'eth_call', -32000, 'header not found', BlockUnavailable],
    ['geth', 'eth_call', -32000, `hash ${hash} is not currently canonical`, BlockUnavailable],
    ['geth, pruned', 'eth_call', -32000, `missing trie node ${hash} (path )`, BlockUnavailable],
    ['anvil', 'eth_call', -32001, 'Block could not be found', BlockUnavailable],
    ['nethermind', 'eth_call', -32001, `Block ${hash} could not be found`, BlockUnavailable],
    ['a gateway', 'eth_call', -32005, 'limit exceeded', RateLimited],
    [
      'a gateway',
      'eth_call',
      429,
      'Your app has exceeded its compute units per second capacity',
      RateLimited,
    ],
    ['a gateway', 'eth_getLogs', -32603, 'Internal error', EndpointError],
    ['any', 'eth_call', -32601, 'the method does not exist', EndpointError],
    ['geth', 'eth_call', 3, 'execution reverted', CallRefused],
    ['geth', 'eth_call', -32000, 'out of gas', CallRefused],
    ['anvil', 'eth_call', -32603, 'EVM error OutOfGas', CallRefused],
    ['geth', 'eth_call', -32000, 'execution aborted (timeout = 5s)', CallDisputed],
    ['a gateway', 'eth_call', -32603, 'Internal error', CallDisputed],
    ['any', 'eth_call', -32602, 'invalid params', EndpointError],
    ['erigon', 'eth_call', -32000, 'max code size exceeded', CallRefused],
  ];
  it.each(cases)('of %s, to %s: %i %s', (_, method, code, message, kind) => {
    expect(classify(method, { code, message }).constructor).toBe(kind);
  });
});
