import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually } from './app.ts';
import { type NodeProxy, startNodeProxy } from './node-proxy.ts';
import { ServerProcess } from './server-process.ts';
import { item, SocketClient, subscribe } from './socket.ts';
import { FAULTS, startTelltaleNode, type TelltaleNode } from './telltale-node.ts';

/**
 * Secrets are planted wherever an operator or a caller has any; then everything fails that can, in the words of
 * endpoints that tell all they know; then all that came out of the server is searched for them.
 */
const MARK = 'planted';
/** Every secret begins with the mark, so that a part of one is found as well. */
function plant(what: string): string {
  return `${MARK}-${what}-${randomBytes(4).toString('hex')}`;
}
/** A password as people have them: every encoding writes it otherwise. */
function plantOdd(what: string): string {
  return `${plant(what)}"/\\+ü&=?#%`;
}

/** A URL with a secret in each of its parts. */
function withSecrets(scheme: string, place: string, path: string, what: string): string {
  const user = encodeURIComponent(plantOdd(`user-${what}`));
  const password = encodeURIComponent(plantOdd(`password-${what}`));
  const query = `network=main&key=${encodeURIComponent(plantOdd(`query-${what}`))}&${plant(`bare-${what}`)}`;
  return `${scheme}://${user}:${password}@${place}/${path}${plant(`path-${what}`)}?${query}`;
}

/** Chains that viem knows, one for each fault. */
const IDS = [
  1, 10, 56, 100, 130, 137, 146, 250, 252, 324, 1101, 1135, 1284, 5000, 8453, 9745, 42161, 42220, 43114,
  57073, 59144, 534352, 11155111,
];
/** No resolver is asked for such a name: no label is that long. */
const NAMELESS = `${'n'.repeat(64)}.test`;
const OWNER = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';

let chain: TestChain;
let proxy: NodeProxy;
let telltale: TelltaleNode;
let server: ServerProcess;
let url: string;
/** What callers need, of the characters that a key may have. */
const apiKey = `${plant('api-key')}"/\\+&=?#%`;
/** How the endpoints of a chain fail. */
let faults: ReadonlyMap<number, string>;
let lists: ReturnType<typeof createServer>;
let listUrl: string;
/** All that anybody was answered. */
let answers = '';

