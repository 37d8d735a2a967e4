import type { Logger } from 'pino';
import { BaseError, RetryLaterError } from '../../errors.ts';
import type { Item } from './items.ts';
import { MessageError } from './messages.ts';

/** What the server sends, as text. */
export function data(subscriptionId: string, said: Item | readonly Item[]): string {
  return JSON.stringify({ subscriptionId, data: said });
}

/** `pairs`: how many of them the subscription has now. */
export function acknowledgement(
  event: 'subscribed' | 'unsubscribed',
  subscriptionId: string,
  pairs: number,
): string {
  return JSON.stringify({ event, type: 'balance', subscriptionId, pairs });
}

/** `subscriptionId` is left out where it is not known. What nobody expected is masked, and logged. */
export function failure(
  error: unknown,
  subscriptionId: string | undefined,
  log: Pick<Logger, 'error'>,
): string {
  if (!(error instanceof BaseError)) log.error({ err: error }, 'unexpected error in a WebSocket');
  return JSON.stringify({
    event: 'error',
    type: 'balance',
    message: error instanceof BaseError ? wordsOf(error) : 'Internal server error',
    details: error instanceof MessageError ? error.details : [],
    code: error instanceof BaseError ? error.code : 'INTERNAL_SERVER_ERROR',
    ...(error instanceof RetryLaterError && { retryAfter: error.retryAfterSeconds }),
    ...(subscriptionId !== undefined && { subscriptionId }),
  });
}

/** What an endpoint said is between it and us. */
function wordsOf({ code, message }: BaseError): string {
  const isUpstream = code === 'UPSTREAM_UNAVAILABLE' || code === 'UPSTREAM_REFUSED';
  return isUpstream ? 'The chain cannot be read at the moment' : message;
}
