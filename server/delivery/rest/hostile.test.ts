import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { type Address, NATIVE } from '../../chain/types.ts';
import { eventually } from '../../test/app.ts';
import { serveHttp } from '../../test/http.ts';
import { ScriptedService, SOMEONE } from '../../test/service.ts';
import { overWire, type WireAnswer } from '../../test/wire.ts';

/**
 * What a stranger sends over a bare connection to see what gives, with what each gets. After each the server serves
 * as before, and nothing was logged: what a stranger does wrong is no error of ours.
 */
const OWNER = '0xd8dA6BF26964aF9D7eEd9e03E53415d37aA96045';
const owner = OWNER.toLowerCase() as Address;
const BALANCE = `/1/balance/${OWNER}/native`;
const SESSION = `/1/sessions/${OWNER}`;
const STREAM = `/sse/1/balances/${OWNER}`;
const JSON_TYPE = 'Content-Type: application/json\r\n';
const GOOD = '{"customTokens":["native"]}';

const service = new ScriptedService();
service.amounts.set(NATIVE, 1n);
await service.sessions.create(
  { chainId: 1, owner, clientId: null, tokensListsUrls: [], customTokens: [NATIVE] },
  SOMEONE,
);
const server = await serveHttp(service);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  expect(service.streams.size).toBe(0);
});
afterEach(async () => {
  const answer = await fetch(server.url + BALANCE);
  expect([answer.status, await answer.json()]).toEqual([200, { balance: '1' }]);
  expect(server.logged).toEqual([]);
});

const CLOSE = 'Host: x\r\nConnection: close\r\n';
const get = (target: string, headers = '', method = 'GET') =>
  `${method} ${target} HTTP/1.1\r\n${CLOSE}${headers}\r\n`;
const post = (body: string | Buffer, headers = JSON_TYPE) =>
  Buffer.concat([
    Buffer.from(get(SESSION, `${headers}Content-Length: ${Buffer.byteLength(body)}\r\n`, 'POST')),
    Buffer.from(body),
  ]);
const posted = (headers: string, body: string) => get(SESSION, JSON_TYPE + headers, 'POST') + body;
const chunked = (body: string) => posted('Transfer-Encoding: chunked\r\n', body);

/** A status alone: the answer is of HTTP itself. With words: it is ours, and says so. */
type Row = [what: string, request: string | Buffer, status: number | undefined, message?: string];

function check({ status, head, body }: WireAnswer, expected: number | undefined, message?: string): void {
  expect(status).toBe(expected);
  expect(head.toLowerCase()).not.toMatch(/x-evil|set-cookie|x-powered-by|node_modules/);
  if (message === undefined) return;
  expect(JSON.parse(body)).toEqual({ code: expected, message: expect.stringContaining(message) });
}

const NO_ROUTE = 'Not found: no such route';
const NO_OWNER = 'Bad request: owner: expected an address';
const NO_TOKEN = 'Bad request: token: expected a token';
const NO_CHAIN = 'Bad request: chain_id: expected a chain id';
const MALFORMED = 'Bad request: the request is malformed';

