import { afterAll, afterEach, expect, test } from 'vitest';
import { NATIVE } from '../../chain/types.ts';
import { serveHttp } from '../../test/http.ts';
import { ScriptedService } from '../../test/service.ts';
import { LIMITS } from './limits.ts';

/** What a stranger sends to see what gives, with what each gets. After each the server serves as before. */
const service = new ScriptedService();
service.amounts.set(NATIVE, 1n);
const server = await serveHttp(service, { maxBodyBytes: 1_048_576, maxWatchedTokens: 1000 });
afterAll(() => server[Symbol.asyncDispose]());

const LIMIT = 'DOCUMENT_LIMIT_EXCEEDED';
const INPUT = 'BAD_USER_INPUT';
const TOKENS_LIMIT = /^(Token|Document) limit of/;
const BALANCES = 'query ($t: [Address!]!) { balances(owner: "native", tokens: $t) { amount } }';
const SESSION = 'mutation ($i: SessionInput!) { createSession(input: $i) { chainId } }';

const nested = (open: string, close: string, depth: number, inner = '') =>
  open.repeat(depth) + inner + close.repeat(depth);
const lists = (depth: number) => nested('[', ']', depth);
const times = (n: number, part: (i: number) => string) =>
  Array.from({ length: n }, (_, i) => part(i)).join(' ');
const query = (text: unknown, variables?: object) => JSON.stringify({ query: text, variables });
/** For variables that JSON.stringify itself could not follow. */
const raw = (text: string, variables: string) => `{"query":${JSON.stringify(text)},"variables":${variables}}`;
const bytes = (before: string, middle: readonly number[], after: string) =>
  Buffer.concat([Buffer.from(before), Buffer.from(middle), Buffer.from(after)]);

async function post(body: string | Buffer, accept = 'application/graphql-response+json'): Promise<Response> {
  return fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: body as BodyInit,
  });
}

afterEach(async () => {
  const answer = await post(query('{ chains { id } balance(owner: "native", token: "native") { amount } }'));
  expect(await answer.json()).toEqual({ data: { chains: [{ id: 1 }], balance: { amount: '1' } } });
  expect(server.logged).toEqual([]);
});

