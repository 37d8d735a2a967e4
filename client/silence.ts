import { BalancesError, connectionFailed } from './errors.ts';
import { onWake } from './wake.ts';

const NEWLINE = 10;
const COLON = 58;

/**
 * A fetch that gives up on a connection over which nothing comes any more. The server sends a comment every few
 * seconds, so a silent stream is a dead one, though TCP may take many minutes to notice; comments never get
 * through to whoever parses the events, so it is the bytes that are watched. `heartbeat` is called
 * for every comment.
 */
export function fetchUnlessSilent(
  fetchFn: typeof fetch,
  timeoutMs: number,
  heartbeat: () => void = () => {},
): typeof fetch {
  return async (input, init) => {
    const abort = new AbortController();
    const follow = () => abort.abort(init?.signal?.reason);
    if (init?.signal?.aborted) follow();
    init?.signal?.addEventListener('abort', follow, { once: true });
    const release = () => init?.signal?.removeEventListener('abort', follow);

    /** Waits for what the connection brings next; the reader's own pauses do not count. */
    const unlessSilent = async <T>(wait: () => Promise<T>): Promise<T> => {
      const until = Date.now() + timeoutMs;
      const giveUp = () =>
        abort.abort(new BalancesError('CONNECTION_FAILED', `nothing was heard for ${timeoutMs} ms`));
      const timer = setTimeout(giveUp, timeoutMs);
      // Timers sleep where the machine or the tab does.
      const sleep = onWake(() => Date.now() >= until && giveUp());
      try {
        return await wait();
      } catch (error) {
        release();
        throw abort.signal.aborted ? abort.signal.reason : connectionFailed(error);
      } finally {
        clearTimeout(timer);
        sleep();
      }
    };
    let isLineStart = true;
    const listen = (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.length; ) {
        if (isLineStart && bytes[at] === COLON) heartbeat();
        const end = bytes.indexOf(NEWLINE, at);
        isLineStart = end >= 0;
        at = isLineStart ? end + 1 : bytes.length;
      }
    };

    const response = await unlessSilent(() => fetchFn(input, { ...init, signal: abort.signal }));
    if (!response.body) {
      release();
      return response;
    }
    const reader = response.body.getReader();
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await unlessSilent(() => reader.read());
          if (!done) {
            listen(value);
            return controller.enqueue(value);
          }
          release();
          // graphql-sse waits for ever where a stream ends before it has handed out the last event: a task
          // later it has.
          await new Promise((resolve) => setTimeout(resolve));
          controller.close();
        },
        async cancel(reason) {
          release();
          await reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
    const { status, statusText, headers } = response;
    return new Response(body, { status, statusText, headers });
  };
}
