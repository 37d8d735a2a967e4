import { quantity, shaped } from '../shape.ts';
import type { RpcCall } from './message.ts';

/** Which chain an endpoint serves. */
export const CHAIN_ID: RpcCall<number> = {
  method: 'eth_chainId',
  params: [],
  parse: (result) => shaped(quantity, result, 'eth_chainId'),
};
