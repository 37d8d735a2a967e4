import type { Socket } from 'node:net';
import { type Problem, problem } from './answer.ts';
import type { Connection } from './connections.ts';

/**
 * The answer to what never became a request (too slow, too large, or not HTTP), in the shape of every other
 * problem. It is written to the bare socket, which then ends; into an answer that has begun nothing is written.
 */
export function cutOff(
  error: NodeJS.ErrnoException,
  socket: Socket,
  connection: Connection | undefined,
): void {
  const hasBegun = [...(connection?.answers ?? [])].some(({ headersSent }) => headersSent);
  if (!socket.writable || error.code === 'ECONNRESET' || hasBegun) {
    socket.destroy();
    return;
  }
  const { status, reason, body } = answerTo(error.code);
  const json = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\n` +
      'Content-Type: application/json; charset=utf-8\r\n' +
      'Cache-Control: no-store\r\n' +
      'X-Content-Type-Options: nosniff\r\n' +
      `Content-Length: ${Buffer.byteLength(json)}\r\n` +
      `Connection: close\r\n\r\n${json}`,
    // Whoever goes on sending is not listened to.
    () => socket.destroySoon(),
  );
}

/** Node's own default, and well above what browsers and proxies send. */
export const MAX_HEADER_BYTES = 16_384;
export const MAX_HEADERS = 100;

interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly body: Problem;
}

/** https://nodejs.org/docs/latest-v24.x/api/http.html#event-clienterror */
export function answerTo(code: string | undefined): Answer {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return answer(408, 'Request Timeout', 'the request was not complete in time');
    case 'HPE_HEADER_OVERFLOW':
      return answer(
        431,
        'Request Header Fields Too Large',
        `the headers are over ${MAX_HEADER_BYTES} bytes or ${MAX_HEADERS} lines`,
      );
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return answer(413, 'Payload Too Large', 'the chunk extensions are too long');
    default:
      return answer(400, 'Bad Request', 'this is not HTTP/1.1');
  }
}

function answer(status: number, reason: string, detail: string): Answer {
  return { status, reason, body: problem(status, detail) };
}
