import { createRoute, z } from '@hono/zod-openapi';
import { FatalError } from '../../errors.ts';
import { servedChain } from '../../watch/served.ts';
import { countSent } from '../sent.ts';
import { SSE_HEADERS, sseStream } from '../sse.ts';
import { admission } from './admission.ts';
import type { RestApp, RestOptions } from './context.ts';
import { balanceEvents } from './events.ts';
import { failures } from './responses.ts';
import { clientIdOf, streamHeaders, streamQuery, walletParams } from './schemas.ts';
import { KEYED } from './security.ts';

const EXAMPLE = `retry: 1000
:ping

id: 1.dc6a3be58b58.75714bb410497ba7.10.4.0x92b7
event: balance_update
data: {"balances":{"0x6b175474e89094c44da98b954eedeac495271d0f":"1000000"}}

`;

/** As they are sent, for whoever stands between: nothing may keep a stream, change it or hold it back. */
const STREAM_HEADERS = Object.fromEntries(
  [
    ['Cache-Control', SSE_HEADERS['cache-control']],
    ['X-Accel-Buffering', SSE_HEADERS['x-accel-buffering']],
  ].map(([name, value]) => [
    name,
    { required: true, schema: { type: 'string' as const, const: value }, example: value },
  ]),
);

const route = createRoute({
  method: 'get',
  path: '/sse/{chain_id}/balances/{owner}',
  operationId: 'stream',
  tags: ['sessions'],
  summary: "The session's balances as server-sent events.",
  description: `The first \`balance_update\` is the full snapshot, zeros included; those that follow hold what changed,
every amount an absolute one.

| event | data |
|---|---|
| \`balance_update\` | \`Balances\` |
| \`error\` | \`Problem\`: the stream cannot go on, and is over |

Comments (\`:ping\`) keep the connection alive. The \`id\` of an event is a cursor: an \`EventSource\` that was cut off
brings it by itself and resumes after it. When the server shuts down the stream just ends: reconnect. Where the
session is gone by then the answer is 404: create it again. Follow a stream with \`curl -N\` or an \`EventSource\`; a
page like this one shows it only once it is over.`,
  security: KEYED,
  request: { params: walletParams, query: streamQuery, headers: streamHeaders },
  responses: {
    200: {
      description: 'The stream. It ends when either side does.',
      headers: STREAM_HEADERS,
      content: { 'text/event-stream': { schema: z.string().openapi('EventStream'), example: EXAMPLE } },
    },
    ...failures('malformed', 'noKey', 'chainNotServed', 'noSession'),
    ...failures('tooOften', 'tooManyStreams', 'fault', 'fullOfStreams'),
  },
});

/** `GET /sse/{chain_id}/balances/{owner}`. */
export function addStream(app: RestApp, { service, config, gate, metrics, log }: RestOptions): void {
  const middleware = admission(gate);
  const sent = countSent(metrics, 'rest');

  app.openapi({ ...route, middleware }, async (context) => {
    const { chain_id: chainId, owner } = context.req.valid('param');
    const query = context.req.valid('query');
    const headers = context.req.valid('header');
    servedChain(service.chains, chainId);
    const key = { chainId, owner, clientId: clientIdOf(headers, query) };
    const after = (headers['last-event-id'] ?? query.last_event_id) || undefined;

    // Before anything is opened, so that a HEAD opens nothing: nobody would read it to its end.
    if (context.req.raw.method === 'HEAD') {
      if (!(await service.sessions.find(key)))
        throw new FatalError('SESSION_NOT_FOUND', 'no session: create one first');
      return new Response(null, { headers: SSE_HEADERS });
    }
    const { signal } = context.req.raw;
    using opening = new DisposableStack();
    const place = opening.use(gate.openStream(context.var.caller, 'rest'));
    const updates = await service.sessions.stream(key, { after, signal });
    opening.move();
    const events = balanceEvents(updates, signal, {
      sent,
      failed: (error) => log.error({ err: error, chainId, owner }, 'a stream cannot go on'),
      ended: () => place[Symbol.dispose](),
    });
    return new Response(sseStream(events, { heartbeatMs: config.sseHeartbeatMs }), { headers: SSE_HEADERS });
  });
}
