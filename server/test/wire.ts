import { connect } from 'node:net';

/** What came back over a connection of its own: the last status line, the headers and the body as they were sent. */
export interface WireAnswer {
  /** Undefined where the connection was closed without a word. */
  readonly status: number | undefined;
  readonly head: string;
  readonly body: string;
}

/** Long enough for any answer on this machine; a stream is cut off then. */
const LONGEST_MS = 5000;

interface SendOptions {
  /** Closes our half once all is sent. */
  readonly ends?: boolean;
  /** Goes away as soon as this has come. */
  readonly until?: string;
}

/** Sends bytes as they are, and takes what comes until the other end closes. */
export function overWire(
  url: string,
  bytes: string | Buffer,
  { ends = false, until }: SendOptions = {},
): Promise<WireAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
    const timer = setTimeout(() => socket.destroy(), LONGEST_MS);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (until !== undefined && Buffer.concat(chunks).includes(until)) socket.destroy();
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(parse(Buffer.concat(chunks).toString('latin1')));
    });
    if (ends) socket.end(bytes);
    else socket.write(bytes);
  });
}

function parse(text: string): WireAnswer {
  // Informational answers come before the one that counts.
  const answer = text.replace(/^(HTTP\/1\.1 1\d\d .*?\r\n\r\n)+/s, '');
  const end = answer.indexOf('\r\n\r\n');
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1];
  return {
    status: status === undefined ? undefined : Number(status),
    head: answer.slice(0, end),
    body: answer.slice(end + 4),
  };
}
