import { afterEach, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../test/app.ts';
import { serveHttp, type TestServer } from '../../test/http.ts';
import { ScriptedService } from '../../test/service.ts';
import {
  DAI,
  item,
  OWNER,
  SocketClient,
  snapshot,
  subscribe,
  unsubscribe,
  walletStreams,
} from '../../test/socket.ts';

const KEY = 'correct-horse';
const TRACKED = { subscriptionTracking: true };

let service: ScriptedService;
let server: TestServer;
const clients: SocketClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.terminate();
  await server[Symbol.asyncDispose]();
  expect(server.logged).toEqual([]);
});

async function open(
  settings: Parameters<typeof serveHttp>[1] = {},
  ...how: [path?: string, options?: object]
): Promise<SocketClient> {
  service = new ScriptedService();
  server = await serveHttp(service, settings);
  return connect(...how);
}
function connect(...how: [path?: string, options?: object]): SocketClient {
  const client = new SocketClient(server.url, ...how);
  clients.push(client);
  return client;
}

/** That many pairs, from the one of that number on. */
const many = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => item(`0x${(index + from).toString(16).padStart(40, '0')}`));
const refusals = async () => {
  const { values } = await server.metrics.refusals.get();
  return Object.fromEntries(
    values.filter(({ value }) => value > 0).map(({ labels, value }) => [labels.reason, value]),
  );
};

describe('what is wrong with a message is told by name, and the connection stays', () => {
  const PAYLOAD = 'Invalid payload for balance subscription';
  test.each<[string, unknown, object]>([
    ['no JSON', '{"type":', { message: 'The message is not JSON' }],
    ['nothing', '', { message: 'The message is not JSON' }],
    ['bytes', Buffer.from('{}'), { message: 'Binary messages are not understood: send JSON as text' }],
    ['a list', [], { message: 'The message is no JSON object' }],
    ['null', 'null', { message: 'The message is no JSON object' }],
    ['no type', {}, { message: 'The message has no type: expected "balance" or "unsubscribe"' }],
    ['another type', { type: 'x' }, { message: 'Unknown type "x": expected "balance" or "unsubscribe"' }],
    ['an odd type', { type: {} }, { message: 'Unknown type an object: expected "balance" or "unsubscribe"' }],
    [
      'a key that is none',
      { type: 'balance', authorization: 5 },
      { message: expect.stringMatching(/^Invalid authorization/) },
    ],
    [
      'no payload',
      { type: 'balance' },
      {
        message: PAYLOAD,
        details: [
          { code: 'invalid_type', path: [], message: 'Invalid input: expected object, received undefined' },
        ],
      },
    ],
    [
      'an item without its wallet',
      subscribe([{ token: DAI, blockchain: 'evm:1' }], 'mine'),
      {
        message: PAYLOAD,
        subscriptionId: 'mine',
        details: [
          {
            code: 'invalid_type',
            path: ['items', 0, 'wallet'],
            message: 'Invalid input: expected string, received undefined',
          },
        ],
      },
    ],
    [
      'each of its flaws',
      subscribe([item(DAI), item('DAI', 'sol:1', 'vitalik.eth')], 'mine'),
      {
        subscriptionId: 'mine',
        details: [
          {
            code: 'invalid_format',
            path: ['items', 1, 'wallet'],
            message: expect.stringMatching(/expected an address/),
          },
          {
            code: 'invalid_format',
            path: ['items', 1, 'token'],
            message: expect.stringMatching(/or "native"/),
          },
          {
            code: 'invalid_format',
            path: ['items', 1, 'blockchain'],
            message: expect.stringMatching(/as evm:1/),
          },
        ],
      },
    ],
    [
      'a chain that is not served',
      subscribe([item(DAI), item(DAI, 'evm:5')], 'mine'),
      {
        message: PAYLOAD,
        code: 'CHAIN_NOT_SERVED',
        subscriptionId: 'mine',
        details: [
          {
            code: 'custom',
            path: ['items', 1, 'blockchain'],
            message: 'evm:5 is not served here, only evm:1',
          },
        ],
      },
    ],
    [
      'no items',
      subscribe([]),
      { details: [{ code: 'too_small', path: ['items'], message: 'expected at least one item' }] },
    ],
    [
      '1000 items',
      subscribe(Array(1000).fill(item(DAI))),
      { details: [{ code: 'too_big', path: ['items'], message: 'expected fewer than 1000 items' }] },
    ],
    [
      'an id of 201 characters',
      subscribe([item(DAI)], 'x'.repeat(201)),
      {
        details: [{ code: 'too_big', path: ['subscriptionId'], message: 'expected at most 200 characters' }],
      },
    ],
    [
      'an empty id',
      subscribe([item(DAI)], ''),
      { details: [{ code: 'too_small', path: ['subscriptionId'], message: expect.any(String) }] },
    ],
    [
      'tracking that is neither on nor off',
      subscribe([item(DAI)], 'mine', { subscriptionTracking: 'true' }),
      { details: [{ code: 'invalid_type', path: ['subscriptionTracking'], message: expect.any(String) }] },
    ],
    [
      'the end of nothing',
      { type: 'unsubscribe', payload: {} },
      {
        message: 'Invalid payload for unsubscribe',
        details: [{ code: 'invalid_type', path: ['subscriptionId'], message: expect.any(String) }],
      },
    ],
    [
      'the end of what never was',
      unsubscribe('mine'),
      { message: 'There is no subscription mine on this connection', subscriptionId: 'mine' },
    ],
  ])('%s', async (_, message, expected) => {
    const client = await open({ maxBodyBytes: 200_000 });
    expect(await client.ask(message)).toMatchObject({
      event: 'error',
      type: 'balance',
      code: 'BAD_USER_INPUT',
      details: [],
      ...expected,
    });
    // It stays, and works.
    expect(await client.ask(subscribe([item(DAI)], 'works', TRACKED))).toMatchObject({ event: 'subscribed' });
  });

  test('of 999 flawed items the first 100 flaws', async () => {
    const client = await open({ maxBodyBytes: 200_000 });
    const { details } = await client.ask(subscribe(Array(999).fill({})));
    expect(details).toHaveLength(100);
    expect(details?.at(-1)?.path).toEqual(['items', 33, 'wallet']);
  });
});

