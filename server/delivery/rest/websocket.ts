import type { RestApp } from './context.ts';
import { failures } from './responses.ts';

const EXAMPLE = `{"type":"balance","payload":{
  "items":[{"wallet":"0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045","token":"native","blockchain":"evm:1"}],
  "subscriptionId":"treasury","subscriptionTracking":true}}`;

const DESCRIPTION = `For clients written against the hosted \`balance\` stream, here and at \`/\`. Messages are JSON.

| client → server | |
|---|---|
| \`{"type":"balance","authorization","payload":{"items","subscriptionId","subscriptionTracking"}}\` | Subscribes. Each of fewer than 1,000 \`items\` is \`{"wallet","token","blockchain"}\`: addresses in any case, \`token\` also \`"native"\`, \`blockchain\` as \`"evm:1"\`. \`subscriptionId\` may be left out: then it is made of the items. The same one again with new items adds them; with none new all is sent again. |
| \`{"type":"unsubscribe","payload":{"subscriptionId"}}\` | Ends one. |

| server → client | |
|---|---|
| \`{"event":"subscribed","type":"balance","subscriptionId","pairs"}\`, \`unsubscribed\` | With \`subscriptionTracking\`. |
| \`{"subscriptionId","data":[Item…]}\` | The snapshot, without what cannot be read. |
| \`{"subscriptionId","data":Item}\` | A change; amounts are absolute. |
| \`{"event":"error","type":"balance","message","code","details","retryAfter","subscriptionId"}\` | What is wrong with a message; \`details\` say where, each with \`code\`, \`path\` and \`message\`. The connection stays open. |

An \`Item\` has \`wallet\`, \`token\`, \`chainId\` (\`"evm:1"\`), \`balance\` (a number in whole tokens, for reading only),
\`rawBalance\` (exact, in the smallest unit), \`decimals\`, \`symbol\`, \`name\`, \`logo\`; of a change also
\`previousBalance\`, \`previousRawBalance\`, \`cause\`, \`transactions\`, \`blockNumber\`, \`blockHash\`, \`blockTimestamp\`.

\`\`\`json
${EXAMPLE}
\`\`\`

Where keys are asked for, one comes as \`authorization\` in the message, with or without \`Bearer\`, or once with this
request, as with any other. The server pings; who answers none is dropped. It closes with 1001 when it stops (connect again), 1008
after too much at once or too slowly, 1009 after too large a message, 1013 where there is no room at the moment.`;

/** The WebSocket door, which stands beside this one: what its handshake answers, and in words what is said then. */
export function describeWebSocket({ openAPIRegistry }: RestApp): void {
  openAPIRegistry.registerPath({
    method: 'get',
    path: '/ws',
    operationId: 'webSocket',
    tags: ['balances'],
    summary: 'Balances of many wallets over a WebSocket.',
    description: DESCRIPTION,
    responses: {
      101: { description: 'From here on it is a WebSocket.' },
      ...failures('noKey', 'foreignOrigin', 'noHandshake'),
    },
  });
}
