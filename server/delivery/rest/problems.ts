import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Logger } from 'pino';
import { BaseError, type ErrorCode, RetryLaterError } from '../../errors.ts';
import { type Problem, problem } from '../answer.ts';

/** Where errors of every storey become HTTP. What has no status here is a bug, masked and logged. */
const STATUS: Readonly<Partial<Record<ErrorCode, ContentfulStatusCode>>> = {
  BAD_USER_INPUT: 400,
  TOKEN_LIMIT_EXCEEDED: 400,
  TOKEN_LIST_REJECTED: 400,
  TOKEN_LIST_UNAVAILABLE: 400,
  CHAIN_NOT_SERVED: 404,
  SESSION_NOT_FOUND: 404,
  TOO_MANY_CLIENTS: 429,
  UNAUTHENTICATED: 401,
  RATE_LIMITED: 429,
  CAPACITY_EXCEEDED: 503,
  UPSTREAM_UNAVAILABLE: 503,
  UPSTREAM_REFUSED: 503,
};

export interface Failure {
  readonly status: ContentfulStatusCode;
  readonly body: Problem;
  readonly headers?: Readonly<Record<string, string>>;
}

const failure = (status: ContentfulStatusCode, detail?: string): Failure => ({
  status,
  body: problem(status, detail),
});

export function failureOf(error: unknown, log: Pick<Logger, 'error'>): Failure {
  if (error instanceof HTTPException) {
    // The framework's own, all about the body: another type than JSON, or none at all.
    const detail = error.status === 415 ? 'expected a body of type application/json' : 'the body is not JSON';
    if (error.status < 500) return failure(400, detail);
  }
  const status = error instanceof BaseError ? STATUS[error.code] : undefined;
  if (!(error instanceof BaseError) || status === undefined) {
    log.error({ err: error }, 'unexpected error in a REST route');
    return failure(500);
  }
  if (error.code === 'UNAUTHENTICATED')
    return { ...failure(status, error.message), headers: { 'www-authenticate': 'Bearer' } };
  if (error instanceof RetryLaterError)
    return { ...failure(status, error.message), headers: { 'retry-after': `${error.retryAfterSeconds}` } };
  // What an endpoint said is between it and us.
  if (status === 503) return failure(503, 'the chain cannot be read at the moment');
  return failure(status, error.message);
}