describe('pairs', () => {
  test('are as many as a connection may have, and not one more', async () => {
    const client = await open({ maxPairsPerConnection: 100, maxBodyBytes: 200_000 });
    // However often it names them.
    const twice = [...many(100), ...many(100)];
    expect(await client.ask(subscribe(twice, 'mine', TRACKED))).toMatchObject({
      event: 'subscribed',
      pairs: 100,
    });
    const refusal = {
      event: 'error',
      code: 'TOKEN_LIMIT_EXCEEDED',
      message: '101 pairs of a wallet and a token exceed the limit of 100 a connection',
    };
    expect(await client.ask(subscribe(many(1, 100), 'mine'))).toMatchObject({
      ...refusal,
      subscriptionId: 'mine',
    });
    // One that another subscription has counts once more.
    expect(await client.ask(subscribe(many(1), 'other'))).toMatchObject({
      ...refusal,
      subscriptionId: 'other',
    });
    // What it has it may ask for again.
    expect(await client.ask(subscribe(many(50), 'mine'))).toMatchObject({ event: 'subscribed', pairs: 100 });
    using another = connect();
    expect(await another.ask(subscribe(many(101)))).toMatchObject(refusal);
    expect(await another.ask(subscribe(many(100), 'mine', TRACKED))).toMatchObject({ pairs: 100 });
  });

  test('are given back at the end of a subscription', async () => {
    const client = await open({ maxPairsPerConnection: 3 });
    await client.ask(subscribe(many(2), 'mine', TRACKED));
    expect(await client.ask(subscribe(many(2, 2), 'other', TRACKED))).toMatchObject({
      code: 'TOKEN_LIMIT_EXCEEDED',
    });
    await client.ask(unsubscribe('mine'));
    expect(await client.ask(subscribe(many(3, 2), 'other', TRACKED))).toMatchObject({ pairs: 3 });
  });

  test('999 items are not too many by themselves', async () => {
    const client = await open({ maxPairsPerConnection: 999, maxBodyBytes: 200_000 });
    expect(await client.ask(subscribe(many(999), 'mine', TRACKED))).toMatchObject({ pairs: 999 });
  });
});

