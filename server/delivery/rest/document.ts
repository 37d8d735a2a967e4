import { z } from '@hono/zod-openapi';
import type { RestApp } from './context.ts';
import { describeOperations } from './operations.ts';
import { describeSecurity } from './security.ts';
import { describeWebSocket } from './websocket.ts';

/** `/openapi.json`: of every route of this door and beside it, made of the schemas that validate them. */
export function addDocument(app: RestApp): void {
  describeSecurity(app);
  describeOperations(app);
  describeWebSocket(app);
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/openapi.json',
    operationId: 'document',
    tags: ['operations'],
    summary: 'This document.',
    responses: {
      200: {
        description: 'OpenAPI 3.1.',
        content: {
          'application/json': {
            schema: z.object({ openapi: z.literal('3.1.0') }).openapi({ additionalProperties: true }),
            example: { openapi: '3.1.0', info: { title: 'balance-stream', version: '1.0.0' }, paths: {} },
          },
        },
      },
    },
  });
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'balance-stream',
      version: '1.0.0',
      license: { name: 'MIT', url: 'https://spdx.org/licenses/MIT.html' },
      description: DESCRIPTION,
    },
    servers: [{ url: '/', description: 'This server.' }],
    tags: [
      {
        name: 'sessions',
        description: 'Watching a wallet: name its tokens with a session, then listen to the stream.',
      },
      { name: 'balances', description: 'Asking once, without a session.' },
      { name: 'operations', description: 'For operators, load balancers and tools; never in need of a key.' },
    ],
  });
  app.get('/openapi.json', (context) => context.json(document));
}

const DESCRIPTION = `A client names a wallet and the tokens it cares about, gets every balance once, and from then on only what
changed, within a block:

\`\`\`sh
curl -X POST http://localhost:8080/1/sessions/0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045 \\
  -H 'content-type: application/json' \\
  -d '{"customTokens":["0x6b175474e89094c44da98b954eedeac495271d0f"]}'
curl -N http://localhost:8080/sse/1/balances/0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045
\`\`\`

**Amounts** are decimal strings, absolute ones, in the token's smallest unit. Addresses are taken in any case; the keys
of \`balances\` are lower-case, and the native coin is \`0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\`.

**Sessions.** Without a client id all devices of a wallet share one session, and POST and PUT add to its tokens. With
one, in \`X-Client-Id\` or, for who cannot set headers, in \`?client_id=\` (the header wins), the session is that
client's own, and they set it. A session to which no stream is open goes after a while; its stream then is a 404.

**Errors** are always \`{"code", "message"}\`, where \`code\` is the status and the message begins with it in words. Too
much at once is a 429, and a server without room a 503; \`Retry-After\` says when to come back, where that is known.

**Methods.** HEAD is answered wherever GET is, with its status and headers. Any other method that a path does not have
is a 405, and \`Allow\` says which it has. A path that is not here is a 404, and OPTIONS is CORS's.

GraphQL, at \`/graphql\`, offers more: token metadata, causes, previous amounts, blocks and transactions of every change,
allowances, many wallets of many chains in one stream, alarms, finality.`;
