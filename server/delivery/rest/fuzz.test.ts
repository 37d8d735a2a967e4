import fc from 'fast-check';
import { afterAll, afterEach, expect, test } from 'vitest';
import { type Address, NATIVE } from '../../chain/types.ts';
import { eventually } from '../../test/app.ts';
import { serveHttp } from '../../test/http.ts';
import { ScriptedService, SOMEONE } from '../../test/service.ts';
import { overWire, type WireAnswer } from '../../test/wire.ts';
import { checksum, parseAddress, parseToken } from '../address.ts';

/**
 * Whatever is sent, the answer is one of the contract's: never a 500, never a crash, never a line in the log, and
 * every refusal of ours in the one shape. A rejection that nobody handles fails the run by itself.
 */
const OWNER = '0xd8dA6BF26964aF9D7eEd9e03E53415d37aA96045';
const service = new ScriptedService();
service.amounts.set(NATIVE, 1n);
const key = { chainId: 1, owner: OWNER.toLowerCase() as Address, clientId: null };
await service.sessions.create({ ...key, tokensListsUrls: [], customTokens: [NATIVE] }, SOMEONE);
const server = await serveHttp(service, { maxBodyBytes: 100_000 });
afterAll(() => server[Symbol.asyncDispose]());
afterEach(async () => {
  expect(server.logged).toEqual([]);
  expect(await (await fetch(`${server.url}/1/balance/${OWNER}/native`)).json()).toEqual({ balance: '1' });
  await eventually(() => expect(service.streams.size).toBe(0));
});

