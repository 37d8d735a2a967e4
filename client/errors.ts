/** Codes after which the same request may succeed later. */
const PASSING: ReadonlySet<string> = new Set([
  'CONNECTION_FAILED',
  'INTERNAL_SERVER_ERROR',
  'UPSTREAM_UNAVAILABLE',
  'TOKEN_LIST_UNAVAILABLE',
  'RATE_LIMITED',
  'CAPACITY_EXCEEDED',
  'HTTP_408',
  'HTTP_425',
  'HTTP_429',
]);

/**
 * The `extensions.code` of the schema's errors; `HTTP_<status>` where an answer had none; `CONNECTION_FAILED` where there
 * was no answer.
 */
export type ErrorCode =
  | 'BAD_USER_INPUT'
  | 'CAPACITY_EXCEEDED'
  | 'CHAIN_NOT_SERVED'
  | 'CONNECTION_FAILED'
  | 'DOCUMENT_LIMIT_EXCEEDED'
  | 'INTERNAL_SERVER_ERROR'
  | 'RATE_LIMITED'
  | 'SESSION_NOT_FOUND'
  | 'TOKEN_LIMIT_EXCEEDED'
  | 'TOKEN_LIST_REJECTED'
  | 'TOKEN_LIST_UNAVAILABLE'
  | 'TOO_MANY_CLIENTS'
  | 'UNAUTHENTICATED'
  | 'UPSTREAM_UNAVAILABLE'
  | (string & {});

/** What the server refused, or why it could not be reached: `code` to decide by, `message` in words to show. */
export class BalancesError extends Error {
  override readonly name = 'BalancesError';
  readonly code: ErrorCode;
  /** Milliseconds before which the server does not want to be asked again, where it says so; else 0. */
  readonly retryAfterMs: number;

  constructor(
    code: ErrorCode,
    message: string,
    { retryAfterMs = 0, ...options }: ErrorOptions & { retryAfterMs?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  /**
   * Whether the same request may succeed later. A watch tries again by itself; who reads once, or creates a session,
   * may.
   */
  get retryable(): boolean {
    return PASSING.has(this.code) || /^HTTP_5\d\d$/.test(this.code);
  }
}

export function connectionFailed(cause: unknown): BalancesError {
  if (cause instanceof BalancesError) return cause;
  return new BalancesError('CONNECTION_FAILED', `the connection failed: ${reasonOf(cause)}`, { cause });
}

/** Node's `fetch failed` has beneath it why. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { message, cause } = thrown;
  return cause instanceof Error
    ? `${message} (${cause.message || (cause as { code?: string }).code})`
    : message;
}

interface GraphQLErrors {
  readonly errors?: readonly { readonly message: string; readonly extensions?: object }[] | undefined;
}

/** The first error of a GraphQL result. */
export function refusal(
  { errors }: GraphQLErrors,
  codeOtherwise = 'INTERNAL_SERVER_ERROR',
  retryAfterMs = 0,
): BalancesError | undefined {
  const [first] = errors ?? [];
  if (!first) return undefined;
  const { code } = (first.extensions ?? {}) as { code?: unknown };
  return new BalancesError(typeof code === 'string' ? code : codeOtherwise, first.message, { retryAfterMs });
}

/** What an answer whose status is no success says, in GraphQL's words where it has some. */
export async function httpFailure(response: Response): Promise<BalancesError> {
  const code = `HTTP_${response.status}`;
  const retryAfterMs = 1000 * (Number(response.headers.get('retry-after')) || 0);
  const body = (await response.json().catch(() => undefined)) as GraphQLErrors | undefined;
  return (
    (body && refusal(body, code, retryAfterMs)) ??
    new BalancesError(code, `the server answered ${response.status} ${response.statusText}`, { retryAfterMs })
  );
}
