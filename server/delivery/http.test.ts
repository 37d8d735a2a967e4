import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { networkOf } from '../chain/networks.ts';
import { eventsOf } from '../test/events.ts';
import { serveHttp, type TestServer } from '../test/http.ts';
import { blockAt, ethereum, ScriptedService, SOMEONE, updateOf } from '../test/service.ts';
import type { ChainHealth } from '../watch/service.ts';
import { chainHealth, health } from './rest/operations.ts';

const OWNER = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const SESSION = { chainId: 1, owner: OWNER, clientId: null } as const;

let server: TestServer;
afterEach(() => server[Symbol.asyncDispose]());

const open = async (service = new ScriptedService(), ...settings: [Parameters<typeof serveHttp>[1]?]) => {
  server = await serveHttp(service, ...settings);
  return service;
};
const get = (path: string, init?: RequestInit) => fetch(server.url + path, init);

describe('doors', () => {
  test('every path has the one it should have', async () => {
    await open();
    const statuses = async (paths: string[]) =>
      Object.fromEntries(await Promise.all(paths.map(async (path) => [path, (await get(path)).status])));
    expect(
      await statuses(['/', '/?owner=0x', '/livez', '/health', '/health/1', '/metrics', '/openapi.json']),
    ).toEqual({
      '/': 200,
      '/?owner=0x': 200,
      '/livez': 200,
      '/health': 200,
      '/health/1': 200,
      '/metrics': 200,
      '/openapi.json': 200,
    });
    expect(await statuses(['/health/5', '/health/', '/livez/', '/graphql/x', '/favicon.ico'])).toEqual({
      '/health/5': 404,
      '/health/': 404,
      '/livez/': 404,
      '/graphql/x': 404,
      '/favicon.ico': 404,
    });
    const answer = await get('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ chains { id } }' }),
    });
    expect(await answer.json()).toEqual({ data: { chains: [{ id: 1 }] } });
  });

  test('what can only be read can only be read', async () => {
    await open();
    for (const path of ['/', '/livez', '/health', '/health/1', '/metrics']) {
      const answer = await get(path, { method: 'POST', body: '{}' });
      expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, 'GET, HEAD']);
      expect((await answer.json()).code).toBe(405);
      const head = await get(path, { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
    }
  });

  test('an answer is taken for nothing else than it says', async () => {
    await open();
    for (const path of ['/', '/livez', '/openapi.json', '/nothing', '/graphql?query=%7Bchains%7Bid%7D%7D']) {
      const { headers } = await get(path);
      expect([path, headers.get('x-content-type-options')]).toEqual([path, 'nosniff']);
      expect(headers.has('x-powered-by')).toBe(false);
      expect(headers.has('server')).toBe(false);
    }
  });

  test('a malformed Host is refused in words, at every door', async () => {
    await open();
    const port = Number(new URL(server.url).port);
    for (const path of ['/graphql?query={__typename}', '/livez', '/1/balance/0x/0x']) {
      const socket = connect(port, '127.0.0.1');
      socket.end(`GET ${path} HTTP/1.1\r\nHost: [::1\r\nConnection: close\r\n\r\n`);
      const answer = Buffer.concat(await socket.toArray()).toString();
      expect(answer).toMatch(/^HTTP\/1.1 400 /);
      expect(answer).toContain('"message":"Bad request: the Host header is malformed"');
    }
  });

  test('metrics are in the format of Prometheus, and this app its own', async () => {
    await open();
    server.metrics.heads.inc({ chain: 1, source: 'socket' });
    const answer = await get('/metrics');
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const text = await answer.text();
    expect(text).toContain('balance_stream_heads_total{chain="1",source="socket"} 1');
    expect(text).toContain('balance_stream_nodejs_eventloop_lag_seconds');
    await using other = await serveHttp(new ScriptedService());
    expect(await (await fetch(`${other.url}/metrics`)).text()).not.toContain('source="socket"');
  });

  test('the page may run its own scripts and nothing else', async () => {
    await open();
    const page = await get('/');
    const policy = page.headers.get('content-security-policy');
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; /);
    const text = await page.text();
    expect(text).not.toMatch(/https?:\/\/[a-z]/);
    const [, script] = /<script type="module"[^>]* src="\.(\/assets\/[^"]+)"><\/script>/.exec(text) ?? [];
    const asset = await get(script ?? '/assets/none');
    expect(asset.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    const again = await get('/', { headers: { 'if-none-match': page.headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
  });
});