describe('a key', () => {
  const keys = { apiKeys: ['another', KEY] };
  const ask = subscribe([item(DAI)], 'mine', TRACKED);

  test('may come with the message, as it is or as a bearer token, and then stays', async () => {
    for (const authorization of [KEY, `Bearer ${KEY}`, `bearer  ${KEY}`]) {
      const client = await open(keys);
      expect(await client.ask({ ...ask, authorization })).toMatchObject({ event: 'subscribed' });
      expect(await client.ask(unsubscribe('mine'))).toMatchObject({ event: 'unsubscribed' });
      if (authorization !== `bearer  ${KEY}`) await server[Symbol.asyncDispose]();
    }
  });

  test.each<[string, [string, object?]]>([
    ['a header', ['/ws', { headers: { authorization: `Bearer ${KEY}` } }]],
    ['another header', ['/', { headers: { 'x-api-key': KEY } }]],
    ['the address', [`/ws?api_key=${KEY}`]],
  ])('may come before, in %s; whatever key of the hosted service a message has', async (_, how) => {
    const client = await open(keys, ...how);
    expect(await client.ask(ask)).toMatchObject({ event: 'subscribed' });
    expect(await client.ask({ ...ask, authorization: 'of-the-hosted-service' })).toMatchObject({
      event: 'subscribed',
    });
  });

  test('that is not ours is refused before anything is opened', async () => {
    const client = await open(keys, '/?api_key=wrong');
    expect(await client.refused).toBe(401);
    expect(await connect('/ws', { headers: { 'x-api-key': 'wrong' } }).refused).toBe(401);
    expect(await refusals()).toEqual({ unauthenticated: 2 });
  });

  test('is asked for by name, and without one nothing else is done', async () => {
    const client = await open(keys);
    const refused = { event: 'error', type: 'balance', code: 'UNAUTHENTICATED', details: [] };
    const hint = expect.stringMatching(/^an API key is needed: .* authorization$/);
    expect(await client.ask(ask)).toEqual({ ...refused, message: hint, subscriptionId: 'mine' });
    expect(await client.ask({ ...ask, authorization: '' })).toMatchObject({ ...refused, message: hint });
    expect(await client.ask({ ...ask, authorization: 'wrong' })).toMatchObject({
      ...refused,
      message: 'the API key is not known here',
    });
    expect(await client.ask('nothing')).toEqual({ ...refused, message: hint });
    expect(await client.ask(unsubscribe('mine'))).toMatchObject(refused);
    expect(await client.ask({ ...ask, authorization: { key: KEY } })).toMatchObject({
      ...refused,
      message: hint,
    });
    expect(service.walletStreams.size).toBe(0);
    expect(await refusals()).toEqual({ unauthenticated: 6 });
    // Nobody who has none is told more often than anybody is told anything.
    expect(await client.ask({ ...ask, authorization: KEY })).toMatchObject({ event: 'subscribed' });
  });

  test('nobody is asked for where there are none', async () => {
    const client = await open({}, '/?api_key=any');
    expect(await client.ask({ ...ask, authorization: 'any' })).toMatchObject({ event: 'subscribed' });
  });
});