beforeAll(async () => {
  [chain, telltale] = await Promise.all([startTestChain(), startTelltaleNode()]);
  proxy = await startNodeProxy(chain);
  const unreachable = { refused: 'localhost:1', nameless: NAMELESS, tls: telltale.place };
  faults = new Map([...FAULTS, ...Object.keys(unreachable)].map((fault, index) => [IDS[index] ?? 0, fault]));
  const endpoints = [...faults].map(([id, fault]) => {
    const place = unreachable[fault as keyof typeof unreachable] ?? telltale.place;
    const [http, ws] = fault === 'tls' ? ['https', 'wss'] : ['http', 'ws'];
    const urls = [http, ws].map((scheme) =>
      withSecrets(scheme ?? '', place, `${fault}/${id}/`, `${scheme}-${fault}`),
    );
    return [`RPC_URLS_${id}`, urls.join(',')];
  });
  const good = ['ws', 'http'].map((scheme) =>
    withSecrets(scheme, new URL(proxy.url).host, '', `${scheme}-good`),
  );
  let isListThere = true;
  lists = createServer((_, response) => {
    const list = {
      name: 'List',
      timestamp: '2026-01-01T00:00:00Z',
      version: { major: 1, minor: 0, patch: 0 },
      tokens: [{ chainId: chain.chainId, address: chain.weth, symbol: 'WETH', name: 'WETH', decimals: 18 }],
    };
    response.writeHead(isListThere ? 200 : 404, { connection: 'close' }).end(JSON.stringify(list));
    isListThere = false;
  });
  await new Promise<void>((resolve) => lists.listen(0, '127.0.0.1', resolve));
  listUrl = `http://127.0.0.1:${(lists.address() as AddressInfo).port}/list.json`;
  server = new ServerProcess({
    ...Object.fromEntries(endpoints),
    HTTP_BIND: '127.0.0.1:0',
    API_KEYS: `${apiKey},${plant('another-api-key')}`,
    LOG_LEVEL: 'trace',
    CHAINS: [chain.chainId, ...faults.keys()].join(','),
    [`RPC_URLS_${chain.chainId}`]: good.join(','),
    [`WRAPPED_NATIVE_${chain.chainId}`]: chain.weth,
    RPC_TIMEOUT_MS: '300',
    SSE_HEARTBEAT_INTERVAL: '0.5',
    ALLOW_PRIVATE_TOKEN_LISTS: 'true',
    TOKEN_LIST_CACHE_TTL: '0.001',
  });
  url = await server.url();
});
afterAll(async () => {
  server?.[Symbol.dispose]();
  lists?.close();
  await proxy?.[Symbol.asyncDispose]();
  await telltale?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

interface Asking {
  readonly method?: string;
  readonly accept?: string;
  readonly body?: unknown;
  readonly requestId?: string;
  /** The key is none. */
  readonly isWrong?: boolean;
}

/** The ways to send a key: what comes first counts, and the others may hold anything. */
const WAYS = ['bearer', 'header', 'query', 'wrong'] as const;
let asked = 0;

/** Asks as a caller with a key does, sending it in one way after the other, and keeps the answer. */
async function ask(path: string, { method = 'GET', accept, body, requestId, isWrong = false }: Asking = {}) {
  asked += 1;
  const way = WAYS[isWrong ? 3 : asked % 3];
  const keyed = new URL(path, url);
  keyed.searchParams.set('api_key', way === 'query' ? apiKey : plant('caller-query'));
  const response = await fetch(keyed, {
    method,
    headers: {
      ...(way === 'bearer' && { authorization: `Bearer ${apiKey}` }),
      ...(way === 'wrong' && { authorization: `Bearer ${plant('caller-bearer')}` }),
      ...(way === 'query' && { authorization: `Basic ${plant('caller-basic')}` }),
      ...(way !== 'query' && { 'x-api-key': way === 'header' ? apiKey : plant('caller-header') }),
      'content-type': 'application/json',
      origin: 'https://app.example',
      ...(accept && { accept }),
      ...(requestId && { 'x-request-id': requestId }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
  const text = isStream ? await firstOf(response) : await response.text();
  answers += `${response.status} ${JSON.stringify([...response.headers])} ${text}\n`;
  return text;
}

/** What a stream says at first; then it is left. */
async function firstOf(response: Response): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (let read = 0; read < 2; read += 1) text += (await reader?.read())?.value ?? '';
  await reader?.cancel();
  return text;
}

/** What a client sends that is no library. */
async function askRaw(head: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end(`${head}\r\nConnection: close\r\n\r\n`);
  answers += Buffer.concat(await socket.toArray()).toString();
}

/** What is answered to one message of a WebSocket, or to who wanted one. */
async function askSocket(path: string, authorization: string): Promise<void> {
  using client = new SocketClient(url, path);
  const items = [chain.chainId, ...faults.keys()].map((id) => item('native', `evm:${id}`));
  const message = { ...subscribe(items, 'mine', { subscriptionTracking: true }), authorization };
  answers += JSON.stringify(await Promise.race([client.refused, client.ask(message)]));
}

/** The mark, and what is sure of it in base64, which writes the same in three ways. */
const marks = [
  MARK,
  ...[0, 1, 2].map((offset) => {
    const text = Buffer.from('.'.repeat(offset) + MARK).toString('base64');
    return text.slice(offset === 0 ? 0 : offset + 1, text.includes('=') ? -4 : undefined);
  }),
];

/** Where secrets, or parts of them, are in a text. */
function leaks(text: string): string[] {
  return marks.flatMap((mark) => {
    const at = mark === MARK ? text.toLowerCase().indexOf(mark) : text.indexOf(mark);
    return at === -1 ? [] : [text.slice(Math.max(0, at - 200), at + 100)];
  });
}

describe('secrets of operators and callers', () => {
  it('the search for them would find them', () => {
    const secret = plantOdd('to-be-found');
    const texts = [secret, encodeURIComponent(secret), JSON.stringify(secret), secret.slice(0, 9)];
    const encoded = ['', 'u', 'us', 'use'].map((user) => Buffer.from(`${user}:${secret}`).toString('base64'));
    for (const text of [...texts, ...encoded]) expect(leaks(`… ${text} …`)).not.toEqual([]);
    expect(leaks('nothing of the kind')).toEqual([]);
  });

  it('are told to nobody, whatever fails', async () => {
    const ids = [chain.chainId, ...faults.keys()];
    const balance = (id: number) =>
      `balance(owner: "${OWNER}", token: "native", chainId: ${id}) { amount reason }`;
    await Promise.all(
      ids.map(async (id) => {
        const query = `{ ${balance(id)} chains { id healthy head { number } } }`;
        const session = { method: 'POST', body: { customTokens: [chain.weth] } };
        await ask(`/${id}/balance/${OWNER}/native`, { requestId: `balance-${id}` });
        await ask(`/${id}/balance/${OWNER}/native`, { isWrong: true, requestId: `keyless-${id}` });
        await ask(`/${id}/balance/${OWNER}/what`);
        await ask(`/${id}/balances/${OWNER}`, { method: 'POST', body: { tokens: [chain.weth, OWNER] } });
        await ask(`/${id}/sessions/${OWNER}`, session);
        await ask(`/${id}/sessions/${OWNER}`, { ...session, method: 'PUT' });
        await ask(`/sse/${id}/balances/${OWNER}`);
        await ask(`/health/${id}`);
        await ask(`/graphql?query=${encodeURIComponent(query)}`);
        await ask('/graphql', {
          method: 'POST',
          body: { query },
          accept: 'application/graphql-response+json',
        });
        await ask('/graphql', { method: 'POST', body: { query }, accept: 'text/event-stream' });
        const subscription = `subscription { balances(owner: "${OWNER}", chainId: ${id}) { kind block { number } } }`;
        await ask('/graphql', { method: 'POST', body: { query: subscription }, accept: 'text/event-stream' });
      }),
    );
    for (const path of ['/', '/openapi.json', '/docs', '/graphql', '/livez', '/nothing', '/5/balance/x/y'])
      await ask(path, { accept: 'text/html' });
    await ask('/graphql?query={chains');
    await ask('/graphql', { method: 'POST', body: 'nothing' });
    await ask(`/1%3Fapi_key=${plant('caller-encoded')}`);
    await askSocket('/ws', plant('socket-wrong'));
    await askSocket('/ws', apiKey);
    await askSocket(`/ws?api_key=${encodeURIComponent(apiKey)}`, `Bearer ${plant('socket-hosted')}`);
    await askSocket(`/?api_key=${plant('socket-query')}`, apiKey);
    await askRaw(
      `GET http://${plant('target-user')}:${plant('target-password')}@host/livez HTTP/1.1\r\nHost: host`,
    );
    await askRaw(`GET /livez?api_key=${plant('raw-query')} HTTP/1.1\r\nHost: [${plant('host')}`);
    await askRaw(`GET /livez HTTP/1.1\r\nX-Request-Id: ${plant('id')} and more\r\nHost: host`);
    await askRaw(`NOTHING ${plant('no-method')} HTTP/1.1`);

    // All of it is known by now: what is wrong with each chain, in its log and in its health.
    await eventually(() => {
      const told = server.lines().filter(({ chain: id }) => id !== undefined);
      for (const [id, fault] of faults) {
        const lines = told.filter((line) => line.chain === String(id)).map(({ msg }) => msg);
        expect([fault, lines]).toEqual([
          fault,
          expect.arrayContaining(['no heads by socket; polling meanwhile']),
        ]);
        expect([fault, lines]).toEqual([fault, expect.arrayContaining(['the chain is not delivered'])]);
        // That it has not got the block is no fault of an endpoint.
        if (fault !== 'unknown-block')
          expect([fault, lines]).toEqual([fault, expect.arrayContaining(['an endpoint is passed over'])]);
      }
    });
    const health = JSON.parse(await ask('/health'));
    expect(health.status).toBe('degraded');
    for (const { chainId, healthy, lastError } of health.chains)
      expect([chainId, healthy, lastError]).toEqual(
        chainId === chain.chainId ? [chainId, true, null] : [chainId, false, expect.stringMatching(/./)],
      );
    const metrics = await ask('/metrics');
    for (const id of faults.keys())
      expect(metrics).toMatch(new RegExp(`upstream_requests_total\\{chain="${id}",`));

    // The words of endpoints came through, without the secrets in them: it is not for want of them.
    for (const fault of ['error', 'limit', 'unknown-block']) {
      const [id] = [...faults].find(([, of]) => of === fault) ?? [];
      expect(health.chains.find(({ chainId }: { chainId: number }) => chainId === id).lastError).toContain(
        '[secret]',
      );
      expect(
        server.lines().some((line) => line.chain === String(id) && `${line.reason}`.includes('[secret]')),
      ).toBe(true);
    }
    expect(answers.match(/"event":"subscribed"/g)).toHaveLength(2);
    await eventually(() =>
      expect(server.lines().filter(({ msg }) => msg === 'connection ended')).toHaveLength(3),
    );
    expect(leaks(answers)).toEqual([]);
    expect(leaks(server.output)).toEqual([]);
  });

  it('nor those in the addresses of token lists, which only who asks for them is told of', async () => {
    const listQuery = plant('list-query');
    const asked = `${listUrl}?key=${listQuery}`;
    const create = (tokensListsUrls: string[], requestId = 'of-a-list') =>
      ask(`/${chain.chainId}/sessions/${OWNER}`, { method: 'POST', body: { tokensListsUrls }, requestId });
    expect(await create([asked])).toContain('"tokens":');
    // It is gone now, and serves on.
    await create([asked], 'of-a-stale-list');
    await eventually(() =>
      expect(server.lines()).toContainEqual(
        expect.objectContaining({
          msg: 'token list cannot be refreshed; its last good copy serves on',
          requestId: 'of-a-stale-list',
          list: listUrl,
        }),
      ),
    );
    expect(
      await create([`http://${plant('list-user')}:${plant('list-password')}@127.0.0.1:1/l.json`]),
    ).toContain('token list http://127.0.0.1:1/l.json');
    expect(leaks(server.output)).toEqual([]);
    expect(leaks(answers)).toEqual([]);
    expect(await create([`http://127.0.0.1:1/l.json?key=${listQuery}`])).toContain(listQuery);
    expect(leaks(server.output)).toEqual([]);
  });

  it('what concerns a chain bears the id of no request, though it was a request that woke it', async () => {
    const ofChains = server.lines().filter(({ chain: id }) => id !== undefined);
    expect(ofChains.filter(({ requestId }) => requestId !== undefined)).toEqual([]);
    for (const id of faults.keys())
      for (const [name, status] of Object.entries({ balance: 503, keyless: 401 }))
        expect(server.lines()).toContainEqual(
          expect.objectContaining({ msg: 'answered', requestId: `${name}-${id}`, status }),
        );
  });

  it.each([
    ['an exception', 'throw new Error(words, { cause: { words } })'],
    ['a rejection', 'Promise.reject(new TypeError(words))'],
  ])('%s that nobody handles ends the process with a line that has them not', async (_, act) => {
    const endpoint = withSecrets('http', '127.0.0.1:1', '', 'of-the-one-that-ends');
    const code = `process.on("SIGUSR2", () => { const words = "asking " + process.env.RPC_URLS_1; ${act} })`;
    using ending = new ServerProcess({
      HTTP_BIND: '127.0.0.1:0',
      RPC_URLS_1: endpoint,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}`,
    });
    await ending.url();
    ending.process.kill('SIGUSR2');
    expect(await ending.exited).toBe(1);
    expect(ending.lines().find(({ level }) => level === 60)).toMatchObject({
      level: 60,
      msg: 'an error that nobody expected: the process ends',
      err: { message: expect.stringContaining('[secret]'), stack: expect.stringContaining('at process') },
    });
    expect(leaks(ending.output)).toEqual([]);
  });
});
