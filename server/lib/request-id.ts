import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The id of the request on whose behalf something is done, at whatever depth: set where a request comes in, read
 * where a line is logged.
 */
const current = new AsyncLocalStorage<string | undefined>();

export function currentRequestId(): string | undefined {
  return current.getStore();
}

/** Everything that is begun within bears the id; undefined: it is done for no request. */
export function withRequestId<T>(id: string | undefined, run: () => T): T {
  return current.run(id, run);
}

interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * A log for work that is done for everybody: a request may have woken it, and the connection, timer or queue that
 * it began would bear that request's id from then on.
 */
export function outsideRequests(log: Log): Log {
  return {
    info: (fields, message) => withRequestId(undefined, () => log.info(fields, message)),
    warn: (fields, message) => withRequestId(undefined, () => log.warn(fields, message)),
    error: (fields, message) => withRequestId(undefined, () => log.error(fields, message)),
  };
}
