import { connect, type Socket } from 'node:net';

/** A client down to its bytes: it sends what it is told and reads when it is told. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  /** What it has read. */
  text = '';
  isClosed = false;

  constructor(url: string, ...sent: readonly string[]) {
    const { hostname, port } = new URL(url);
    this.socket = connect(Number(port), hostname);
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) =>
      this.socket.once('close', () => {
        this.isClosed = true;
        resolve();
      }),
    );
    for (const part of sent) this.send(part);
  }

  send(text: string): this {
    this.socket.write(text);
    return this;
  }

  /** From now on, all that comes. */
  read(): this {
    this.socket.on('data', (bytes) => {
      this.text += bytes.toString('latin1');
    });
    return this;
  }

  /** All that is sent until the connection is closed. */
  async whole(): Promise<string> {
    this.read();
    await this.closed;
    return this.text;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

export function getRequest(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}

export function postRequest(
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const all = {
    Host: 'localhost',
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(text)),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${text}`;
}
