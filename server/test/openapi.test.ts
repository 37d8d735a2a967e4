import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { deploy, deployToken, mint } from './contracts.ts';
import { eventsOf } from './events.ts';
import { serveHttp } from './http.ts';
import { type Asked, Contract, type Method } from './openapi.ts';
import { RestStream } from './rest-stream.ts';
import { ScriptedService } from './service.ts';

const SESSIONS = '/{chain_id}/sessions/{owner}';
const STREAM = '/sse/{chain_id}/balances/{owner}';
const BALANCE = '/{chain_id}/balance/{owner}/{token}';
const BALANCES = '/{chain_id}/balances/{owner}';
const CHAIN_HEALTH = '/health/{chain_id}';
const CLIENT = '0b8a6c5e-6d0a-4f0e-9a55-1f2d3c4b5a69';
const OTHER_CLIENT = '0b8a6c5e-6d0a-4f0e-9a55-1f2d3c4b5a70';
const ABSENT = 424_242;
const MAX_BODY_BYTES = 4096;
const KEY = 'a-key-of-the-test';

let chain: TestChain;
let app: App;
let contract: Contract;
let owner: Address;
let gold: Address;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
  owner = await chain.newWallet();
  await mint(chain, gold, owner, 5n);
  app = await startTestApp(chain, {
    MAX_BODY_BYTES: `${MAX_BODY_BYTES}`,
    MAX_CLIENTS_PER_OWNER: '1',
    MAX_WATCHED_TOKENS_LIMIT: '5',
  });
  contract = await Contract.of(app.url);
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

const wallet = () => ({ chain_id: chain.chainId, owner });
const tooLarge = ' '.repeat(MAX_BODY_BYTES + 1);
const sixTokens = Array.from({ length: 6 }, (_, i) => `0x${'0'.repeat(39)}${i}`);
const statusOf = async (answer: Promise<{ status: number }>) => (await answer).status;

/** What is right for an operation with that path. */
function askedOf(path: string): Asked {
  const params = { ...wallet(), token: gold };
  if (path === SESSIONS) return { params, body: { customTokens: [gold] } };
  return path === BALANCES ? { params, body: { tokens: [gold] } } : { params };
}

