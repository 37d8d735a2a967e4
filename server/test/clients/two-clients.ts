import { createBalancesClient, type WatchOptions } from '../../../client/index.ts';

/** Two clients in one Node process follow a wallet and stop; nothing but a stray timer or lock could keep it alive. */
const [url = '', options = ''] = process.argv.slice(2);
const watched = JSON.parse(options) as WatchOptions;
const clients = [createBalancesClient({ url }), createBalancesClient({ url })];
const iterators = clients.map((client) => client.watchBalances(watched)[Symbol.asyncIterator]());
await Promise.all(iterators.map((states) => states.next()));
const metrics = await (await fetch(`${url}/metrics`)).text();
console.log(/balance_stream_streams\{door="graphql"\} \d+/.exec(metrics)?.[0]);
for (const client of clients) client.dispose();
