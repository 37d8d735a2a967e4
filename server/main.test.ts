import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestChain, type TestChain } from './test/anvil.ts';
import { eventually } from './test/app.ts';
import { ServerProcess } from './test/server-process.ts';

/** The server as a process: what it says, what it exits with, what signals do to it. */
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
