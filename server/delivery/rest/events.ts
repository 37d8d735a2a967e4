import type { Update } from '../../watch/update.ts';
import { problem } from '../answer.ts';
import type { SseEvent } from '../sse.ts';
import { encodeUpdate } from './encode.ts';

export interface StreamListener {
  sent(update: Update): void;
  /** The stream cannot go on; the client is told. */
  failed(error: unknown): void;
  /** Once, whoever ended it. */
  ended(): void;
}

/**
 * A subscriber's updates as the events of its stream. Not a generator: one that waits in `await` would not
 * hear `return()` until the next update, and what it holds would outlive the client.
 */
export function balanceEvents(
  updates: AsyncIterator<Update>,
  signal: AbortSignal,
  listener: StreamListener,
): AsyncIterator<SseEvent> {
  let isEnded = false;
  function end(): IteratorResult<SseEvent> {
    if (!isEnded) {
      isEnded = true;
      listener.ended();
    }
    return { done: true, value: undefined };
  }
  return {
    async next() {
      try {
        while (!isEnded) {
          const { done, value: update } = await updates.next();
          if (done) break;
          const data = encodeUpdate(update);
          // Nothing to say in these terms: the next event's cursor covers it.
          if (data === null) continue;
          listener.sent(update);
          return { done: false, value: { id: update.cursor, event: 'balance_update', data } };
        }
      } catch (error) {
        if (!isEnded && !signal.aborted) {
          end();
          listener.failed(error);
          return { done: false, value: { event: 'error', data: JSON.stringify(problem(500)) } };
        }
      }
      return end();
    },
    async return() {
      const result = end();
      await updates.return?.();
      return result;
    },
  };
}
