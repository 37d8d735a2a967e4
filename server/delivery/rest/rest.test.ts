import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FatalError } from '../../errors.ts';
import { serveHttp, type TestServer } from '../../test/http.ts';
import { ScriptedService } from '../../test/service.ts';

const OWNER = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045';
const DAI = '0x6B175474E89094C44Da98b954EedeAC495271d0F';
const dai = '0x6b175474e89094c44da98b954eedeac495271d0f';
const USDC = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const NATIVE = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee';
const CLIENT = '0b8a6c5e-6d0a-4f0e-9a55-1f2d3c4b5a69';

let service: ScriptedService;
let server: TestServer;

beforeEach(async () => {
  service = new ScriptedService();
  server = await serveHttp(service);
});
afterEach(() => server[Symbol.asyncDispose]());

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(server.url + path, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === '' ? undefined : JSON.parse(text),
    headers: response.headers,
  };
}

describe('sessions', () => {
  test('a session is created, and the answer counts what is watched', async () => {
    const answer = await call('POST', `/1/sessions/${OWNER.toLowerCase()}`, {
      customTokens: [DAI, dai, USDC],
    });
    expect(answer).toMatchObject({ status: 200, body: { chainId: 1, owner: OWNER, tokens: 3 } });
  });

  test('any case of an address does, a wrong checksum and the native coin by name too', async () => {
    const wrong = `0x${DAI.slice(2).toUpperCase()}`;
    const answer = await call('POST', `/1/sessions/0x${OWNER.slice(2).toUpperCase()}`, {
      customTokens: [wrong, 'native', NATIVE.toUpperCase().replace('0X', '0x')],
    });
    expect(answer).toMatchObject({ status: 200, body: { owner: OWNER, tokens: 2 } });
  });

  test('either kind of token source may be left out, or be null', async () => {
    const lists = { tokensListsUrls: ['https://lists.example/a.json'], customTokens: null };
    expect(await call('POST', `/1/sessions/${OWNER}`, lists)).toMatchObject({ status: 200 });
  });

  test.each([[{}], [{ tokensListsUrls: [], customTokens: [] }]])('%j asks for nothing', async (body) => {
    for (const method of ['POST', 'PUT'])
      expect(await call(method, `/1/sessions/${OWNER}`, body)).toMatchObject({
        status: 400,
        body: { code: 400, message: 'Bad request: tokens_lists_urls && custom_tokens are empty' },
      });
  });

  test('PUT is for a session that is there', async () => {
    const body = { customTokens: [DAI] };
    expect(await call('PUT', `/1/sessions/${OWNER}`, body)).toMatchObject({
      status: 404,
      body: { code: 404, message: 'Not found: no session: create one first' },
    });
    await call('POST', `/1/sessions/${OWNER}`, body);
    expect(await call('PUT', `/1/sessions/${OWNER}`, { customTokens: [USDC] })).toMatchObject({
      status: 200,
      body: { tokens: 3 },
    });
  });

  test('a client id comes by header or by query, in any case, and names a list of its own', async () => {
    await call(
      'POST',
      `/1/sessions/${OWNER}`,
      { customTokens: [DAI] },
      { 'x-client-id': CLIENT.toUpperCase() },
    );
    await call('POST', `/1/sessions/${OWNER}?client_id=${CLIENT}`, { customTokens: [USDC] });
    const owner = OWNER.toLowerCase() as typeof NATIVE;
    expect(await service.sessions.find({ chainId: 1, owner, clientId: CLIENT })).toMatchObject({
      tokens: [NATIVE, USDC],
    });
    expect(await service.sessions.find({ chainId: 1, owner, clientId: null })).toBeUndefined();
  });

  test('who asks is passed along', async () => {
    let heard: unknown;
    const { create } = service.sessions;
    service.sessions.create = (input, caller) => {
      heard = caller;
      return create(input, caller);
    };
    await call('POST', `/1/sessions/${OWNER}`, { customTokens: [DAI] });
    expect(heard).toEqual({ id: '127.0.0.1', address: '127.0.0.1' });
  });

  test.each([
    ['TOO_MANY_CLIENTS', 429, 'Too many requests: so it is'],
    ['TOKEN_LIMIT_EXCEEDED', 400, 'Bad request: so it is'],
    ['TOKEN_LIST_REJECTED', 400, 'Bad request: so it is'],
    ['TOKEN_LIST_UNAVAILABLE', 400, 'Bad request: so it is'],
    ['UPSTREAM_UNAVAILABLE', 503, 'Service unavailable: the chain cannot be read at the moment'],
    ['CONFIG_INVALID', 500, 'Internal server error'],
  ] as const)('%s is %i', async (code, status, message) => {
    service.sessions.create = async () => {
      throw new FatalError(code, 'so it is');
    };
    expect(await call('POST', `/1/sessions/${OWNER}`, { customTokens: [DAI] })).toMatchObject({
      status,
      body: { code: status, message },
    });
    expect(server.logged).toHaveLength(status === 500 ? 2 : 0);
  });

  test('a bug is masked, and logged', async () => {
    service.sessions.create = () => Promise.reject(new TypeError('secret'));
    expect(await call('POST', `/1/sessions/${OWNER}`, { customTokens: [DAI] })).toMatchObject({
      status: 500,
      body: { code: 500, message: 'Internal server error' },
    });
    expect(String((server.logged[0] as { err: Error }).err)).toContain('secret');
  });
});

