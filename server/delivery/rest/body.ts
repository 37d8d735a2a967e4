import type { MiddlewareHandler } from 'hono';
import { problem } from '../answer.ts';

/** Refuses bodies over a size: by what is announced, or, where nothing is, by what comes. */
export function limitBody(maxBytes: number): MiddlewareHandler {
  const refusal = problem(413, `the body is over ${maxBytes} bytes`);
  return async (context, next) => {
    const { req } = context;
    if (Number(req.header('content-length') ?? 0) > maxBytes) return context.json(refusal, 413);
    if (req.header('transfer-encoding') !== undefined && req.raw.body) {
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of req.raw.body) {
        size += chunk.byteLength;
        if (size > maxBytes) return context.json(refusal, 413);
        chunks.push(chunk);
      }
      const { url, method } = req;
      req.raw = new Request(url, { method, headers: req.header(), body: Buffer.concat(chunks) });
    }
    await next();
    return;
  };
}
