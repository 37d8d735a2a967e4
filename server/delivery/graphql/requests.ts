import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/**
 * How an operation is taken out of a request: from a body of JSON, or from the query of a URL. Other pages can
 * make a browser post forms and plain text here without asking; JSON it sends only after a preflight, which
 * ALLOWED_ORIGINS decides (https://fetch.spec.whatwg.org/#cors-safelisted-request-header). Yoga by itself would
 * read forms and bare documents too, and would call it our own failure where a URL's variables are no JSON.
 */
export function useRequests(): Plugin {
  return {
    onRequestParse({ request, requestParser, setRequestParser }) {
      if (request.method === 'GET' && requestParser)
        setRequestParser((asked) =>
          orRefuse(() => requestParser(asked), 'variables and extensions are expected to be JSON'),
        );
      if (request.method !== 'POST') return;
      if (!isJson(request.headers.get('content-type')))
        throw refusal(415, 'a POST is expected to have the content type application/json');
      setRequestParser(async (sent) => {
        const bytes = await sent.arrayBuffer().catch((error: NodeJS.ErrnoException) => {
          // It has hung up, or was cut off: nothing that we did wrong.
          throw error.code === 'ECONNRESET' ? refusal(400, 'the body is expected to come whole') : error;
        });
        forgetBody(sent);
        const text = orRefuse(() => UTF8.decode(bytes), 'the body is expected to be UTF-8');
        return orRefuse(() => JSON.parse(text), 'the body is expected to be JSON');
      });
    },
  };
}

/** What whatwg-node keeps of a body that was read, to itself: as it came, and in one piece. */
interface Kept {
  readonly _chunks: unknown[] | null;
  _buffer: unknown;
}

/** A request is kept as long as what it asked for runs, and a stream may run for days. */
function forgetBody(request: Request): void {
  const kept = request as unknown as Kept;
  // In place: whoever collected them has them, too.
  kept._chunks?.splice(0);
  kept._buffer = undefined;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function isJson(contentType: string | null): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json';
}

function orRefuse<T>(read: () => T, expected: string): T {
  try {
    return read();
  } catch {
    throw refusal(400, expected);
  }
}

/** In every media type: there is no operation to speak of. */
function refusal(status: number, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', http: { status } } });
}