describe('one-off reads', () => {
  test('one balance', async () => {
    service.amounts.set(dai, 10n ** 30n).set(NATIVE, 7n);
    expect(await call('GET', `/1/balance/${OWNER}/${DAI}`)).toMatchObject({
      status: 200,
      body: { balance: `1${'0'.repeat(30)}` },
    });
    expect(await call('GET', `/1/balance/${OWNER}/native`)).toMatchObject({ body: { balance: '7' } });
  });

  test('a token that cannot be read', async () => {
    service.amounts.set(dai, null);
    expect(await call('GET', `/1/balance/${OWNER}/${DAI}`)).toMatchObject({
      status: 400,
      body: { code: 400, message: `Bad request: token ${dai} cannot be read: balanceOf reverted` },
    });
  });

  test('an upstream that is down', async () => {
    const answer = { status: 503, body: { code: 503 } };
    expect(await call('GET', `/1/balance/${OWNER}/${DAI}`)).toMatchObject(answer);
    expect(await call('POST', `/1/balances/${OWNER}`, { tokens: [DAI] })).toMatchObject(answer);
  });

  test('many balances; the unreadable ones are left out', async () => {
    service.amounts.set(dai, 0n).set(USDC, null).set(NATIVE, 5n);
    expect(await call('POST', `/1/balances/${OWNER}`, { tokens: [DAI, USDC, 'native', dai] })).toMatchObject({
      status: 200,
      body: { balances: { [dai]: '0', [NATIVE]: '5' } },
    });
    expect((await call('POST', `/1/balances/${OWNER}`, { tokens: [] })).body).toEqual({ balances: {} });
  });

  test('more than a session may hold is too much', async () => {
    expect(await call('POST', `/1/balances/${OWNER}`, { tokens: Array(11).fill(DAI) })).toMatchObject({
      status: 400,
      body: { message: 'Bad request: tokens: expected at most 10 tokens' },
    });
  });
});