describe('what is answered is what is documented', () => {
  it.each(['post', 'put'] as const)('sessions: %s', async (method) => {
    const params = { ...wallet(), owner: await chain.newWallet() };
    const body = { customTokens: [gold] };
    const ask = (asked: Asked = {}) => statusOf(contract.ask(method, SESSIONS, { params, body, ...asked }));
    if (method === 'put') {
      expect(await ask()).toBe(404);
      await contract.ask('post', SESSIONS, { params, body });
    }
    expect(await ask()).toBe(200);
    expect(await ask({ params: { ...params, chain_id: ABSENT } })).toBe(404);
    expect(await ask({ params: { ...params, chain_id: 'mainnet' } })).toBe(400);
    expect(await ask({ headers: { 'x-client-id': 'me' } })).toBe(400);
    expect(await ask({ body: {} })).toBe(400);
    expect(await ask({ body: '{' })).toBe(400);
    expect(await ask({ body: { customTokens: sixTokens } })).toBe(400);
    expect(await ask({ body: { tokensListsUrls: ['http://127.0.0.1:1/list.json'] } })).toBe(400);
    expect(await ask({ body: tooLarge })).toBe(413);
  });

  it('a client too many', async () => {
    const params = { ...wallet(), owner: await chain.newWallet() };
    const body = { customTokens: [gold] };
    const query = { client_id: CLIENT };
    expect(await statusOf(contract.ask('post', SESSIONS, { params, body, query }))).toBe(200);
    using listening = new RestStream(
      app,
      `/sse/${params.chain_id}/balances/${params.owner}?client_id=${CLIENT}`,
    );
    await eventually(() => expect(listening.events).not.toEqual([]));
    const headers = { 'x-client-id': OTHER_CLIENT };
    expect(await statusOf(contract.ask('post', SESSIONS, { params, body, headers }))).toBe(429);
  });

  it('the stream', async () => {
    const params = wallet();
    const ask = (asked: Asked = {}) => contract.ask('get', STREAM, { params, ...asked });
    expect(await statusOf(ask())).toBe(404);
    expect(await statusOf(ask({ params: { ...params, chain_id: ABSENT } }))).toBe(404);
    expect(await statusOf(ask({ query: { client_id: 'me' } }))).toBe(400);

    await contract.ask('post', SESSIONS, { params, body: { customTokens: [gold] } });
    const { status, body } = await ask();
    expect(status).toBe(200);
    let cursor: string | undefined;
    for await (const { event, id, data } of eventsOf(body as Response)) {
      if (event === undefined) continue;
      expect(event).toBe('balance_update');
      contract.expectValid('#/components/schemas/Balances', JSON.parse(data ?? ''), 'closed');
      cursor = id;
      break;
    }
    for (const again of [
      { headers: { 'last-event-id': `${cursor}` } },
      { query: { last_event_id: `${cursor}` } },
      { query: { last_event_id: 'nonsense' } },
    ]) {
      const resumed = await ask(again);
      expect(resumed.status).toBe(200);
      await (resumed.body as Response).body?.cancel();
    }
  });

  it('one-off reads', async () => {
    const reverting = await deploy(chain, 'RevertingToken');
    const one = (more: object = {}) =>
      contract.ask('get', BALANCE, { params: { ...wallet(), token: gold, ...more } });
    expect(await one()).toEqual({ status: 200, body: { balance: '5' } });
    expect(await statusOf(one({ token: 'native' }))).toBe(200);
    expect(await statusOf(one({ token: reverting }))).toBe(400);
    expect(await statusOf(one({ owner: '0x12' }))).toBe(400);
    expect(await statusOf(one({ chain_id: ABSENT }))).toBe(404);

    const params = wallet();
    const many = (asked: Asked) => contract.ask('post', BALANCES, { params, ...asked });
    expect(await many({ body: { tokens: [gold, reverting] } })).toEqual({
      status: 200,
      body: { balances: { [gold]: '5' } },
    });
    expect(await statusOf(many({ body: { tokens: sixTokens } }))).toBe(400);
    expect(await statusOf(many({ params: { ...params, chain_id: ABSENT }, body: { tokens: [] } }))).toBe(404);
    expect(await statusOf(many({ body: tooLarge }))).toBe(413);
  });

  it('what operators ask', async () => {
    for (const path of ['/health', '/livez', '/metrics', '/openapi.json'])
      expect(await statusOf(contract.ask('get', path))).toBe(200);
    const one = (chain_id: number | string) =>
      statusOf(contract.ask('get', CHAIN_HEALTH, { params: { chain_id } }));
    expect(await one(chain.chainId)).toBe(200);
    expect(await one(ABSENT)).toBe(404);
    expect(await one('mainnet')).toBe(404);
    await using apart = await startTestApp(chain, { METRICS_BIND: '127.0.0.1:0' });
    expect(await statusOf(contract.at(apart.url).ask('get', '/metrics'))).toBe(404);
  });

  it('a WebSocket', async () => {
    expect(await statusOf(contract.ask('get', '/ws'))).toBe(426);
    expect(await statusOf(contract.upgrade('/ws'))).toBe(101);
    await using picky = await startTestApp(chain, { API_KEYS: KEY, ALLOWED_ORIGINS: 'https://app.example' });
    const there = contract.at(picky.url);
    expect(await statusOf(there.upgrade('/ws', { 'x-api-key': 'another' }))).toBe(401);
    expect(await statusOf(there.upgrade('/ws', { origin: 'https://evil.example' }))).toBe(403);
    expect(await statusOf(there.upgrade('/ws', { origin: 'https://app.example', 'x-api-key': KEY }))).toBe(
      101,
    );
  });

  it('while the chain is away', async () => {
    await chain.down();
    await eventually(async () => expect(await statusOf(contract.ask('get', '/health'))).toBe(503));
    const params = { ...wallet(), token: gold };
    expect(await statusOf(contract.ask('get', CHAIN_HEALTH, { params }))).toBe(503);
    expect(await statusOf(contract.ask('get', BALANCE, { params }))).toBe(503);
    expect(await statusOf(contract.ask('post', BALANCES, { params, body: { tokens: [gold] } }))).toBe(503);
    await chain.up();
    await eventually(async () => expect(await statusOf(contract.ask('get', '/health'))).toBe(200));
  });

  it('where a key is asked for', async () => {
    await using keyed = await startTestApp(chain, { API_KEYS: KEY });
    const { securitySchemes } = contract.document.components;
    for (const { method, path, operation } of contract.operations) {
      const asked = askedOf(path);
      const ask = (more: Asked = {}) => contract.at(keyed.url).ask(method, path, { ...asked, ...more });
      if (!operation.security) {
        expect([path, await statusOf(ask())]).not.toEqual([path, 401]);
        continue;
      }
      expect([path, await statusOf(ask())]).toEqual([path, 401]);
      for (const name of operation.security.flatMap(Object.keys)) {
        const { scheme, in: place, name: key = '' } = securitySchemes[name] ?? {};
        const more =
          scheme === 'bearer'
            ? { headers: { authorization: `Bearer ${KEY}` } }
            : place === 'query'
              ? { query: { [key]: KEY } }
              : { headers: { [key]: KEY } };
        const { status, body } = await ask(more);
        if (body instanceof Response) await body.body?.cancel();
        expect([path, name, status]).not.toEqual([path, name, 401]);
      }
    }
  });

  it('too often', async () => {
    for (const { method, path, operation } of contract.operations) {
      if (!operation.security) continue;
      await using strict = await startTestApp(chain, { RATE_LIMIT_PER_MINUTE: '1' });
      const there = contract.at(strict.url);
      await there.send(method, path, askedOf(path));
      expect([path, await statusOf(there.ask(method, path, askedOf(path)))]).toEqual([path, 429]);
    }
  });

  it('where there is no more room', async () => {
    const [params, others] = [wallet(), { ...wallet(), owner: await chain.newWallet() }];
    const body = { customTokens: [gold] };
    await using small = await startTestApp(chain, {
      MAX_SESSIONS: '1',
      MAX_WATCHED_PAIRS: '3',
      MAX_STREAMS: '1',
    });
    const there = contract.at(small.url);
    expect(await statusOf(there.ask('post', SESSIONS, { params, body }))).toBe(200);
    expect(await statusOf(there.ask('post', SESSIONS, { params: others, body }))).toBe(503);
    const more = { customTokens: sixTokens.slice(0, 2) };
    expect(await statusOf(there.ask('put', SESSIONS, { params, body: more }))).toBe(503);
    const open = await there.send('get', STREAM, { params });
    // A HEAD opens nothing, and needs no room.
    const refused = await there.send('get', STREAM, { params });
    expect(await statusOf(there.check('get', STREAM, refused))).toBe(503);
    await open.body?.cancel();
  });

  it('a fault of the server', async () => {
    const bug = () => Promise.reject(new TypeError('a bug'));
    const service = new ScriptedService();
    Object.assign(service.sessions, { create: bug, update: bug, find: bug, stream: bug });
    for (const served of service.chains.values()) Object.assign(served, { balance: bug });
    await using broken = await serveHttp(service);
    for (const { method, path, operation } of contract.operations) {
      if (!operation.responses[500]) continue;
      const asked = askedOf(path);
      const params = { ...asked.params, chain_id: service.defaultChainId };
      const answer = contract.at(broken.url).ask(method, path, { ...asked, params });
      expect([path, await statusOf(answer)]).toEqual([path, 500]);
    }
  });

  it('a method that a path does not have', async () => {
    const all: Method[] = ['get', 'head', 'post', 'put', 'delete', 'patch'];
    for (const [path, methods] of Object.entries(contract.document.paths)) {
      const documented = Object.keys(methods).flatMap((method) =>
        method === 'get' ? ['get', 'head'] : [method],
      );
      for (const method of all.filter((method) => !documented.includes(method))) {
        const response = await contract.send(method, path, { params: { ...wallet(), token: gold } });
        expect([method, path, response.status]).toEqual([method, path, 405]);
        expect(response.headers.get('allow')).toBe(documented.join(', ').toUpperCase());
        if (method !== 'head')
          contract.expectValid('#/components/schemas/Problem', await response.json(), 'closed');
      }
    }
  });

  it('a path that is not there', async () => {
    for (const path of ['/nothing', '/1/nothing', `/1/balances/${owner}/more`, '/docs/nothing', '/docs/']) {
      const response = await fetch(app.url + path);
      expect([path, response.status]).toEqual([path, 404]);
      contract.expectValid('#/components/schemas/Problem', await response.json(), 'closed');
    }
  });

  it('and of everything that is documented an answer was seen', () => {
    const unseen = contract.operations.flatMap(({ method, path, operation }) =>
      Object.keys(operation.responses)
        .map((status) => `${method} ${path} ${status}`)
        .filter((answer) => !contract.seen.has(answer)),
    );
    expect(unseen).toEqual([]);
  });
});