describe('the rate of a caller', () => {
  const limited = {
    event: 'error',
    type: 'balance',
    code: 'RATE_LIMITED',
    message: expect.stringMatching(/more than 3 requests in a minute: try again in \d+ s/),
    details: [],
    retryAfter: expect.any(Number),
  };

  test('counts every message, malformed ones too; past it each is told', async () => {
    const client = await open({ rateLimitPerMinute: 3 });
    expect(await client.ask(subscribe([item(DAI)], 'mine', TRACKED))).toMatchObject({ event: 'subscribed' });
    expect(await client.ask('nothing')).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await client.ask(unsubscribe('mine'))).toMatchObject({ event: 'unsubscribed' });
    expect(await client.ask(unsubscribe('mine'))).toEqual({ ...limited, subscriptionId: 'mine' });
    expect(await client.ask('nothing')).toEqual(limited);
    // It is the caller's, not the connection's, and REST's as well.
    using other = connect();
    expect(await other.ask(subscribe([item(DAI)]))).toMatchObject(limited);
    expect((await fetch(`${server.url}/1/balance/${OWNER}/native`)).status).toBe(429);
  });

  test('is that of the key; who has none spends that of the address', async () => {
    const client = await open({ rateLimitPerMinute: 3, apiKeys: [KEY, 'another'] });
    for (let times = 0; times < 3; times += 1)
      expect(await client.ask('nothing')).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await client.ask('nothing')).toMatchObject(limited);
    const end = (authorization: string) => client.ask({ ...unsubscribe('mine'), authorization });
    for (let times = 0; times < 3; times += 1)
      expect(await end(KEY)).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await end(KEY)).toMatchObject(limited);
    expect(await end('another')).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('large messages', () => {
  const nested = '['.repeat(20_000);
  const refusedOf = ({ said }: SocketClient) => said.filter(({ code }) => code === 'RATE_LIMITED').length;

  test('are not even read past the rate', async () => {
    const client = await open({ rateLimitPerMinute: 10, maxBodyBytes: 1_048_576 });
    const parse = vi.spyOn(JSON, 'parse');
    try {
      for (let sent = 0; sent < 50; sent += 1) await client.send(nested);
      await client.heard(50);
      expect(parse.mock.calls.filter(([text]) => text === nested)).toHaveLength(5);
    } finally {
      parse.mockRestore();
    }
    expect(refusedOf(client)).toBe(45);
  });

  test('leave others their turn between them', async () => {
    const client = await open({ maxBodyBytes: 1_048_576 });
    await client.opened;
    let turns = 0;
    const turnsAtRead: number[] = [];
    const parse = vi.spyOn(JSON, 'parse').mockImplementation(function counted(text: string) {
      if (text === nested) turnsAtRead.push(turns);
      return {};
    });
    const count = () => {
      turns += 1;
      if (client.said.length < 50) setImmediate(count);
    };
    try {
      for (let sent = 0; sent < 50; sent += 1) await client.send(nested);
      count();
      await client.heard(50);
    } finally {
      parse.mockRestore();
    }
    expect(new Set(turnsAtRead).size).toBe(50);
  });
});

describe('open subscriptions', () => {
  const streams = async () => {
    const { values } = await server.metrics.streams.get();
    return values.find(({ labels }) => labels.door === 'websocket')?.value;
  };

  test('are streams of their address, each one, until they end', async () => {
    const client = await open({ maxStreamsPerAddress: 2 });
    for (const id of ['a', 'b']) await client.ask(subscribe([item(DAI)], id, TRACKED));
    expect(await streams()).toBe(2);
    expect(await client.ask(subscribe([item(DAI)], 'c'))).toMatchObject({
      event: 'error',
      code: 'RATE_LIMITED',
      message: expect.stringContaining('2 streams of this address are open'),
      retryAfter: 5,
      subscriptionId: 'c',
    });
    await client.ask(unsubscribe('b'));
    expect(await client.ask(subscribe([item(DAI)], 'c', TRACKED))).toMatchObject({ event: 'subscribed' });
    client.socket.terminate();
    await eventually(async () => expect(await streams()).toBe(0));
  });

  test('and each addition is one more, until all is asked for again', async () => {
    const client = await open({ maxStreamsPerAddress: 3 });
    for (const [index, each] of many(3).entries())
      expect(await client.ask(subscribe([each], 'a', TRACKED))).toMatchObject({ pairs: index + 1 });
    expect(await streams()).toBe(3);
    // Lists that nobody else shares cost the process as much, whether they are one subscription or many.
    expect(await client.ask(subscribe(many(4), 'a'))).toMatchObject({ code: 'RATE_LIMITED' });
    expect(await client.ask(subscribe(many(3), 'a'))).toMatchObject({ event: 'subscribed', pairs: 3 });
    expect(await streams()).toBe(1);
    expect(await client.ask(subscribe(many(4), 'a'))).toMatchObject({ event: 'subscribed', pairs: 4 });
    expect(await streams()).toBe(2);
    await client.ask(unsubscribe('a'));
    expect(await streams()).toBe(0);
  });

  test('are streams of the process', async () => {
    const client = await open({ maxStreams: 1 });
    await client.ask(subscribe([item(DAI)], 'a', TRACKED));
    expect(await client.ask(subscribe([item(DAI)], 'b'))).toMatchObject({
      code: 'CAPACITY_EXCEEDED',
      retryAfter: 5,
    });
  });

  test('that cannot begin hold no place', async () => {
    const client = await open({ maxStreams: 1 });
    const { stream } = service.wallets;
    service.wallets.stream = () => Promise.reject(new TypeError('a bug'));
    expect(await client.ask(subscribe([item(DAI)], 'a'))).toMatchObject({ message: 'Internal server error' });
    service.wallets.stream = stream;
    expect(await client.ask(subscribe([item(DAI)], 'a', TRACKED))).toMatchObject({ event: 'subscribed' });
    expect((server.logged as unknown[]).splice(0)).toContain('unexpected error in a WebSocket');
  });

  test.each([
    ['a client that leaves', async (client: SocketClient) => client.socket.terminate()],
    ['a server that stops', () => server.http.close(60_000)],
  ])('%s while one begins leaves nothing behind', async (_, end) => {
    const client = await open();
    const { stream } = service.wallets;
    const waiting = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    service.wallets.stream = async (...given) => {
      asked.resolve();
      await waiting.promise;
      return await stream(...given);
    };
    await client.send(subscribe([item(DAI)], 'mine'));
    await asked.promise;
    await end(client);
    await client.closed;
    // A socket's own last word comes after that of its server.
    await new Promise(setImmediate);
    waiting.resolve();
    await new Promise(setImmediate);
    await eventually(async () => expect(await streams()).toBe(0));
  });

  test('what they are sent is counted', async () => {
    const client = await open();
    await client.send(subscribe([item(DAI)], 'mine'));
    const [stream] = await walletStreams(service, 1);
    stream?.push({ ...snapshot({ [DAI]: 1n }), announcedAtMs: performance.now() });
    await client.heard(1);
    const door = 'websocket';
    expect((await server.metrics.updatesSent.get()).values).toContainEqual({ labels: { door }, value: 1 });
    const counts = (await server.metrics.blockToSend.get()).values.filter(({ metricName }) =>
      metricName?.endsWith('_count'),
    );
    expect(counts.find(({ labels }) => labels.door === door)?.value).toBe(1);
  });
});