const RUNS = { numRuns: 300 };
const text = fc.string({ unit: 'binary', maxLength: 200 });
const address = fc.oneof(
  text,
  fc.constantFrom(OWNER, 'native', '0x', '0X', ` ${OWNER}`, `${OWNER}\n`, `${OWNER}0`, 'vitalik.eth'),
  fc.stringMatching(/^0[xX][0-9a-fA-F]{38,42}$/),
);
const anything = fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.double(), text);
/** Percent-encoding, right and wrong. */
const encoded = fc.oneof(
  text.map((given) => encodeURIComponent(given.toWellFormed())),
  fc.stringMatching(/^(%[0-9a-fA-F]{0,2}|[!-~]){0,30}$/).map((given) => given.replace(/[#]/g, '')),
);

function isOurs({ status, head, body }: WireAnswer): void {
  expect(status === undefined || status < 500, `${status} ${body}`).toBe(true);
  expect(head).not.toMatch(/^x-evil/im);
  // To a HEAD there is none.
  if (body === '') return;
  if (status === undefined || status < 400 || !/^content-type: application\/json/im.test(head)) return;
  const problem = JSON.parse(body);
  expect(problem).toEqual({ code: status, message: expect.stringMatching(/^[A-Z][a-z ]+: ./) });
  expect(problem.message.length).toBeLessThan(500);
}

async function isAnswered(response: Response): Promise<void> {
  expect(response.status).toBeLessThan(500);
  if (response.status >= 400) {
    const body = await response.json();
    expect(body).toEqual({ code: response.status, message: expect.stringMatching(/^[A-Z][a-z ]+: ./) });
    expect(body.message.length).toBeLessThan(500);
  } else await response.body?.cancel();
}

const send = (method: string, path: string, body: BodyInit) =>
  fetch(server.url + path, { method, headers: { 'content-type': 'application/json' }, body });

test('a body of any JSON, of any bytes', async () => {
  const session = fc.record(
    {
      tokensListsUrls: fc.oneof(fc.array(fc.oneof(fc.webUrl(), text), { maxLength: 5 }), anything),
      customTokens: fc.oneof(fc.array(address, { maxLength: 5 }), anything),
      tokens: fc.oneof(fc.array(address, { maxLength: 12 }), anything),
    },
    { requiredKeys: [] },
  );
  const body = fc.oneof(
    session.map((value) => Buffer.from(JSON.stringify(value))),
    anything.map((value) => Buffer.from(JSON.stringify(value) ?? '')),
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  );
  const route = fc.constantFrom(
    ['POST', `/1/sessions/${OWNER}`],
    ['PUT', `/1/sessions/${OWNER}`],
    ['POST', `/1/balances/${OWNER}`],
  );
  await fc.assert(
    fc.asyncProperty(route, body, async ([method = '', path = ''], bytes) => {
      // A balance that no endpoint can tell is a 503, as it should be.
      const response = await send(method, path, bytes);
      if (response.status === 503) await response.body?.cancel();
      else await isAnswered(response);
    }),
    RUNS,
  );
});

test('a path of anything', async () => {
  const part = fc.oneof(
    encoded,
    address.map((given) => encodeURIComponent(given.toWellFormed())),
    fc.constantFrom(
      '',
      '.',
      '..',
      '1',
      '01',
      '1e0',
      'sse',
      'sessions',
      'balance',
      'balances',
      'health',
      '__proto__',
    ),
  );
  const path = fc.array(part, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`);
  const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PURGE', 'X');
  await fc.assert(
    fc.asyncProperty(method, path, async (verb, target) => {
      const request = `${verb} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
      isOurs(await overWire(server.url, request, { until: ':ping' }));
    }),
    RUNS,
  );
});

test('a query of anything', async () => {
  const name = fc.constantFrom('client_id', 'last_event_id', 'client_id[]', '__proto__', 'x', '');
  const query = fc.array(fc.tuple(name, encoded), { maxLength: 5 });
  const path = fc.constantFrom(`/sse/1/balances/${OWNER}`, `/1/balance/${OWNER}/native`, '/livez', '/health');
  await fc.assert(
    fc.asyncProperty(path, query, async (target, pairs) => {
      const given = pairs.map((pair) => pair.join('=')).join('&');
      const request = `GET ${target}?${given} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
      isOurs(await overWire(server.url, request, { until: ':ping' }));
    }),
    RUNS,
  );
});

test('headers of anything', async () => {
  const name = fc.oneof(
    fc.constantFrom(
      ...['X-Client-Id', 'Last-Event-ID', 'Accept', 'Accept-Encoding', 'Range', 'If-None-Match', 'Origin'],
      ...['Content-Type', 'Content-Length', 'Content-Encoding', 'Transfer-Encoding', 'Expect', 'Upgrade'],
      ...['Host', 'Connection', 'Access-Control-Request-Method', 'Access-Control-Request-Headers', 'TE'],
    ),
    fc.stringMatching(/^[!-~]{0,10}$/),
  );
  const value = fc.oneof(
    fc.constantFrom(
      'chunked',
      'close',
      '0',
      '1',
      '100-continue',
      'gzip',
      '*',
      'null',
      'http://x',
      'bytes=0-',
    ),
    fc.stringMatching(/^[ -~\t]{0,60}$/),
    text,
  );
  const path = fc.constantFrom(`/sse/1/balances/${OWNER}`, `/1/sessions/${OWNER}`, '/livez', '/', '/health');
  const method = fc.constantFrom('GET', 'POST', 'OPTIONS', 'HEAD');
  await fc.assert(
    fc.asyncProperty(method, path, fc.array(fc.tuple(name, value), { maxLength: 6 }), async (...given) => {
      const [verb, target, pairs] = given;
      const headers = pairs.map((pair) => `${pair.join(': ')}\r\n`).join('');
      const request = Buffer.from(
        `${verb} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`,
        'latin1',
      );
      // Closed behind it, so that what was announced and does not come is not waited for.
      isOurs(await overWire(server.url, request, { ends: true }));
    }),
    RUNS,
  );
});

test('bytes of anything', async () => {
  const request = Buffer.from(
    `GET /1/balance/${OWNER}/native HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
  );
  const turned = fc.array(fc.tuple(fc.nat(request.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((given) => Buffer.from(given)),
    turned.map((places) => {
      const copy = Buffer.from(request);
      for (const [place, byte] of places) copy[place] = byte;
      return copy;
    }),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (given) => {
      isOurs(await overWire(server.url, given, { ends: true }));
    }),
    RUNS,
  );
});

test('an address is one in any case, or none, and goes out as it came in', () => {
  fc.assert(
    fc.property(fc.oneof(address, text), (given) => {
      const isOne = /^0x[0-9a-f]{40}$/i.test(given) && given.length === 42;
      expect(parseAddress(given)).toBe(isOne ? given.toLowerCase() : undefined);
      expect(parseToken(given)).toBe(given.toLowerCase() === 'native' ? NATIVE : parseAddress(given));
      const inside = parseAddress(given);
      if (inside) expect(parseAddress(checksum(inside))).toBe(inside);
    }),
    { numRuns: 2000 },
  );
});
