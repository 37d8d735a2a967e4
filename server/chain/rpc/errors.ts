import { FatalError, RetryableError } from '../../errors.ts';

/**
 * What can go wrong when asking a node, sorted by what to do about it. An endpoint's fault says nothing of
 * what was asked: another endpoint may answer. A refusal is an answer about the call itself.
 */

/** The endpoint failed: unreachable, slow, rate-limited, or it answered garbage. */
export class EndpointError extends RetryableError {
  constructor(message: string, options?: ErrorOptions) {
    super('UPSTREAM_UNAVAILABLE', message, options);
  }
}

/** The endpoint answers that it is asked too often (HTTP 429, or a JSON-RPC error that says so). */
export class RateLimited extends EndpointError {
  /** How long it asks to be left alone; undefined where it does not say. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The endpoint is well but does not have that block (yet, or on its fork): never an answer. */
export class BlockUnavailable extends RetryableError {
  constructor(message: string) {
    super('UPSTREAM_UNAVAILABLE', message);
  }
}

/** An `eth_call` failed in words that say neither that the endpoint is at fault nor that the call is. */
export class CallDisputed extends EndpointError {}

/** The answer is larger than any that we ask for: no fault of the endpoint, which is not to be taken for ill. */
export class AnswerTooLarge extends EndpointError {}

/** The node ran what was asked and it failed: reverted, out of gas, invalid. */
export class CallRefused extends FatalError {
  constructor(message: string) {
    super('UPSTREAM_REFUSED', message);
  }
}

export interface JsonRpcError {
  readonly code: number;
  readonly message: string;
}

const BLOCK_UNAVAILABLE =
  /unknown block|header not found|block.{0,100}not (?:be )?found|blocknotfound|missing trie node|not currently canonical|block is out of range/i;
const OVERLOADED = /rate.?limit|too many requests|limit exceeded|capacity|quota|credits|compute units/i;
const EXECUTED = /revert|out ?of ?gas|gas required|opcode|stack (?:over|under)|invalid jump|max code size/i;
const REVERTED = 3;
/** So much of its words is read and repeated. */
const MOST_WORDS = 1000;

/** Which of these a JSON-RPC error is. The codes are not used alike by any two vendors: the words decide. */
export function classify(method: string, error: JsonRpcError): Error {
  const { code } = error;
  const message = error.message.slice(0, MOST_WORDS);
  // A word that was cut is not repeated: half a secret is not known for one.
  const words = message.length < error.message.length ? message.replace(/\S*$/, '…') : message;
  const text = `${method}: ${words} (${code})`;
  if (BLOCK_UNAVAILABLE.test(message) || code === -32001) return new BlockUnavailable(text);
  if (OVERLOADED.test(message) || code === -32005 || code === 429) return new RateLimited(text);
  if (method !== 'eth_call' || (code <= -32600 && code >= -32602) || code === -32700)
    return new EndpointError(text);
  return code === REVERTED || EXECUTED.test(message) ? new CallRefused(text) : new CallDisputed(text);
}
