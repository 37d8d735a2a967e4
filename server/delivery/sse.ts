/**
 * Server-sent events out of an async iterator, at the pace of the socket: the iterator is advanced only when
 * the stream is pulled, so that what waits for a slow reader waits in its mailbox, where it is conflated.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export interface SseEvent {
  readonly id?: string;
  readonly event: string;
  /** One line; JSON is. */
  readonly data: string;
}

export const SSE_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  connection: 'keep-alive',
} as const;

/** After how long a browser reconnects. */
const RETRY_MS = 1000;
const PING = ':ping\n\n';

interface SseOptions {
  readonly heartbeatMs: number;
  /** What to say between two events, where there is something; never called while one is under way. */
  readonly comment?: () => string | undefined;
}

export function sseStream(
  events: AsyncIterator<SseEvent>,
  { heartbeatMs, comment = () => undefined }: SseOptions,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next: Promise<IteratorResult<SseEvent>> | undefined;
  let opened = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // Something at once, so that proxies and clients see the stream open while the first read is under way.
        if (!opened) {
          opened = true;
          controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n${PING}`));
          return;
        }
        const said = next ? undefined : comment();
        if (said !== undefined) {
          controller.enqueue(encoder.encode(`:${said}\n\n`));
          return;
        }
        next ??= events.next();
        const result = await withHeartbeat(next, heartbeatMs);
        if (result === 'heartbeat') {
          controller.enqueue(encoder.encode(PING));
          return;
        }
        next = undefined;
        if (result.done) controller.close();
        else controller.enqueue(encoder.encode(encodeEvent(result.value)));
      },
      async cancel() {
        await events.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

export function encodeEvent({ id, event, data }: SseEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`;
}

async function withHeartbeat<T>(promise: Promise<T>, heartbeatMs: number): Promise<T | 'heartbeat'> {
  let timer: NodeJS.Timeout | undefined;
  const heartbeat = new Promise<'heartbeat'>((resolve) => {
    timer = setTimeout(resolve, heartbeatMs, 'heartbeat');
  });
  try {
    return await Promise.race([promise, heartbeat]);
  } finally {
    clearTimeout(timer);
  }
}