describe('health', () => {
  const optimism = networkOf(10) ?? ethereum();
  const openTwo = async (one: Partial<ChainHealth>, ten: Partial<ChainHealth>) => {
    const service = await open(new ScriptedService(ethereum(), optimism));
    for (const [id, changed] of [
      [1, one],
      [10, ten],
    ] as const) {
      const chain = service.chains.get(id);
      const usual = chain?.health();
      if (chain && usual) chain.health = () => ({ ...usual, ...changed });
    }
  };
  const away = { healthy: false, heads: 'none', lastError: 'connection refused' } as const;
  const status = async (path: string) => {
    const answer = await get(path);
    return [answer.status, (await answer.json()).status];
  };

  test('says how each chain is', async () => {
    const endpoint = { circuit: 'closed', isBehind: false, isSlow: false } as const;
    await openTwo(
      {
        lagMs: 1500,
        lagBlocks: 2,
        pendingTouches: 3,
        oldestConfirmationMs: 42_000,
        endpoints: [
          { ...endpoint, name: 'https://a.example', headNumber: 7, latencyMs: 20 },
          { ...endpoint, name: 'wss://b.example', circuit: 'open', headNumber: null, latencyMs: null },
        ],
      },
      { ...away, head: null, lagMs: null },
    );
    const body = health.parse(await (await get('/health')).json());
    expect(body).toEqual({
      status: 'degraded',
      chains: [
        {
          chainId: 1,
          name: 'Ethereum',
          healthy: true,
          head: { number: 7, hash: blockAt(7).hash, timestamp: '2023-11-14T22:13:20.000Z' },
          lagBlocks: 2,
          lagSeconds: 1.5,
          heads: 'socket',
          pendingTouches: 3,
          oldestConfirmationSeconds: 42,
          endpoints: [
            {
              name: 'https://a.example',
              circuit: 'closed',
              behind: false,
              slow: false,
              headNumber: 7,
              latencySeconds: 0.02,
            },
            {
              name: 'wss://b.example',
              circuit: 'open',
              behind: false,
              slow: false,
              headNumber: null,
              latencySeconds: null,
            },
          ],
          lastError: null,
        },
        {
          chainId: 10,
          name: 'OP Mainnet',
          healthy: false,
          head: null,
          lagBlocks: 0,
          lagSeconds: null,
          heads: 'none',
          pendingTouches: 0,
          oldestConfirmationSeconds: 0,
          endpoints: [],
          lastError: 'connection refused',
        },
      ],
    });
    expect(chainHealth.parse(await (await get('/health/1')).json())).toEqual(body.chains[0]);
  });

  test("one chain's outage takes that chain out of the balancer, not the process", async () => {
    await openTwo({}, away);
    expect(await status('/health')).toEqual([200, 'degraded']);
    expect(await status('/health/1')).toEqual([200, undefined]);
    expect(await status('/health/10')).toEqual([503, undefined]);
  });

  test('when nothing can be delivered it fails', async () => {
    await openTwo(away, away);
    expect(await status('/health')).toEqual([503, 'down']);
    expect(await status('/livez')).toEqual([200, 'ok']);
  });

  test('and while stopping', async () => {
    await openTwo({}, {});
    expect(await status('/health')).toEqual([200, 'ok']);
    server.isStopping = true;
    expect(await status('/health')).toEqual([503, 'stopping']);
    expect(await status('/health/1')).toEqual([503, undefined]);
  });
});

describe('origins', () => {
  const preflight = (path: string, origin: string) => ({
    path,
    init: {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'content-type,x-client-id',
      },
    },
  });
  const cors = async (path: string, init: RequestInit) => {
    const { status, headers } = await get(path, init);
    return [status, headers.get('access-control-allow-origin'), headers.get('vary')];
  };

  test('any may call by default, at every door', async () => {
    await open();
    const init = { headers: { origin: 'https://app.example' } };
    for (const path of ['/livez', '/metrics', '/openapi.json', '/graphql?query=%7Bchains%7Bid%7D%7D'])
      expect(await cors(path, init)).toEqual([200, '*', 'Origin']);
    expect(await cors('/nothing', init)).toEqual([404, '*', 'Origin']);
    expect(await cors(`/sse/1/balances/${OWNER}`, init)).toEqual([404, '*', 'Origin']);
  });

  test('a preflight learns methods and headers', async () => {
    await open();
    for (const path of ['/graphql', `/1/sessions/${OWNER}`, `/sse/1/balances/${OWNER}`]) {
      const { init } = preflight(path, 'https://app.example');
      const answer = await get(path, init);
      expect(answer.status).toBe(204);
      const allowed = (what: string) => answer.headers.get(`access-control-allow-${what}`)?.split(', ');
      expect(allowed('methods')).toEqual(expect.arrayContaining(['GET', 'POST', 'PUT']));
      expect(allowed('headers')).toEqual(
        expect.arrayContaining([
          'content-type',
          'x-client-id',
          'last-event-id',
          'authorization',
          'x-api-key',
          'x-request-id',
          'accept',
        ]),
      );
    }
  });

  test('a page may read the id of its request, and when to come again', async () => {
    await open(undefined, { allowedOrigins: ['https://app.example'] });
    const exposed = async (origin: string, path: string) => {
      const { headers } = await get(path, { headers: { origin } });
      return headers.get('access-control-expose-headers')?.split(', ');
    };
    for (const path of [
      '/livez',
      '/nothing',
      '/graphql?query=%7Bchains%7Bid%7D%7D',
      `/sse/1/balances/${OWNER}`,
    ]) {
      expect(await exposed('https://app.example', path)).toEqual(['retry-after', 'x-request-id']);
      expect(await exposed('https://evil.example', path)).toBe(undefined);
    }
  });

  test('where origins are named, others get nothing', async () => {
    await open(undefined, { allowedOrigins: ['https://*.example.org'] });
    const good = 'https://app.example.org';
    const evil = 'https://evil-example.org';
    expect(await cors('/livez', { headers: { origin: good } })).toEqual([200, good, 'Origin']);
    expect(await cors('/livez', { headers: { origin: evil } })).toEqual([200, null, 'Origin']);
    expect(await cors('/livez', {})).toEqual([200, null, 'Origin']);
    expect(await cors('/graphql', preflight('/graphql', good).init)).toEqual([204, good, 'Origin']);
    expect(await cors('/graphql', preflight('/graphql', evil).init)).toEqual([204, null, 'Origin']);
  });
});

