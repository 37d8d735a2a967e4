import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { graphqlStream, postSession, restStream, walletsStream } from '../api.ts';
import { CHAIN_ID, token, tokens, wallet } from '../fixtures.ts';
import { startPlainWriter } from '../plain-writer.ts';
import type { Row } from '../rows.ts';
import { type Stage, startStage } from '../stage.ts';
import { openStream, type StreamRequest } from '../streams.ts';

const SESSIONS = 4000;
const FULL_SESSIONS = 200;
const TOKENS = 1000;
const STREAMS = 2000;
const WALLET_STREAMS = 100;
const AT_ONCE = 50;
/** A wallet, a token, an amount, the height and the hash of its block. */
const BYTES_OF_A_PAIR = 20 + 20 + 32 + 8 + 32;
/** Buffers that were grown are given back a while later. */
const SETTLE_MS = 2000;

const ROOM_FOR_ALL = { MAX_SESSIONS: '1000000', MAX_STREAMS: '1000000', MAX_WATCHED_PAIRS: '100000000' };

/** What pairs, sessions and streams take of memory: MAX_WATCHED_PAIRS, MAX_SESSIONS and MAX_STREAMS bound them. */
export async function measureMemory(): Promise<Row[]> {
  const pairs = FULL_SESSIONS * (TOKENS + 2);
  const pair =
    (await grownBy(({ server }) =>
      each(FULL_SESSIONS, (i) => postSession(server.url, wallet(i + 1), tokens(TOKENS))),
    )) / pairs;
  const session =
    (await grownBy(({ server }) =>
      each(SESSIONS, (i) => postSession(server.url, wallet(i + 1), [token(0)])),
    )) / SESSIONS;
  const plain = (await plainStreams()) / STREAMS;
  const rest = (await grownBy(openStreams(restStream))) / STREAMS;
  const graphql = (await grownBy(openStreams(graphqlStream))) / STREAMS;
  const webSocket = (await grownBy(openSockets)) / STREAMS;
  const wallets = (await grownBy(openWalletStreams)) / WALLET_STREAMS;
  const stream = { unit: 'kB', yardstick: plain / 1000, yardstickName: 'plain node:http writer' };
  return [
    {
      name: 'memory of a pair, 1,000 a wallet',
      value: pair,
      unit: 'B',
      yardstick: BYTES_OF_A_PAIR,
      yardstickName: 'its bytes, packed',
    },
    {
      name: 'memory of a session of 3 pairs',
      value: session / 1000,
      unit: 'kB',
      yardstick: (3 * pair) / 1000,
      yardstickName: '3 pairs',
    },
    { ...stream, name: 'memory of an open stream, REST', value: rest / 1000 },
    { ...stream, name: 'memory of an open stream, GraphQL', value: graphql / 1000 },
    { ...stream, name: 'memory of a WebSocket with one subscription', value: webSocket / 1000 },
    {
      name: 'memory of a stream of 1,000 wallets, a pair each',
      value: wallets / 1000,
      unit: 'kB',
      yardstick: (1000 * pair) / 1000,
      yardstickName: '1,000 pairs of one wallet',
    },
  ];
}

/** By how many bytes the server's process has grown once that is done. */
async function grownBy(grow: (stage: Stage, streams: DisposableStack) => Promise<void>): Promise<number> {
  await using stage = await startStage({ env: ROOM_FOR_ALL });
  using streams = new DisposableStack();
  const { url, call } = stage.server;
  const resident = async () => {
    await stage.quiet();
    await sleep(SETTLE_MS);
    return await call('residentBytes', {});
  };
  // What the first of everything loads and compiles serves all others.
  await postSession(url, wallet(0), [token(0)]);
  for (const request of [restStream, graphqlStream]) streams.use(await openStream(request(url, wallet(0))));
  const before = await resident();
  await grow(stage, streams);
  return (await resident()) - before;
}

function openStreams(request: (url: string, owner: ReturnType<typeof wallet>) => StreamRequest) {
  return ({ server }: Stage, streams: DisposableStack) =>
    each(STREAMS, async () => {
      streams.use(await openStream(request(server.url, wallet(0))));
    });
}

async function openSockets({ server }: Stage, sockets: DisposableStack): Promise<void> {
  const payload = { items: [{ wallet: wallet(0), token: token(0), blockchain: `evm:${CHAIN_ID}` }] };
  const open = () =>
    new Promise<void>((resolve, reject) => {
      const socket = new WebSocket(server.url.replace('http', 'ws'));
      sockets.defer(() => socket.terminate());
      socket.once('open', () => socket.send(JSON.stringify({ type: 'balance', payload })));
      socket.once('message', () => resolve());
      socket.once('error', reject);
    });
  await each(STREAMS, open);
}

/** Each of other wallets. */
function openWalletStreams({ server }: Stage, streams: DisposableStack): Promise<void> {
  return each(WALLET_STREAMS, async (index) => {
    const owners = Array.from({ length: 1000 }, (_, i) => wallet(1 + index * 1000 + i));
    streams.use(await openStream(walletsStream(server.url, owners, token(0))));
  });
}

async function plainStreams(): Promise<number> {
  await using writer = await startPlainWriter();
  using streams = new DisposableStack();
  const before = await writer.call('residentBytes', {});
  await each(STREAMS, async () => {
    streams.use(await openStream({ url: writer.url }));
  });
  await writer.call('send', { bytes: 1000 });
  await sleep(SETTLE_MS);
  return (await writer.call('residentBytes', {})) - before;
}

async function each(count: number, act: (index: number) => Promise<void>): Promise<void> {
  for (let start = 0; start < count; start += AT_ONCE)
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - start) }, (_, i) => act(start + i)));
}
