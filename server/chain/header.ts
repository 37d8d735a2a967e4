import { z } from 'zod';
import { BlockUnavailable, EndpointError } from './rpc/errors.ts';
import type { RpcCall } from './rpc/message.ts';
import { hexOf, quantity, shaped } from './shape.ts';
import type { Hash, Header } from './types.ts';

/** In seconds: no date can be told past it (ECMA-262, 21.4.1.1), and no chain is as old. */
const LATEST_TIMESTAMP = 8_640_000_000_000;

const headerSchema = z.object({
  number: quantity,
  hash: hexOf(64),
  parentHash: hexOf(64),
  timestamp: quantity.refine((seconds) => seconds <= LATEST_TIMESTAMP, 'no such time'),
  logsBloom: hexOf(512).optional().catch(undefined),
});

/** A header out of a block object or a newHeads notification. Throws BlockUnavailable for null, else EndpointError. */
export function parseHeader(block: unknown): Header {
  if (block === null) throw new BlockUnavailable('there is no such block');
  return shaped(headerSchema, block, 'a block header');
}

export const LATEST_BLOCK: RpcCall<Header> = {
  method: 'eth_getBlockByNumber',
  params: ['latest', false],
  parse: parseHeader,
};

/**
 * The newest block that the endpoint calls that. There are chains, and endpoints, that know no such word: they answer
 * null, or any error.
 */
export function blockByTag(tag: 'safe' | 'finalized'): RpcCall<Header> {
  return { method: LATEST_BLOCK.method, params: [tag, false], parse: parseHeader, optional: true };
}

/** That block or an error, never another. */
export function blockByHash(hash: Hash): RpcCall<Header> {
  const parse = (block: unknown) => {
    const header = parseHeader(block);
    if (header.hash === hash) return header;
    throw new EndpointError(`a block header: asked for ${hash}, got ${header.hash}`);
  };
  return { method: 'eth_getBlockByHash', params: [hash, false], parse };
}