const targets: [target: string, status: number, message?: string][] = [
  ['/%', 404, NO_ROUTE],
  ['/%zz', 404, NO_ROUTE],
  ['/%00', 404, NO_ROUTE],
  ['/1/balance/%/native', 400, NO_OWNER],
  [`/1/balance/${OWNER}/%00`, 400, NO_TOKEN],
  [`/1/balance/${OWNER}/%c0%af`, 400, NO_TOKEN],
  [`/1/balance/${OWNER}/%ed%a0%80`, 400, NO_TOKEN],
  [`/1/balance/${OWNER}/native%0d%0aX-Evil:%201`, 400, NO_TOKEN],
  [`/1/balance/${OWNER}%0a/native`, 400, NO_OWNER],
  [`/1/balance/${OWNER}/native;x=1`, 400, NO_TOKEN],
  ['/1/balance/__proto__/constructor', 400, NO_OWNER],
  ['/__proto__', 404, NO_ROUTE],
  ['/..%2f..%2fetc/passwd', 404, NO_ROUTE],
  ['/../../etc/passwd', 404, NO_ROUTE],
  [`/1/../1/balance/${OWNER}/native`, 200],
  [`/${BALANCE}`, 404, NO_ROUTE],
  [BALANCE.replace('/balance', '//balance'), 404, NO_ROUTE],
  [`${BALANCE}/`, 404, NO_ROUTE],
  ['//evil.example/livez', 404, NO_ROUTE],
  ['/1\\balance', 400, MALFORMED],
  ['\\1\\balance', 400],
  ['livez', 400],
  ['*', 400, MALFORMED],
  ['x:443', 400],
  ['mailto:a@b', 400],
  ['file:///etc/passwd', 400, MALFORMED],
  ['http://[::1/livez', 400, MALFORMED],
  ['http://x/livez', 200],
  ['HTTP://evil.example/livez?x', 200],
  ['http://x/health/1', 200],
  [`http://x${BALANCE}`, 200],
  ['http://x/graphql?query={__typename}', 200],
  ['http://x', 200],
  ['http://user:pw@x//livez', 404, NO_ROUTE],
  ['http://x/a/../livez', 200],
  ['http:livez', 400],
  ['/é', 400],
  ['/LIVEZ', 404, NO_ROUTE],
  ['/health/1e0', 404, NO_ROUTE],
  [`/999999999999999${BALANCE.slice(2)}`, 404, 'Not found: chain 999999999999999 is not served'],
  ...['9'.repeat(16), '9'.repeat(400), '-1', '+1', '1e0', '0x1', '1.0', 'Infinity', 'NaN', '%20', '١'].map(
    (id) =>
      [
        `/${encodeURI(id).replaceAll('%25', '%')}${BALANCE.slice(2)}`,
        400,
        NO_CHAIN,
      ] as (typeof targets)[number],
  ),
  [`/01${BALANCE.slice(2)}`, 200],
  [`${BALANCE}?a[]=1&a[]=2&__proto__=1&%&=&&`, 200],
  ['/openapi.json?%', 200],
  ['/livez?%zz', 200],
  [`/${'a'.repeat(15_000)}`, 404, NO_ROUTE],
  [`/${'a/'.repeat(7000)}`, 404, NO_ROUTE],
  [`/${'a'.repeat(20_000)}`, 431],
  [`${STREAM}?client_id=%zz`, 400, 'Bad request: client_id: expected a UUID'],
  [`${STREAM}?client_id=a%0d%0aSet-Cookie:x`, 400, 'Bad request: client_id: expected a UUID'],
  [`${STREAM}?client_id=a&client_id=b`, 400, 'Bad request: client_id: expected a UUID'],
];
test.each(targets)('GET %s', async (target, status, message) => {
  check(await overWire(server.url, Buffer.from(get(target))), status, message);
});

