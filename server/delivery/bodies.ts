import type { IncomingMessage, ServerResponse } from 'node:http';
import { Shares } from '../lib/shares.ts';
import { pathOf, problem, sendJson } from './answer.ts';
import type { ClientAddress } from './gate/client-address.ts';

/**
 * Memory that bodies take while they come in, counted by what they may grow to: whoever announces a megabyte and
 * sends it a byte at a time holds a megabyte. Reserved when a request begins, given back when its body is whole
 * or its connection gone.
 */
export interface Bodies {
  /** False where it does not fit any more, beside all others or beside those of its client's address. */
  admit(request: IncomingMessage, response: ServerResponse): boolean;
  /** The same for what is no body, as long as it is held: what comes from there may grow to the size of one. */
  reserve(address: string): Disposable | undefined;
}

export function limitBodies({
  maxBodyBytes,
  budgetBytes,
  budgetPerAddressBytes,
  addressOf,
}: {
  maxBodyBytes: number;
  budgetBytes: number;
  budgetPerAddressBytes: number;
  addressOf: ClientAddress;
}): Bodies {
  const bodies = new Shares({
    most: Math.max(budgetBytes, maxBodyBytes),
    mostEach: Math.max(budgetPerAddressBytes, maxBodyBytes),
  });
  return {
    admit(request, response) {
      const bytes = mayGrowTo(request.headers, maxBodyBytes);
      if (bytes === 0) return true;
      const held = bodies.take(addressOf(request), bytes);
      if (typeof held === 'string') return false;
      const giveBack = () => held[Symbol.dispose]();
      request.once('end', giveBack).once('close', giveBack);
      response.once('close', giveBack);
      return true;
    },
    reserve(address) {
      const held = bodies.take(address, maxBodyBytes);
      return typeof held === 'string' ? undefined : held;
    },
  };
}

/** What announces more than is allowed is refused by its door without being read. */
function mayGrowTo(headers: IncomingMessage['headers'], maxBodyBytes: number): number {
  if (headers['transfer-encoding'] !== undefined) return maxBodyBytes;
  const announced = Number(headers['content-length'] ?? 0);
  return announced > maxBodyBytes ? 0 : announced;
}

/** Bodies are through, or cut off, within the time that a request has; most are sooner. */
const RETRY_AFTER_SECONDS = '1';

/** Answers 503 in the words of the door that was knocked at. What is still sent is read past, and kept nowhere. */
export function refuseForBodies(request: IncomingMessage, response: ServerResponse): void {
  const refusal = problem(503, 'too much is being received at the moment');
  const headers = { 'retry-after': RETRY_AFTER_SECONDS };
  if (pathOf(request) !== '/graphql') {
    sendJson(request, response, 503, refusal, headers);
    return;
  }
  const error = { message: refusal.message, extensions: { code: 'CAPACITY_EXCEEDED' } };
  const type = 'application/graphql-response+json; charset=utf-8';
  sendJson(request, response, 503, { errors: [error] }, { ...headers, 'content-type': type });
}
