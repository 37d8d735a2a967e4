import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Address } from './chain/types.ts';
import { startTestChain, type TestChain } from './test/anvil.ts';
import { eventually } from './test/app.ts';
import { deployToken, mint } from './test/contracts.ts';
import { getRequest, postRequest, RawClient } from './test/raw.ts';
import { ServerProcess } from './test/server-process.ts';
import { EventSourceClient } from './test/soak/clients/event-source.ts';
import { SoakSession } from './test/soak/clients/session.ts';
import { Watcher } from './test/watcher.ts';

/** The server as a process: what it says, what it exits with, what signals do to it. */
const OWNER: Address = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';

let chain: TestChain;
let environment: Record<string, string>;

beforeAll(async () => {
  chain = await startTestChain();
  environment = {
    HTTP_BIND: '127.0.0.1:0',
    [`RPC_URLS_${chain.chainId}`]: `${chain.wsUrl},${chain.url}`,
  };
});
afterAll(() => chain?.[Symbol.asyncDispose]());

describe('the server as a process', () => {
  it('without any endpoint exits 1 and says which variables to set', async () => {
    using server = new ServerProcess({});
    expect(await server.exited).toBe(1);
    for (const name of ['RPC_URLS_1', 'ALCHEMY_API_KEY', 'npm run dev'])
      expect(server.output).toContain(name);
    // In words, for an operator: no stack.
    expect(server.output).not.toContain('    at ');
  });

  it('with a bad value exits 1 and names the variable', async () => {
    using server = new ServerProcess({ ...environment, SNAPSHOT_INTERVAL: 'often' });
    expect(await server.exited).toBe(1);
    expect(server.output).toMatch(/SNAPSHOT_INTERVAL.*seconds/);
  });

  it('serves metrics at METRICS_BIND and no longer beside the rest', async () => {
    using server = new ServerProcess({ ...environment, METRICS_BIND: '127.0.0.1:0' });
    const url = await server.url();
    const apart = /"metrics":"([^"]+)"/.exec(server.output)?.[1] ?? '';
    expect(await (await fetch(apart)).text()).toContain('balance_stream_sessions 0');
    expect((await fetch(new URL('/', apart))).status).toBe(404);
    expect((await fetch(apart, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    server.process.kill('SIGINT');
    expect(await server.exited).toBe(0);
  });

  it.each(['HTTP_BIND', 'METRICS_BIND'])('with %s in use exits 1 and names it', async (name) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    using server = new ServerProcess({ ...environment, [name]: `127.0.0.1:${port}` });
    expect(await server.exited).toBe(1);
    expect(server.output).toContain(name);
    taken.close();
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'at %s ends its streams, without error or complete, and exits 0',
    async (signal) => {
      using server = new ServerProcess(environment);
      const url = await server.url();
      const owner = await chain.newWallet();
      const post = (path: string, body: unknown, headers = {}) =>
        fetch(`${url}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
        });
      await post(`/${chain.chainId}/sessions/${owner}`, { customTokens: [chain.weth] });
      const query = `subscription { balances(chainId: ${chain.chainId}, owner: "${owner}") { kind } }`;
      const streams = await Promise.all([
        fetch(`${url}/sse/${chain.chainId}/balances/${owner}`),
        post('/graphql', { query }, { accept: 'text/event-stream' }),
      ]);
      const texts = streams.map((stream) => stream.text());
      // An idle keep-alive connection must not hold it up either.
      expect((await fetch(`${url}/livez`)).status).toBe(200);
      await eventually(async () => {
        const { chains } = await (await fetch(`${url}/health`)).json();
        expect(chains[0]).toMatchObject({ healthy: true, pendingTouches: 0 });
      });
      server.process.kill(signal);
      expect(await server.exited).toBe(0);
      for (const text of await Promise.all(texts)) {
        expect(text).toMatch(/^retry: \d+\n:ping\n\n/);
        expect(text).not.toMatch(/event: (error|complete)/);
      }
    },
  );
});

/** A request on a connection of its own. */
async function ask(url: string): Promise<{ status: number | undefined; text: string; connection: unknown }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent: false, headers: { connection: 'keep-alive' } }, resolve).on('error', reject);
  });
  const text = (await response.setEncoding('utf8').toArray()).join('');
  return { status: response.statusCode, text, connection: response.headers.connection };
}

const createSession = (url: string, owner: Address, body: object) =>
  fetch(`${url}/${chain.chainId}/sessions/${owner}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const refuses = (url: string) =>
  eventually(async () => {
    await expect(ask(`${url}/livez`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

describe('a server that is told to stop', () => {
  it('says so to a balancer, on new connections too, and serves on for as long as that takes to be seen', async () => {
    using server = new ServerProcess({ ...environment, SHUTDOWN_GRACE: '8' });
    const url = await server.url();
    const owner = await chain.newWallet();
    await eventually(async () => expect((await ask(`${url}/health`)).status).toBe(200));
    server.process.kill('SIGTERM');
    await eventually(async () => {
      const { status, text, connection } = await ask(`${url}/health`);
      expect([status, JSON.parse(text).status, connection]).toEqual([503, 'stopping', 'close']);
    });
    expect((await ask(`${url}/health/${chain.chainId}`)).status).toBe(503);
    expect((await ask(`${url}/livez`)).status).toBe(200);
    // Who comes all the same is served: to an EventSource anything but 200 would be the end.
    expect((await createSession(url, owner, { customTokens: [chain.weth] })).status).toBe(200);
    using stream = new RawClient(url, getRequest(`/sse/${chain.chainId}/balances/${owner}`)).read();
    await eventually(() => expect(stream.text).toContain('event: balance_update'));
    expect(stream.text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(await server.exited).toBe(0);
    await stream.closed;
    // To its last byte, as HTTP counts them, and without a word.
    expect(stream.text).toMatch(/\r\n0\r\n\r\n$/);
    expect(stream.text).not.toMatch(/event: (error|complete)/);
  });

  it('by a person, does not wait for balancers', async () => {
    using server = new ServerProcess({ ...environment, SHUTDOWN_GRACE: '3600' });
    await server.url();
    server.process.kill('SIGINT');
    expect(await server.exited).toBe(0);
  });

  it('finishes what it was asked, though it hears nobody new', async () => {
    const asked: ServerResponse[] = [];
    await using lists = createServer((_, response) => void asked.push(response)).listen(0, '127.0.0.1');
    await once(lists, 'listening');
    using server = new ServerProcess({
      ...environment,
      ALLOW_PRIVATE_TOKEN_LISTS: 'true',
      SHUTDOWN_GRACE: '20',
    });
    const url = await server.url();
    const list = `http://127.0.0.1:${(lists.address() as AddressInfo).port}/list.json`;
    const owner = await chain.newWallet();
    using client = new RawClient(
      url,
      postRequest(`/${chain.chainId}/sessions/${owner}`, { tokensListsUrls: [list] }),
    );
    client.read();
    await eventually(() => expect(asked).toHaveLength(1));
    server.process.kill('SIGINT');
    await refuses(url);
    // Too late for a stream, but no reason to refuse one: it is one that ends.
    client.send(getRequest(`/sse/${chain.chainId}/balances/${owner}`));
    const token = { chainId: chain.chainId, address: chain.weth, name: 'W', symbol: 'W', decimals: 18 };
    asked[0]?.end(
      JSON.stringify({
        name: 'List',
        timestamp: '2026-01-01T00:00:00Z',
        version: { major: 1, minor: 0, patch: 0 },
        tokens: [token],
      }),
    );
    expect(await server.exited).toBe(0);
    expect(client.text).toContain('"tokens":2}');
    expect(client.text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
    expect(client.text).toMatch(/retry: \d+\n:ping\n\n$/);
    expect(server.output).not.toContain('the grace is over');
  });

  it('waits for no client that does not read, no node that is frozen and no list that never comes', async () => {
    const asked: IncomingMessage[] = [];
    await using lists = createServer((request) => void asked.push(request)).listen(0, '127.0.0.1');
    await once(lists, 'listening');
    using server = new ServerProcess({
      ...environment,
      ALLOW_PRIVATE_TOKEN_LISTS: 'true',
      SHUTDOWN_GRACE: '5',
    });
    const url = await server.url();
    // It asks and asks, and reads nothing: in the end nobody takes its questions any more either.
    using stalled = new RawClient(url, getRequest('/openapi.json').repeat(200_000));
    const list = `http://127.0.0.1:${(lists.address() as AddressInfo).port}/list.json`;
    createSession(url, await chain.newWallet(), { tokensListsUrls: [list] }).catch(() => {});
    await eventually(() => expect(asked).toHaveLength(1));
    expect(stalled.socket.writableLength).toBeGreaterThan(0);
    chain.freeze();
    try {
      ask(`${url}/${chain.chainId}/balance/${OWNER}/native`).catch(() => {});
      server.process.kill('SIGTERM');
      expect(await server.exited).toBe(0);
    } finally {
      chain.thaw();
    }
    expect(server.output).not.toContain('the grace is over');
  });

  it('twice, is gone at once', async () => {
    using server = new ServerProcess({ ...environment, SHUTDOWN_GRACE: '3600' });
    await server.url();
    server.process.kill('SIGTERM');
    await eventually(() => expect(server.output).toContain('stopping'));
    // The same signal again within a moment is npm's echo of it.
    const again = setInterval(() => server.process.kill('SIGTERM'), 200);
    expect(await server.exited).toBe(1);
    clearInterval(again);
  });

  it('hands its clients to the next one: they reconnect, and hold what the chain says', async () => {
    const owner = await chain.newWallet();
    const gold = await deployToken(chain);
    await mint(chain, gold, owner, 1n);
    using first = new ServerProcess({ ...environment, SHUTDOWN_GRACE: '3' });
    const url = await first.url();
    using typed = new Watcher({ url }, { chainId: chain.chainId, owner, customTokens: [gold] });
    const session = new SoakSession({ url }, { chainId: chain.chainId, owner, always: [] });
    await using page = new EventSourceClient({
      name: 'page',
      server: { url },
      session,
      asks: [gold],
      mayHold: () => true,
    });
    const hold = (amount: bigint) =>
      eventually(() => expect([typed.amount(gold), page.holds(gold)]).toEqual([amount, amount]));
    await hold(1n);
    first.process.kill('SIGTERM');
    await mint(chain, gold, owner, 1n);
    expect(await first.exited).toBe(0);
    await mint(chain, gold, owner, 1n);
    using second = new ServerProcess({ ...environment, HTTP_BIND: new URL(url).host });
    await second.url();
    await hold(3n);
    await mint(chain, gold, owner, 1n);
    await hold(4n);
    expect([typed.failure, page.problems]).toEqual([undefined, []]);
  });
});