test.each<[string, string | Buffer, typeof LIMIT | typeof INPUT, RegExp]>([
  ['fields nested 400 deep', query(nested('{a', '}', 400)), LIMIT, /^(Token limit|Query depth limit)/],
  ['fields nested 300 deep', query(nested('{a', '}', 300)), LIMIT, /depth limit of 8 exceeded, found 300/],
  ['fields nested 100,000 deep', query(nested('{a', '}', 100_000)), LIMIT, TOKENS_LIMIT],
  ['fields nested and never closed', query('{a'.repeat(20_000)), LIMIT, TOKENS_LIMIT],
  [
    'lists nested 480 deep',
    query(`{ balances(owner: "native", tokens: ${lists(480)}) { amount } }`),
    INPUT,
    /list is no Address/,
  ],
  [
    'lists nested 9,000 deep',
    query(`{ balances(owner: "native", tokens: ${lists(9000)}) { amount } }`),
    LIMIT,
    TOKENS_LIMIT,
  ],
  ['lists opened 990 times', query(`{ balances(tokens: ${'['.repeat(990)}`), INPUT, /Syntax Error/],
  ['objects opened 300 times', query(`{ balances(tokens: ${'{a:'.repeat(300)}`), INPUT, /Syntax Error/],
  [
    'types nested 480 deep',
    query(`query ($a: ${nested('[', ']', 480, 'Int')}) { chains { id } }`),
    INPUT,
    /never used/,
  ],
  ['10,000 aliases', query(`{ ${times(10_000, (i) => `a${i}: chains { id }`)} }`), LIMIT, TOKENS_LIMIT],
  [
    '200 aliases of what costs nothing',
    query(`{ ${times(200, (i) => `a${i}: __typename`)} }`),
    LIMIT,
    /Aliases limit of 30/,
  ],
  ['100,000 tokens', query('a '.repeat(100_000)), LIMIT, TOKENS_LIMIT],
  ['100,000 brackets', query('{'.repeat(100_000)), LIMIT, TOKENS_LIMIT],
  [
    'a comment of a megabyte',
    query(`{ chains { id } } #${'x'.repeat(1_000_000)}`),
    LIMIT,
    /characters exceeded/,
  ],
  [
    'blank lines by the ten thousand, and mistakes',
    query(`${'\n'.repeat(49_000)}{ ${times(90, (i) => `f${i}`)} }`),
    INPUT,
    /Cannot query field "f0"/,
  ],
  ['a name of 40,000 letters', query(`{ ${'x'.repeat(40_000)} }`), INPUT, /^Cannot query field "x{900}.*…$/],
  [
    'thousands of directives',
    query(`{ chains ${'@skip(if: false) '.repeat(3000)} { id } }`),
    LIMIT,
    TOKENS_LIMIT,
  ],
  [
    '400 directives',
    query(`{ chains ${'@a '.repeat(400)} { id } }`),
    LIMIT,
    /Directives limit of 20 exceeded, found 400/,
  ],
  [
    '400 directives of a variable',
    query(`query ($a: Int ${'@a '.repeat(400)}) { chains { id } }`),
    INPUT,
    /never used/,
  ],
  [
    'a fragment in itself',
    query('{ ...A } fragment A on Query { ...A }'),
    INPUT,
    /spread fragment "A" within itself/,
  ],
  [
    'fragments in a circle',
    query('{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }'),
    INPUT,
    /within itself via "B"/,
  ],
  [
    'a circle of a hundred',
    query(`{ ...F0 } ${times(100, (i) => `fragment F${i} on Query { ...F${(i + 1) % 100} }`)}`),
    INPUT,
    /within itself via/,
  ],
  [
    'a circle before the operation',
    query('fragment A on Query { ...B } fragment B on Query { ...A } { ...A }'),
    INPUT,
    /within itself via "B"/,
  ],
  [
    'a field named 990 times',
    query(`{ chains { ${'id '.repeat(990)} } }`),
    LIMIT,
    /Too many fields of one name/,
  ],
  [
    'introspection in a circle',
    query(`{ __schema { types ${nested('{ fields { type ', '}}', 50, '{ name }')} } }`),
    INPUT,
    /introspection depth/i,
  ],
  [
    'two operations of one name',
    JSON.stringify({ query: 'query A { chains { id } } query A { chains { name } }', operationName: 'A' }),
    INPUT,
    /only one operation named "A"/,
  ],
  [
    '150 operations of no name',
    query('{ chains { id } } '.repeat(150)),
    INPUT,
    /Could not determine what operation/,
  ],
  ['no document', query(''), INPUT, /Syntax Error|query string/],
  ['no query', '{}', INPUT, /Must provide query string/],
  ['a query that is a number', query(7), INPUT, /to be a string, but given number/],
  ['a query that is a list', query(['{ chains { id } }']), INPUT, /to be a string, but given array/],
  ['a query that is an object', query({ a: 1 }), INPUT, /to be a string, but given object/],
  ['a body that is null', 'null', INPUT, /but given null/],
  ['a body that is a number', '7', INPUT, /but given number/],
  ['a body that is a string', '"{ chains { id } }"', INPUT, /but given string/],
  ['a body of lists', lists(500_000), LIMIT, /A batch of operations is not accepted/],
  ['an empty body', '', INPUT, /expected to be JSON/],
  ['half a body', '{"query":"{ chains', INPUT, /expected to be JSON/],
  [
    'parameters of no meaning',
    '{"query":"{ chains { id } }","__proto__":{"a":1}}',
    INPUT,
    /Unexpected parameter "__proto__"/,
  ],
  [
    'a name of an operation that is an object',
    '{"query":"{ chains { id } }","operationName":{"a":1}}',
    INPUT,
    /Could not determine what operation/,
  ],
  [
    'variables that are a list',
    query('{ chains { id } }', []),
    INPUT,
    /"variables" param to be empty or an object/,
  ],
  [
    'bytes that are no UTF-8',
    bytes('{"query":"{ chains { id', [0xff, 0xc0, 0xfe], ' } }"}'),
    INPUT,
    /expected to be UTF-8/,
  ],
  [
    'no UTF-8 in a comment',
    bytes('{"query":"{ chains { id } } #', [0xe2, 0x82], '"}'),
    INPUT,
    /expected to be UTF-8/,
  ],
  [
    'an address in overlong UTF-8',
    bytes('{"query":"{ balance(owner: \\"', [0xc0, 0xaf], '\\") { amount } }"}'),
    INPUT,
    /expected to be UTF-8/,
  ],
  ['UTF-16', Buffer.from(query('{ chains { id } }'), 'utf16le'), INPUT, /expected to be JSON/],
  ['something compressed', Buffer.from([0x1f, 0x8b, 8, 0, 0]), INPUT, /expected to be UTF-8/],
  ['a null byte in the document', query('{ chains { id\0 } }'), INPUT, /Unexpected character: U\+0000/],
  [
    'a null byte in an address',
    query('{ session(chainId: 1, owner: "0x\0") { chainId } }'),
    INPUT,
    /"0x\\u0000" is no Address/,
  ],
  [
    'a null byte in a variable',
    query('query ($o: Address!) { session(chainId: 1, owner: $o) { chainId } }', { o: '\0' }),
    INPUT,
    /is no Address/,
  ],
  [
    'half a character',
    query('{ session(chainId: 1, owner: "\\uD800") { chainId } }'),
    INPUT,
    /Invalid Unicode escape/,
  ],
  [
    'lists in a list of variables',
    query(BALANCES, { t: [[['native']]] }),
    INPUT,
    /at "t\[0\]"; a list is no Address/,
  ],
  [
    'lists nested 400,000 deep in variables',
    raw(BALANCES, `{"t":${lists(400_000)}}`),
    INPUT,
    /a list is no Address/,
  ],
  [
    'objects nested 100,000 deep in variables',
    raw(BALANCES, `{"t":${nested('{"a":', '}', 100_000, '1')}}`),
    INPUT,
    /an object is no Address/,
  ],
  [
    'the same in an input object',
    raw(SESSION, `{"i":{"chainId":1,"owner":"native","customTokens":${lists(200_000)}}}`),
    INPUT,
    /at "i.customTokens\[0\]"; a list is no Address/,
  ],
  ['an address of 900,000 letters', query(BALANCES, { t: ['x'.repeat(900_000)] }), INPUT, /^.{1000}…$/],
  [
    '100,000 tokens in variables',
    query(BALANCES, { t: Array(100_000).fill('native') }),
    LIMIT,
    /Cost limit of 5000 exceeded, found 100000/,
  ],
  [
    '4,000 tokens that are none',
    query(BALANCES, { t: Array(4000).fill(7) }),
    INPUT,
    /7 is no Address: expected a string/,
  ],
  [
    'a number past all numbers',
    raw('query ($c: Int!) { session(chainId: $c, owner: "native") { chainId } }', '{"c":1e999}'),
    INPUT,
    /Int cannot represent/,
  ],
])('%s', async (_, body, code, message) => {
  const response = await post(body);
  const { errors, data } = await response.json();
  expect(errors[0]).toMatchObject({ message: expect.stringMatching(message), extensions: { code } });
  // Of many mistakes a few are told, and that there are more.
  expect(errors.length).toBeLessThanOrEqual(LIMITS.errors + 1);
  expect(data).toBeUndefined();
  expect(response.status).toBe(400);
});

test.each<[string, string]>([
  [
    'fragments that double 40 times',
    `{ ...F0 } ${times(40, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`)} fragment F40 on Query { chains { id } }`,
  ],
  [
    'the same before the operation',
    `${times(40, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`)} fragment F40 on Query { chains { id } } { ...F0 }`,
  ],
  ['inline fragments nested 240 deep', `{ ${nested('... { ', '} ', 240, 'chains { id } ')}}`],
])('%s are harmless, and answered', async (_, document) => {
  const response = await post(query(document));
  expect(await response.json()).toEqual({ data: { chains: [{ id: 1 }] } });
});

test('50,000 variables that nobody declared are left alone', async () => {
  const variables = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`v${i}`, i]));
  expect(await (await post(query('{ chains { id } }', variables))).json()).toEqual({
    data: { chains: [{ id: 1 }] },
  });
});

test('a good request is answered among a hundred bad ones', async () => {
  const bad = (i: number) => post(query(`{ ${'a '.repeat(LIMITS.tokens - 10)} # ${i}\n}`));
  const answers = Array.from({ length: 100 }, (_, i) => bad(i));
  expect((await post(query('{ chains { id } }'))).status).toBe(200);
  for (const { status } of await Promise.all(answers)) expect(status).toBe(400);
});
