import type { ExecutionResult } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { SSE_HEADERS, type SseEvent, sseStream } from '../sse.ts';
import type { Connection, StreamUpdate } from './connection.ts';
import { isRefused } from './errors.ts';

/**
 * Operations over `text/event-stream`, in graphql-sse's distinct connections mode
 * (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md#distinct-connections-mode), pulled at the
 * pace of the socket. Yoga's own processor has no event ids, a fixed heartbeat, and announces `complete` at
 * every end; ours leaves it out when the service stops, so that clients reconnect.
 */
export function useEventStream({
  heartbeatMs,
  sent,
}: {
  heartbeatMs: number;
  sent: (update: StreamUpdate) => void;
}): Plugin<{ connection: Connection }, { connection: Connection }> {
  return {
    onValidate({ context }) {
      context.connection.wellFormed = true;
    },
    onResultProcess({ request, result, setResultProcessor, serverContext: { connection } }) {
      if (Array.isArray(result)) return;
      const isStream = isAsyncIterable(result);
      if (!acceptsEventStream(request.headers.get('accept'), isStream)) return;
      if (!isStream && (!connection.wellFormed || isRefused(result))) {
        setResultProcessor((_, { Response }) => plain(result, Response), 'application/graphql-response+json');
        return;
      }
      const events = isStream ? fromStream(result[Symbol.asyncIterator](), connection, sent) : single(result);
      setResultProcessor(
        (_, { Response }) =>
          new Response(sseStream(events, { heartbeatMs, comment: () => caughtUp(connection) }), {
            headers: SSE_HEADERS,
          }),
        'text/event-stream',
      );
    },
  };
}

/** To who resumes silence says nothing: not that nothing has changed, and not that more is to come. */
function caughtUp({ caughtUp }: Connection): string | undefined {
  const chains = caughtUp?.() ?? [];
  return chains.length > 0 ? `caught-up ${chains.join(' ')}` : undefined;
}

const COMPLETE: SseEvent = { event: 'complete', data: '' };
const END = { done: true, value: undefined } as const;

/** A stream may be what `*` stands for; a single result is one only for who asked for nothing else. */
function acceptsEventStream(accept: string | null, isStream: boolean): boolean {
  const types = (accept ?? '*/*').split(',').map((type) => type.split(';', 1)[0]?.trim().toLowerCase());
  if (isStream)
    return types.some((type) => type === 'text/event-stream' || type === 'text/*' || type === '*/*');
  return types.every((type) => type === 'text/event-stream');
}

/** A query's or a mutation's one result, or the errors of an operation that could not begin. */
async function* single(result: ExecutionResult): AsyncGenerator<SseEvent> {
  yield { event: 'next', data: encode(result) };
  yield COMPLETE;
}

/** A subscription's results. Not a generator: `return()` must not wait for the next result. */
function fromStream(
  results: AsyncIterator<ExecutionResult>,
  connection: Connection,
  sent: (update: StreamUpdate) => void,
): AsyncIterator<SseEvent> {
  let failed = false;
  let ended = false;
  return {
    async next() {
      if (failed && !ended) {
        ended = true;
        return { done: false, value: COMPLETE };
      }
      const result = ended ? END : await results.next();
      if (result.done) return END;
      // Without data it is the source that failed, and nothing follows.
      failed = !('data' in result.value);
      const data = encode(result.value);
      const { update } = connection;
      if (failed || !update) return { done: false, value: { event: 'next', data } };
      sent(update);
      return {
        done: false,
        value: { ...('cursor' in update && { id: update.cursor }), event: 'next', data },
      };
    },
    async return() {
      ended = true;
      connection.end();
      await results.return?.();
      return END;
    },
  };
}

/** An exchange that never became an operation, or was not let in, is answered by HTTP's means. */
function plain(result: ExecutionResult, ResponseClass: typeof Response): Response {
  const http = (result.errors ?? []).map(
    (error) => (error.extensions.http ?? {}) as { status?: number; headers?: Record<string, string> },
  );
  return new ResponseClass(encode(result), {
    status: Math.max(...http.map(({ status }) => status ?? 400)),
    headers: {
      'content-type': 'application/graphql-response+json; charset=utf-8',
      ...Object.assign({}, ...http.map(({ headers }) => headers)),
    },
  });
}

/** As JSON, without what Yoga keeps in the extensions for its own use. */
function encode(result: ExecutionResult): string {
  if (!result.errors && !result.extensions) return JSON.stringify(result);
  const { http: _http, ...extensions } = result.extensions ?? {};
  return JSON.stringify({
    ...result,
    ...(result.errors && {
      errors: result.errors.map((error) => {
        const shown = error.toJSON();
        const { http: _status, unexpected: _unexpected, ...rest } = shown.extensions ?? {};
        return { ...shown, extensions: Object.keys(rest).length > 0 ? rest : undefined };
      }),
    }),
    extensions: Object.keys(extensions).length > 0 ? extensions : undefined,
  });
}
