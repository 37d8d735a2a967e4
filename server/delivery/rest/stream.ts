import { createRoute, z } from '@hono/zod-openapi';
import { FatalError } from '../../errors.ts';
import { servedChain } from '../../watch/served.ts';
import { SSE_HEADERS, sseStream } from '../sse.ts';
import { admission } from './admission.ts';
import type { RestApp, RestOptions } from './context.ts';
import { balanceEvents } from './events.ts';
import { failures } from './responses.ts';
import { clientIdOf, streamHeaders, streamQuery, walletParams } from './schemas.ts';

const EXAMPLE = `id: MTox
event: balance_update
data: {"balances":{"0x6b175474e89094c44da98b954eedeac495271d0f":"1000000"}}

`;

const route = createRoute({
  method: 'get',
  path: '/sse/{chain_id}/balances/{owner}',
  operationId: 'stream',
  tags: ['sessions'],
  summary: "The session's balances as server-sent events.",
  description:
    'The first `balance_update` is the full snapshot, zeros included; those that follow hold what changed, every ' +
    'amount an absolute one. Comments keep the connection alive. `error` comes only when the stream cannot go on. ' +
    'When the server shuts down the stream just ends: reconnect.',
  request: { params: walletParams, query: streamQuery, headers: streamHeaders },
  responses: {
    200: {
      description: 'The stream.',
      content: { 'text/event-stream': { schema: z.string().openapi('EventStream', { example: EXAMPLE }) } },
    },
    ...failures(400, 401, 404, 429, 500, 503),
  },
});

/** `GET /sse/{chain_id}/balances/{owner}`. */
export function addStream(app: RestApp, { service, config, gate, metrics, log }: RestOptions): void {
  const middleware = admission(gate);
  const updatesSent = metrics.updatesSent.labels({ door: 'rest' });
  const blockToSend = metrics.blockToSend.labels({ door: 'rest' });

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
      sent({ announcedAtMs }) {
        updatesSent.inc();
        if (announcedAtMs !== null) blockToSend.observe((performance.now() - announcedAtMs) / 1000);
      },
      failed: (error) => log.error({ err: error, chainId, owner }, 'a stream cannot go on'),
      ended: () => place[Symbol.dispose](),
    });
    return new Response(sseStream(events, { heartbeatMs: config.sseHeartbeatMs }), { headers: SSE_HEADERS });
  });
}
