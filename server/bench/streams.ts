import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { nowMs } from './clock.ts';

export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  /** When its last byte was at hand, on the machine's monotonic clock. */
  readonly receivedAtMs: number;
  /** On the wire, without the transfer encoding. */
  readonly bytes: number;
}

export interface StreamRequest {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An open event stream; it ends with `Symbol.dispose`. */
export interface Stream extends Disposable {
  /** The next event that arrives from now on and passes. Rejects when the stream ends or the time is up. */
  next(passes?: (event: StreamEvent) => boolean): Promise<StreamEvent>;
}

const agent = new Agent({ keepAlive: false });
const PATIENCE_MS = 10_000;

/** Opens an event stream over `node:http`. Resolves with the response's head; events go to `onEvent` in order. */
export async function openStream(
  options: StreamRequest,
  onEvent: (event: StreamEvent) => void = () => {},
): Promise<Stream> {
  const waiting = new Set<{ offer(event: StreamEvent): void; fail(error: Error): void }>();
  const { outgoing, response } = await send(options);
  let disposed = false;
  let lost: Error | undefined;
  const lose = (error: Error): void => {
    lost ??= error;
    for (const each of waiting) each.fail(lost);
  };
  const deliver = (event: StreamEvent): void => {
    onEvent(event);
    for (const each of waiting) each.offer(event);
  };
  readEvents(response, deliver);
  response.on('error', (error) => disposed || lose(error));
  response.on('close', () => disposed || lose(new Error(`${options.url}: the stream ended`)));
  return {
    next: (passes = () => true) =>
      new Promise((resolve, reject) => {
        if (lost) return reject(lost);
        const settle = (): void => {
          clearTimeout(timer);
          waiting.delete(waiter);
        };
        const waiter = {
          offer(event: StreamEvent) {
            if (!passes(event)) return;
            settle();
            resolve(event);
          },
          fail(error: Error) {
            settle();
            reject(error);
          },
        };
        const timer = setTimeout(() => waiter.fail(new Error(`${options.url}: no such event`)), PATIENCE_MS);
        waiting.add(waiter);
      }),
    [Symbol.dispose]: () => {
      disposed = true;
      outgoing.destroy();
    },
  };
}

function send(options: StreamRequest): Promise<{ outgoing: ClientRequest; response: IncomingMessage }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options.url, {
      agent,
      method: options.method ?? 'GET',
      headers: { accept: 'text/event-stream', ...options.headers },
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      if (response.statusCode === 200) return resolve({ outgoing, response });
      response.resume();
      reject(new Error(`${options.url}: status ${response.statusCode}`));
    });
    outgoing.end(options.body);
  });
}

function readEvents(response: IncomingMessage, deliver: (event: StreamEvent) => void): void {
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    // A separator may be split between two chunks, by one byte.
    let searchFrom = Math.max(0, text.length - 1);
    text += chunk;
    for (;;) {
      const end = text.indexOf('\n\n', searchFrom);
      if (end < 0) return;
      const event = parseEvent(text.slice(0, end));
      text = text.slice(end + 2);
      searchFrom = 0;
      if (event) deliver(event);
    }
  });
}

/** Undefined for what is no event: comments, and the reconnection time. */
function parseEvent(block: string): StreamEvent | undefined {
  const receivedAtMs = nowMs();
  let event = 'message';
  let data: string | undefined;
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) event = line.slice(6).trim();
    else if (line.startsWith('data:')) data = line.slice(5).trimStart();
  }
  return data === undefined ? undefined : { event, data, receivedAtMs, bytes: Buffer.byteLength(block) + 2 };
}