describe('starting and stopping', () => {
  test('a port that is taken is named', async () => {
    await open();
    const port = Number(new URL(server.url).port);
    await expect(
      serveHttp(new ScriptedService(), { http: { host: '127.0.0.1', port } }),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      retryable: false,
      message: `HTTP_BIND: 127.0.0.1:${port} is in use`,
    });
  });

  test('an address that is not ours is named', async () => {
    await open();
    await expect(serveHttp(new ScriptedService(), { http: { host: '192.0.2.1', port: 0 } })).rejects.toThrow(
      'HTTP_BIND: 192.0.2.1:0 is not an address of this machine',
    );
  });

  test('the address it says is one to open', async () => {
    await open(undefined, { http: { host: '::1', port: 0 } });
    expect(server.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    await server[Symbol.asyncDispose]();
    await open(undefined, { http: { host: '0.0.0.0', port: 0 } });
    expect(server.url).toMatch(/^http:\/\/localhost:\d+$/);
    expect((await get('/livez')).status).toBe(200);
  });

  test('idle connections, and those that never asked, do not hold it up', async () => {
    await open();
    const agent = new Agent({ keepAlive: true });
    await new Promise<void>((resolve) => {
      request(`${server.url}/livez`, { agent }, (response) => response.resume().on('end', resolve)).end();
    });
    const silent = connect(Number(new URL(server.url).port), '127.0.0.1');
    await new Promise<void>((resolve) => silent.once('connect', () => resolve()));
    await get('/livez');
    await server.http.close(60_000);
    agent.destroy();
    silent.destroy();
  });

  test('a stream ends with the service behind it, whole, and then its connection', async () => {
    const service = await open();
    await service.sessions.create({ ...SESSION, tokensListsUrls: [], customTokens: [] }, SOMEONE);
    const response = await get(`/sse/1/balances/${OWNER}`);
    await expect.poll(() => service.streams.size).toBe(1);
    const [stream] = service.streams;
    server.http.drain();
    stream?.push(updateOf(SESSION, 'c1', { [OWNER]: 1n }));
    stream?.end();
    const names = [];
    for await (const { event } of eventsOf(response)) if (event) names.push(event);
    expect(names).toEqual(['balance_update']);
    await server.http.close(60_000);
    await expect(get('/livez')).rejects.toThrow('fetch failed');
  });

  test('what is being answered is answered to its end', async () => {
    const service = await open();
    let answer: ((session: Awaited<ReturnType<typeof service.sessions.create>>) => void) | undefined;
    service.sessions.create = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const asked = get(`/1/sessions/${OWNER}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ customTokens: [OWNER] }),
    });
    await expect.poll(() => answer).toBeDefined();
    const closed = server.http.close(60_000);
    answer?.({ ...SESSION, tokens: [OWNER], spenders: [], expiresAt: null });
    expect((await asked).status).toBe(200);
    await closed;
  });

  test('after the grace, what is left is cut off', async () => {
    const service = await open();
    await service.sessions.create({ ...SESSION, tokensListsUrls: [], customTokens: [] }, SOMEONE);
    const response = await get(`/sse/1/balances/${OWNER}`);
    await server.http.close(10);
    await expect(response.text()).rejects.toThrow('terminated');
    await expect.poll(() => service.streams.size).toBe(0);
  });
});