describe('what is malformed', () => {
  const session = `/1/sessions/${OWNER}`;
  const good = { customTokens: [DAI] };

  test.each([
    ['an owner', 'POST', '/1/sessions/0x12', good, 'owner: expected an address (0x and 40 hex digits)'],
    [
      'an owner by name',
      'POST',
      '/1/sessions/native',
      good,
      'owner: expected an address (0x and 40 hex digits)',
    ],
    ['a chain id', 'POST', `/mainnet/sessions/${OWNER}`, good, 'chain_id: expected a chain id'],
    ['a token', 'POST', session, { customTokens: [DAI, '0x12'] }, 'customTokens[1]: expected a token'],
    ['a token list', 'POST', session, { tokensListsUrls: [7] }, 'tokensListsUrls[0]: Invalid input'],
    ['a field', 'POST', session, { customTokens: DAI }, 'customTokens: Invalid input'],
    ['a client id', 'POST', `${session}?client_id=me`, good, 'client_id: expected a UUID'],
    ['an empty client id', 'POST', `${session}?client_id=`, good, 'client_id: expected a UUID'],
    ['a body', 'POST', session, '{"customTokens":', 'the body is not JSON'],
    ['no body', 'POST', session, '', 'the body is not JSON'],
    ['a body of another shape', 'POST', session, '[]', 'Invalid input: expected object, received array'],
    ['the token of a read', 'GET', `/1/balance/${OWNER}/dai`, undefined, 'token: expected a token'],
    ['the tokens of a read', 'POST', `/1/balances/${OWNER}`, {}, 'tokens: Invalid input'],
    ['a stream', 'GET', `/sse/1/balances/${OWNER}?client_id=me`, undefined, 'client_id: expected a UUID'],
  ])('%s', async (_, method, path, body, message) => {
    const answer = await call(method, path, body);
    expect(answer).toMatchObject({ status: 400, body: { code: 400 } });
    expect(answer.body.message).toContain(`Bad request: ${message}`);
    expect(server.logged).toEqual([]);
  });

  test('a body of another type', async () => {
    const headers = { 'content-type': 'text/plain' };
    expect(await call('POST', session, good, headers)).toMatchObject({
      status: 400,
      body: { code: 400, message: 'Bad request: expected a body of type application/json' },
    });
  });

  test('a client id in a header', async () => {
    expect(await call('GET', `/sse/1/balances/${OWNER}`, undefined, { 'x-client-id': '1' })).toMatchObject({
      status: 400,
      body: { message: 'Bad request: x-client-id: expected a UUID' },
    });
  });

  test('a body too large, announced or not', async () => {
    const large = JSON.stringify({ customTokens: [DAI], padding: ' '.repeat(20_000) });
    const answer = {
      status: 413,
      body: { code: 413, message: 'Payload too large: the body is over 10000 bytes' },
    };
    expect(await call('POST', session, large)).toMatchObject(answer);
    const stream = async (text: string) => {
      const body = new Blob([text]).stream();
      const init = { method: 'POST', body, duplex: 'half', headers: { 'content-type': 'application/json' } };
      const response = await fetch(server.url + session, init as RequestInit);
      return { status: response.status, body: await response.json() };
    };
    expect(await stream(large)).toMatchObject(answer);
    expect(await stream(JSON.stringify(good))).toMatchObject({ status: 200, body: { tokens: 2 } });
  });

  test('a request without a host', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.end('GET /1/unknown HTTP/1.0\r\n\r\n');
    const text = (await socket.setEncoding('utf8').toArray()).join('');
    expect(text).toContain('{"code":400,"message":"Bad request: the request is malformed"}');
  });
});

describe('what is not there', () => {
  test.each([
    ['POST', `/5/sessions/${OWNER}`, { customTokens: [DAI] }, 'chain 5 is not served'],
    ['PUT', `/5/sessions/${OWNER}`, {}, 'chain 5 is not served'],
    ['GET', `/5/balance/${OWNER}/${DAI}`, undefined, 'chain 5 is not served'],
    ['POST', `/5/balances/${OWNER}`, { tokens: [] }, 'chain 5 is not served'],
    ['GET', `/sse/5/balances/${OWNER}`, undefined, 'chain 5 is not served'],
    ['GET', `/sse/1/balances/${OWNER}`, undefined, 'no session: create one first'],
    ['GET', '/nothing', undefined, 'no such route'],
    ['DELETE', '/nothing/at/all', undefined, 'no such route'],
  ])('%s %s', async (method, path, body, message) => {
    expect(await call(method, path, body)).toMatchObject({
      status: 404,
      body: { code: 404, message: `Not found: ${message}` },
    });
  });

  test.each([
    ['GET', `/1/sessions/${OWNER}`, 'POST, PUT'],
    ['DELETE', `/1/sessions/${OWNER}`, 'POST, PUT'],
    ['POST', `/sse/1/balances/${OWNER}`, 'GET, HEAD'],
    ['PUT', `/1/balances/${OWNER}`, 'POST'],
    ['PATCH', '/openapi.json', 'GET, HEAD'],
  ])('%s %s is not possible', async (method, path, allow) => {
    const answer = await call(method, path);
    expect(answer).toMatchObject({
      status: 405,
      body: { code: 405, message: `Method not allowed: ${method} is not possible here` },
    });
    expect(answer.headers.get('allow')).toBe(allow);
  });
});
