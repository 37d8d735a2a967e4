import { classify, EndpointError, type JsonRpcError } from './errors.ts';

/** No answer of ours is larger: a large block's logs are a few megabytes. */
export const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
/** Nor one to an eth_call: 500 balances are 160 kB of hex, and tokens, which strangers write, may answer anything. */
export const MAX_CALL_RESPONSE_BYTES = 2 * 1024 * 1024;

export function mostResponseBytes(method: string): number {
  return method === 'eth_call' ? MAX_CALL_RESPONSE_BYTES : MAX_RESPONSE_BYTES;
}

/** What endpoints are asked. */
export const METHODS = [
  'eth_call',
  'eth_chainId',
  'eth_getBlockByHash',
  'eth_getBlockByNumber',
  'eth_getLogs',
] as const;
export type Method = (typeof METHODS)[number];

export interface RpcRequest {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** A request with how to read its result: what cannot be read is the endpoint's fault, and asked of another. */
export interface RpcCall<T> extends RpcRequest {
  readonly method: Method;
  /** Throws EndpointError on garbage, BlockUnavailable where the result says so. */
  readonly parse: (result: unknown) => T;
  /** The height of the block that it is about, where that is one block: an endpoint without it may be behind. */
  readonly height?: number;
  /** An endpoint that cannot answer it may be well all the same: its circuit stays closed. */
  readonly optional?: boolean;
}

/** Somewhere to put requests to: a pool, or a view of one. */
export interface Requester {
  /**
   * Throws CallRefused when a node says that the call itself is bad, AnswerTooLarge when it answers more than is
   * taken, BlockUnavailable when no endpoint has the block, EndpointError when none could be asked, or the
   * signal's reason.
   */
  request<T>(call: RpcCall<T>, signal: AbortSignal): Promise<T>;
}

export function encodeRequest(id: number, { method, params }: RpcRequest): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

/** The result of a JSON-RPC 2.0 answer. Throws EndpointError on garbage, or what the error in it amounts to. */
export function resultOf(method: string, id: number, message: unknown): unknown {
  if (typeof message !== 'object' || message === null)
    throw new EndpointError(`${method}: the answer is not an object`);
  const answer = message as { id?: unknown; result?: unknown; error?: unknown };
  // What cannot be told apart is answered with null (JSON-RPC 2.0, section 5).
  const isOurs = answer.id === id || (answer.id ?? null) === null;
  if (isOurs && isJsonRpcError(answer.error)) throw classify(method, answer.error);
  if (answer.id !== id) throw new EndpointError(`${method}: the answer carries another id`);
  if ((answer.error ?? null) !== null) throw new EndpointError(`${method}: the answer has an odd error`);
  if (!('result' in answer)) throw new EndpointError(`${method}: the answer has neither result nor error`);
  return answer.result;
}

function isJsonRpcError(error: unknown): error is JsonRpcError {
  if (typeof error !== 'object' || error === null) return false;
  const { code, message } = error as Partial<JsonRpcError>;
  return typeof code === 'number' && typeof message === 'string';
}
