import type { IncomingMessage } from 'node:http';

/** Who asks, for limits that are per caller: the address at the other end of the connection. */
export function callerOf(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '');
}
