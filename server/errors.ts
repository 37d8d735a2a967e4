/**
 * The one family of errors. Storeys below throw these; only the edge (delivery) turns a code into an HTTP
 * status or a GraphQL extension. Anything that is not a BaseError is a bug, and is masked there.
 */
export type ErrorCode =
  | 'BAD_USER_INPUT'
  | 'CHAIN_NOT_SERVED'
  | 'SESSION_NOT_FOUND'
  | 'TOKEN_LIMIT_EXCEEDED'
  | 'TOO_MANY_CLIENTS'
  | 'TOKEN_LIST_REJECTED'
  | 'TOKEN_LIST_UNAVAILABLE'
  | 'UPSTREAM_UNAVAILABLE'
  | 'UPSTREAM_REFUSED'
  | 'UNAUTHENTICATED'
  | 'RATE_LIMITED'
  | 'CAPACITY_EXCEEDED'
  | 'CONFIG_INVALID';

export abstract class BaseError extends Error {
  readonly code: ErrorCode;
  /** Whether the same request may succeed if it is made again, later or elsewhere. */
  abstract readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Will not get better by asking again: the asker has to change something. */
export class FatalError extends BaseError {
  readonly retryable = false;
}

/** A passing condition: another endpoint or a later try may answer. */
export class RetryableError extends BaseError {
  readonly retryable = true;
}

type RetryLaterCode = 'RATE_LIMITED' | 'CAPACITY_EXCEEDED';

/** There is no room for it now; there may be after so many seconds. */
export class RetryLaterError extends RetryableError {
  declare readonly code: RetryLaterCode;
  readonly retryAfterSeconds: number;

  constructor(code: RetryLaterCode, message: string, retryAfterSeconds: number) {
    super(code, message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What to print about an unknown thing that was thrown. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