const messages: Row[] = [
  ['a method nobody knows', get('/', '', 'FOO'), 400],
  ['a method in small letters', get('/livez', '', 'get'), 400],
  ['PURGE', get(SESSION, '', 'PURGE'), 405, 'PURGE is not possible here'],
  ['TRACE', get(SESSION, 'X-Evil: 1\r\n', 'TRACE'), 405, 'TRACE is not possible here'],
  ['TRACE of a door that reads', get('/livez', '', 'TRACE'), 405, 'TRACE is not possible here'],
  ['CONNECT', get('x:443', '', 'CONNECT'), undefined],
  ['OPTIONS *', get('*', '', 'OPTIONS'), 400, MALFORMED],
  ['HTTP/2 by prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['a TLS greeting', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...Array(200).fill(9)]), 400],
  ['100 kB of nothing', 'x'.repeat(100_000), 400],
  ['an upgrade to h2c', upgradeTo('h2c'), 200],
  [
    'an upgrade to a WebSocket where there is none',
    upgradeTo('websocket'),
    404,
    'there is no WebSocket here',
  ],
  ['an upgrade to nonsense', upgradeTo('\x7f'), 400],
  ['no Host', 'GET /livez HTTP/1.1\r\n\r\n', 400],
  ['an empty Host', `GET ${BALANCE} HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n`, 400, 'Bad request'],
  ['a Host with a path', hosted('a/b?c'), 400, 'Bad request'],
  ['a Host with a user', hosted('u:p@a'), 400, 'Bad request'],
  ['a Host with a port past any', hosted('a:99999'), 400, 'Bad request'],
  ['a folded header', get('/livez', 'X-A: a\r\n b\r\n'), 400],
  ['a NUL in a header', get('/livez', 'X-A: a\0b\r\n'), 400],
  ['a header with a blank before its colon', get('/livez', 'X-A : b\r\n'), 400],
  ['a header without a colon', get('/livez', 'nocolon\r\n'), 400],
  ['a bare CR', get('/livez', 'X-A: a\rb\r\n'), 400],
  ['a header of 20 kB', get('/livez', `X-A: ${'x'.repeat(20_000)}\r\n`), 431],
  ['5,000 headers', get('/livez', 'A: b\r\n'.repeat(5000)), 431],
  ['headers named as what objects have', get(BALANCE, '__proto__: x\r\nconstructor: y\r\n'), 200],
  ['a client id that is none', get(STREAM, 'X-Client-Id: \xe9\xff\r\n'), 400, 'x-client-id: expected a UUID'],
  ['an empty client id', get(STREAM, 'X-Client-Id:\r\n'), 400, 'x-client-id: expected a UUID'],
  ['two client ids', get(STREAM, `X-Client-Id: ${OWNER}\r\n`.repeat(2)), 400, 'x-client-id: expected a UUID'],
  ['two lengths', posted('Content-Length: 2\r\nContent-Length: 3\r\n', '{} '), 400],
  ['the same length twice', posted('Content-Length: 2\r\nContent-Length: 2\r\n', '{}'), 400],
  ['a list of lengths', posted('Content-Length: 2, 2\r\n', '{}'), 400],
  ['a length and chunks', posted('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400],
  ['chunks and a length', posted('Transfer-Encoding: chunked\r\nContent-Length: 2\r\n', '0\r\n\r\n'), 400],
  ['an encoding nobody knows', posted('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'), 400],
  ['chunked and then not', posted('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'), 400],
  ['chunked behind a tab that is none', posted('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n'), 400],
  ['a length below zero', posted('Content-Length: -1\r\n', '{}'), 400],
  ['a length with a sign', posted('Content-Length: +2\r\n', '{}'), 400],
  ['a length in hex', posted('Content-Length: 0x2\r\n', '{}'), 400],
  ['a length of 1e1', posted('Content-Length: 1e1\r\n', '{}'), 400],
  ['a length past 64 bits', posted(`Content-Length: ${'9'.repeat(30)}\r\n`, '{}'), 400],
  ['a length past 2^53', posted('Content-Length: 9007199254740993\r\n', '{}'), 413, 'over 10000 bytes'],
  ['a chunk of no size', chunked('zz\r\n{}\r\n0\r\n\r\n'), 400],
  ['a chunk below zero', chunked('-1\r\n{}\r\n0\r\n\r\n'), 400],
  ['a chunk past 64 bits', chunked(`${'f'.repeat(18)}\r\n{}`), 400],
  ['a chunk with an extension of 20 kB', chunked(`2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`), 413],
  ['chunks with bare newlines', chunked('2\n{}\n0\n\n'), 400],
  ['a body with what has none', `${get(BALANCE, 'Content-Length: 2\r\n')}{}`, 200],
  ['chunks with what has none', `${get(BALANCE, 'Transfer-Encoding: chunked\r\n')}2\r\n{}\r\n0\r\n\r\n`, 200],
  ['an expectation of 100', posted(`Expect: 100-continue\r\nContent-Length: ${GOOD.length}\r\n`, GOOD), 200],
  [
    'an expectation of 100, and too much',
    posted('Expect: 100-continue\r\nContent-Length: 20000000\r\n', ''),
    413,
    'over 10000',
  ],
  ['an expectation of miracles', get('/livez', 'Expect: miracles\r\n'), 417],
];
test.each(messages)('%s', async (_, request, status, message) => {
  check(await overWire(server.url, request), status, message);
});

function upgradeTo(protocol: string): string {
  const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  return `GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close, Upgrade\r\nUpgrade: ${protocol}\r\n${key}\r\n`;
}

function hosted(host: string): string {
  return `GET ${BALANCE} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
}

const NOT_JSON = 'Bad request: the body is not JSON';
const NO_TYPE = 'Bad request: expected a body of type application/json';
const EMPTY = 'Bad request: tokens_lists_urls && custom_tokens are empty';
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

const bodies: Row[] = [
  ['empty', post(''), 400, NOT_JSON],
  ['cut', post(GOOD.slice(0, -1)), 400, NOT_JSON],
  ['two in one', post(GOOD + GOOD), 400, NOT_JSON],
  ['not UTF-8', post(Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d])), 400, EMPTY],
  ['UTF-16', post(Buffer.from(GOOD, 'utf16le')), 400, NOT_JSON],
  ['with a byte-order mark', post(`\ufeff${GOOD}`), 200],
  ['null', post('null'), 400, 'expected object, received null'],
  ['text', post('"x"'), 400, 'expected object, received string'],
  ['a number past any', post('{"customTokens":[1e999]}'), 400, 'customTokens[0]: Invalid input'],
  ['numbers for addresses', post('{"customTokens":[0]}'), 400, 'customTokens[0]: Invalid input'],
  ['an object for a list', post('{"customTokens":{"length":1,"0":"native"}}'), 400, 'customTokens: Invalid'],
  [
    '900 wrong tokens',
    post(`{"customTokens":[${Array(900).fill(0)}]}`),
    400,
    'customTokens[0]: Invalid input',
  ],
  [
    'a token of 9 kB',
    post(`{"customTokens":["${'x'.repeat(9000)}"]}`),
    400,
    'customTokens[0]: expected a token',
  ],
  ['nested 4,000 deep', post(nested(4000)), 400, 'expected object, received array'],
  ['nested within', post(`{"customTokens":${nested(4000)}}`), 400, 'customTokens[0]: Invalid input'],
  ['a prototype', post(`{"__proto__":${GOOD}}`), 400, EMPTY],
  ['a constructor', post(`{"constructor":{"prototype":${GOOD}}}`), 400, EMPTY],
  ['a name twice, of which the last counts', post('{"customTokens":["0x1"],"customTokens":["native"]}'), 200],
  ['of no type', post(GOOD, ''), 400, NO_TYPE],
  [
    'of a form',
    post('customTokens=native', 'Content-Type: application/x-www-form-urlencoded\r\n'),
    400,
    NO_TYPE,
  ],
  ['of many parts', post('--x\r\n', 'Content-Type: multipart/form-data; boundary=x\r\n'), 400, NO_TYPE],
  ['of a type that only begins so', post(GOOD, 'Content-Type: application/jsonx\r\n'), 400, NO_TYPE],
  ['of two types', post(GOOD, 'Content-Type: application/json, text/plain\r\n'), 400, NO_TYPE],
  ['of the type in capitals', post(GOOD, 'Content-Type: APPLICATION/JSON\r\n'), 200],
  [
    'compressed',
    post(gzipSync(GOOD), `${JSON_TYPE}Content-Encoding: gzip\r\n`),
    400,
    'without Content-Encoding',
  ],
  [
    'said to be compressed',
    post(GOOD, `${JSON_TYPE}Content-Encoding: br\r\n`),
    400,
    'without Content-Encoding',
  ],
  [
    'a bomb',
    post(gzipSync(Buffer.alloc(5_000_000)), `${JSON_TYPE}Content-Encoding: gzip\r\n`),
    400,
    'without Content-Encoding',
  ],
  ['plainly not compressed', post(GOOD, `${JSON_TYPE}Content-Encoding: identity\r\n`), 200],
  ['past what is taken', post(' '.repeat(10_001)), 413, 'the body is over 10000 bytes'],
  [
    'past what is taken, in chunks',
    chunked(`2711\r\n${' '.repeat(10_001)}\r\n0\r\n\r\n`),
    413,
    'over 10000 bytes',
  ],
  ['as much as is taken, in chunks', chunked(`2710\r\n${GOOD.padEnd(10_000)}\r\n0\r\n\r\n`), 200],
];
test.each(bodies)('a body that is %s', async (_, request, status, message) => {
  check(await overWire(server.url, request), status, message);
});
test('nothing of all that stuck to any object', () => {
  expect(({} as Record<string, unknown>).customTokens).toBeUndefined();
});

describe('a client that goes away', () => {
  test.each([
    ['in the midst of a body', posted('Content-Length: 200\r\n', '{"customTokens":')],
    ['in the midst of a chunk', chunked('ff\r\n{"customTokens":')],
    ['between chunks', chunked('2\r\n{}\r\n')],
    ['in the midst of its headers', 'POST /1/sessions HTTP/1.1\r\nHost: x\r\nX-A'],
    ['in the midst of the first line', 'GET /livez'],
    ['having said nothing', ''],
  ])("%s is nobody's trouble", async (_, request) => {
    await overWire(server.url, request, { ends: true });
  });

  test('with its stream open leaves none behind', async () => {
    await overWire(server.url, get(STREAM), { until: ':ping' });
    await eventually(() => expect(service.streams.size).toBe(0));
  });
});

test('what follows in a connection after garbage is not served', async () => {
  const garbage = get('/livez').replace('close', 'keep-alive');
  const { head, body } = await overWire(server.url, `${garbage}GARBAGE\r\n\r\n${get(BALANCE)}`);
  expect(head).toMatch(/^HTTP\/1.1 200 OK/);
  expect(body).not.toContain('balance');
});

describe('a cursor is no reason to refuse a stream', () => {
  test.each([
    ['of other letters', get(STREAM, 'Last-Event-ID: \xe9\xff\r\n')],
    ['empty', get(STREAM, 'Last-Event-ID:\r\n')],
    ['of 10 kB', get(STREAM, `Last-Event-ID: ${'1.'.repeat(5000)}\r\n`)],
    ['given twice', get(STREAM, 'Last-Event-ID: a\r\nLast-Event-ID: b\r\n')],
    ['of broken escapes', get(`${STREAM}?last_event_id=%zz%00%ff`)],
    ['as a list', get(`${STREAM}?last_event_id[]=a`)],
    ['given twice in the query', get(`${STREAM}?last_event_id=a&last_event_id=b`)],
    ['with a line in it', get(`${STREAM}?last_event_id=a%0d%0aX-Evil:1`)],
  ])('%s', async (_, request) => {
    check(await overWire(server.url, request, { until: ':ping' }), 200);
  });

  test('and of two the last one counts', async () => {
    const { stream } = service.sessions;
    const heard: unknown[] = [];
    service.sessions.stream = (key, options) => {
      heard.push(options.after);
      return stream(key, options);
    };
    const twice = `${STREAM}?last_event_id=a&last_event_id=b`;
    await overWire(server.url, get(twice), { until: ':ping' });
    await overWire(server.url, get(twice, 'Last-Event-ID: c\r\n'), { until: ':ping' });
    service.sessions.stream = stream;
    expect(heard).toEqual(['b', 'c']);
  });
});
