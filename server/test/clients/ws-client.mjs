/**
 * A treasury's mirror in Node, written against the hosted service: node ws-client.mjs URL CHAIN WALLET TOKEN TOKEN [KEY]
 *
 * It watches the first token; once that has moved, the second as well; once that has, it loses its connection and comes
 * back with the id of its subscription; then it ends that and itself. It prints all that it is told.
 */
import WebSocket from 'ws';

const [url, chain, wallet, first, second, authorization] = process.argv.slice(2);
const subscriptionId = 'treasury';
const item = (token) => ({ wallet, token, blockchain: `evm:${chain}` });
const subscribe = (socket, ...tokens) =>
  socket.send(
    JSON.stringify({
      type: 'balance',
      authorization,
      payload: { items: tokens.map(item), subscriptionId, subscriptionTracking: true },
    }),
  );

/** Resolves when `heard` says that it has heard enough. */
function connect(tokens, heard) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.on('open', () => subscribe(socket, ...tokens));
    socket.on('error', reject);
    socket.on('close', resolve);
    socket.on('message', (text) => {
      console.log(String(text));
      heard(socket, JSON.parse(text));
    });
  });
}

let changes = 0;
await connect([first], (socket, message) => {
  if (message.event === 'error') throw new Error(message.message);
  if (message.event || Array.isArray(message.data)) return;
  changes += 1;
  if (changes === 1) subscribe(socket, first, second);
  else socket.terminate();
});
await connect([first, second], (socket, message) => {
  if (Array.isArray(message.data))
    socket.send(JSON.stringify({ type: 'unsubscribe', payload: { subscriptionId } }));
  else if (message.event === 'unsubscribed') socket.close();
});
