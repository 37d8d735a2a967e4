import { type ExecutionResult, GraphQLError } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Logger } from 'pino';
import { BaseError, type ErrorCode, RetryLaterError } from '../../errors.ts';
import { LIMITS } from './limits.ts';

/**
 * How errors look outside: a code in `extensions`, and, where there is no data at all, the HTTP status of
 * https://graphql.github.io/graphql-over-http/draft/#sec-application-graphql-response-json. What is not one of
 * ours is logged and masked.
 */
type PublicCode =
  | Exclude<ErrorCode, 'UPSTREAM_REFUSED' | 'CONFIG_INVALID'>
  | 'DOCUMENT_LIMIT_EXCEEDED'
  | 'INTERNAL_SERVER_ERROR';

const STATUS: Readonly<Record<PublicCode, number>> = {
  BAD_USER_INPUT: 400,
  CHAIN_NOT_SERVED: 404,
  SESSION_NOT_FOUND: 404,
  TOKEN_LIMIT_EXCEEDED: 400,
  TOO_MANY_CLIENTS: 429,
  TOKEN_LIST_REJECTED: 400,
  TOKEN_LIST_UNAVAILABLE: 400,
  UPSTREAM_UNAVAILABLE: 503,
  UNAUTHENTICATED: 401,
  RATE_LIMITED: 429,
  CAPACITY_EXCEEDED: 503,
  DOCUMENT_LIMIT_EXCEEDED: 400,
  INTERNAL_SERVER_ERROR: 500,
};

/** To the asker it makes no difference whether the endpoint was away or refused. */
function publicCode(code: ErrorCode): PublicCode {
  if (code === 'UPSTREAM_REFUSED') return 'UPSTREAM_UNAVAILABLE';
  return code === 'CONFIG_INVALID' ? 'INTERNAL_SERVER_ERROR' : code;
}

/** Turns anything that was thrown into what may be seen outside. */
export function createMaskError(log: Pick<Logger, 'error'>) {
  return (error: unknown, message: string): GraphQLError => {
    const cause = rootCause(error);
    if (cause instanceof GraphQLError) return cause;
    const code = cause instanceof BaseError ? publicCode(cause.code) : 'INTERNAL_SERVER_ERROR';
    const masked = code === 'INTERNAL_SERVER_ERROR';
    if (masked) log.error({ err: cause }, 'unexpected error in GraphQL');
    const shown = masked || !(cause instanceof BaseError) ? message : publicMessage(code, cause.message);
    const { nodes, source, positions, path } = error instanceof GraphQLError ? error : {};
    const http = refusalOf(cause);
    return new GraphQLError(shorten(shown), {
      nodes,
      source,
      positions,
      path,
      extensions: http ? { code, http } : { code },
    });
  };
}

/** What an endpoint said is between it and us: it may quote the URL that it was asked by. */
function publicMessage(code: PublicCode, message: string): string {
  return code === 'UPSTREAM_UNAVAILABLE' ? 'the chain cannot be read at the moment' : message;
}

/** What is refused at the front door is refused in HTTP's terms too, in every media type. */
function refusalOf(cause: unknown): { status: number; headers: Record<string, string> } | undefined {
  if (cause instanceof RetryLaterError)
    return { status: STATUS[cause.code], headers: { 'retry-after': `${cause.retryAfterSeconds}` } };
  if (cause instanceof BaseError && cause.code === 'UNAUTHENTICATED')
    return { status: STATUS[cause.code], headers: { 'www-authenticate': 'Bearer' } };
  return undefined;
}

/** Whether an operation was not let in, or not for now. */
export function isRefused({ errors = [] }: ExecutionResult): boolean {
  return errors.some(({ extensions: { code } }) => REFUSALS.has(code));
}

const REFUSALS: ReadonlySet<unknown> = new Set<PublicCode>([
  'UNAUTHENTICATED',
  'RATE_LIMITED',
  'CAPACITY_EXCEEDED',
]);

/** A message may quote what was sent, and aliases repeat it: no answer grows large of one large value. */
const MAX_MESSAGE_LENGTH = 1000;

function shorten(message: string): string {
  return message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message;
}

/** The error that a resolver threw, or the outermost GraphQLError where there is none under it. */
function rootCause(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause instanceof GraphQLError ? error : cause;
}

/**
 * A result without data is a request error: it gets one of our codes, and a status where the answer is
 * plain HTTP. Of many mistakes a few are told, and one that tells of more.
 */
export function useRequestErrors(): Plugin {
  return {
    onResultProcess({ result, setResult }) {
      if (isAsyncIterable(result) || Array.isArray(result)) return;
      if (result.errors && !('data' in result))
        setResult({ ...result, errors: result.errors.slice(0, LIMITS.errors + 1).map(asRequestError) });
    },
  };
}

interface YogaExtensions {
  readonly code?: string;
  /** `spec`: the status is for `application/graphql-response+json` alone. */
  readonly http?: { readonly status?: number; readonly spec?: boolean };
}

function asRequestError(error: GraphQLError): GraphQLError {
  const { code: given, http } = error.extensions as YogaExtensions;
  const code = given !== undefined && Object.hasOwn(STATUS, given) ? (given as PublicCode) : 'BAD_USER_INPUT';
  const { nodes, source, positions, path } = error;
  const answer = http ?? { spec: true, status: STATUS[code] };
  // Yoga marks whatever failed in parsing as a mistake of the document, which is 200 in `application/json`.
  const isLimit = code === 'DOCUMENT_LIMIT_EXCEEDED';
  return new GraphQLError(shorten(error.message), {
    nodes,
    source,
    positions,
    path,
    extensions: { code, http: isLimit ? { ...answer, spec: false } : answer },
  });
}
