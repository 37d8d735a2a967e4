import type { MiddlewareHandler } from 'hono';
import { FatalError } from '../../errors.ts';
import { problem } from '../answer.ts';

/** Refuses bodies over a size: by what is announced, or, where nothing is, by what comes. And encoded ones. */
export function limitBody(maxBytes: number): MiddlewareHandler {
  const refusal = problem(413, `the body is over ${maxBytes} bytes`);
  return async (context, next) => {
    const { req } = context;
    const encoding = req.header('content-encoding') ?? 'identity';
    if (encoding.toLowerCase() !== 'identity')
      throw new FatalError('BAD_USER_INPUT', 'expected a body without Content-Encoding');
    if (Number(req.header('content-length') ?? 0) > maxBytes) return context.json(refusal, 413);
    if (req.header('transfer-encoding') !== undefined && req.raw.body) {
      const chunks: Uint8Array[] = [];
      let size = 0;
      try {
        for await (const chunk of req.raw.body) {
          size += chunk.byteLength;
          if (size > maxBytes) return context.json(refusal, 413);
          chunks.push(chunk);
        }
      } catch (error) {
        // Who is gone hears nothing, and it is nothing of ours that went wrong.
        throw new FatalError('BAD_USER_INPUT', 'the body breaks off', { cause: error });
      }
      const { url, method } = req;
      req.raw = new Request(url, { method, headers: req.header(), body: Buffer.concat(chunks) });
    }
    await next();
    return;
  };
}
