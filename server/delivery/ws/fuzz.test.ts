import fc from 'fast-check';
import { afterAll, afterEach, expect, test } from 'vitest';
import { eventually } from '../../test/app.ts';
import { serveHttp } from '../../test/http.ts';
import { RawClient } from '../../test/raw.ts';
import { ScriptedService } from '../../test/service.ts';
import { DAI, item, OWNER, type Said, SocketClient, subscribe, WALLET } from '../../test/socket.ts';

/**
 * Whatever is sent, the connection stays, the server lives, nothing is logged, and every answer has one of the
 * contract's shapes. A rejection that nobody handles fails the run by itself.
 */
const service = new ScriptedService();
const server = await serveHttp(service, { maxBodyBytes: 100_000, rateLimitPerMinute: 10_000_000 });
afterAll(() => server[Symbol.asyncDispose]());
afterEach(async () => {
  expect(server.logged).toEqual([]);
  await eventually(() => expect(service.walletStreams.size).toBe(0));
});

const text = fc.string({ unit: 'binary', maxLength: 200 });
const anything = fc.oneof(fc.jsonValue({ maxDepth: 4 }), text);
const orAnything = <T>(usual: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: anything });
const address = orAnything(
  fc.oneof(
    fc.constantFrom(OWNER, WALLET, DAI, 'native', 'NATIVE', '0x', ` ${OWNER}`, 'vitalik.eth', '__proto__'),
    fc.stringMatching(/^0[xX][0-9a-fA-F]{38,42}$/),
  ),
);
const blockchain = orAnything(
  fc.constantFrom('evm:1', 'evm:1', 'evm:5', 'evm:01', 'evm:1e0', 'evm:', 'sol:1', '1'),
);
const items = orAnything(
  fc.array(orAnything(fc.record({ wallet: address, token: address, blockchain }, { requiredKeys: [] })), {
    maxLength: 15,
  }),
);
const subscriptionId = orAnything(fc.constantFrom('a', 'b', 'constructor', 'x'.repeat(200), 'x'.repeat(201)));
const subscriptionTracking = orAnything(fc.boolean());
const payload = orAnything(fc.record({ items, subscriptionId, subscriptionTracking }, { requiredKeys: [] }));
const type = orAnything(fc.constantFrom('balance', 'balance', 'unsubscribe'));
const message = fc.oneof(
  fc
    .record({ type, payload, authorization: anything }, { requiredKeys: [] })
    .map((value) => JSON.stringify(value)),
  anything.map((value) => JSON.stringify(value) ?? ''),
  text,
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(
    '['.repeat(50_000),
    '{"a":'.repeat(10_000),
    '1e999',
    '"\\ud800"',
    '{"type":"balance","type":"x"}',
  ),
);

function isOurs(said: Said): void {
  if (said.event === 'error') {
    expect(said).toMatchObject({
      type: 'balance',
      code: expect.stringMatching(/^[A-Z_]+$/),
      details: expect.any(Array),
    });
    expect(said.message?.length).toBeLessThan(500);
    expect(said.code).not.toBe('INTERNAL_SERVER_ERROR');
    for (const detail of said.details ?? [])
      expect(detail).toEqual({
        code: expect.any(String),
        path: expect.any(Array),
        message: expect.stringMatching(/./),
      });
    return;
  }
  expect(['subscribed', 'unsubscribed']).toContain(said.event);
  expect(said).toEqual({
    event: said.event,
    type: 'balance',
    subscriptionId: expect.any(String),
    pairs: expect.any(Number),
  });
}

test('messages of anything, one after the other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 10 }), async (messages) => {
      using client = new SocketClient(server.url);
      for (const each of messages) await client.send(each);
      // The last of its answers is that to what can be understood.
      const last = subscribe([item('native')], 'the-last', { subscriptionTracking: true });
      await client.send(last);
      await eventually(() => expect(client.said.at(-1)?.subscriptionId).toBe('the-last'));
      for (const said of client.said) isOurs(said);
      expect(client.socket.readyState).toBe(client.socket.OPEN);
    }),
    { numRuns: 300 },
  );
});

test('bytes of anything behind the handshake', async () => {
  const handshake =
    'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), async (chunks) => {
      using client = new RawClient(server.url, handshake).read();
      for (const bytes of chunks) client.socket.write(Buffer.from(bytes));
      await eventually(() => expect(client.text).toContain('101 Switching Protocols'));
      client.socket.end();
      await client.closed;
    }),
    { numRuns: 300 },
  );
  using client = new SocketClient(server.url);
  isOurs(await client.ask('x'));
});
