import { z } from 'zod';
import { hexOf } from './hex.ts';
import { BlockUnavailable, EndpointError } from './rpc/errors.ts';
import type { RpcCall } from './rpc/message.ts';
import type { Hash, Header } from './types.ts';

const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,13}$/)
  .transform(Number);

const headerSchema = z.object({
  number: quantity,
  hash: hexOf(64),
  parentHash: hexOf(64),
  timestamp: quantity,
  logsBloom: hexOf(512).optional().catch(undefined),
});

/** A header out of a block object or a newHeads notification. Throws BlockUnavailable for null, else EndpointError. */
export function parseHeader(block: unknown): Header {
  if (block === null) throw new BlockUnavailable('there is no such block');
  const parsed = headerSchema.safeParse(block);
  if (!parsed.success)
    throw new EndpointError(`a block header is malformed: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

export const LATEST_BLOCK: RpcCall<Header> = {
  method: 'eth_getBlockByNumber',
  params: ['latest', false],
  parse: parseHeader,
};

/** That block or an error, never another. */
export function blockByHash(hash: Hash): RpcCall<Header> {
  const parse = (block: unknown) => {
    const header = parseHeader(block);
    if (header.hash === hash) return header;
    throw new EndpointError(`a block header: asked for ${hash}, got ${header.hash}`);
  };
  return { method: 'eth_getBlockByHash', params: [hash, false], parse };
}
