import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import { maxDirectivesRule } from '@escape.tech/graphql-armor-max-directives';
import { getIntrospectionQuery, parse, validate } from 'graphql';
import { afterAll, describe, expect, test } from 'vitest';
import * as documents from '../../../client/gql/graphql.ts';
import { NATIVE } from '../../chain/types.ts';
import { serveHttp } from '../../test/http.ts';
import { ScriptedService } from '../../test/service.ts';
import { LIMITS } from './limits.ts';
import { schema } from './schema.ts';

const MAX_BODY = 200_000;
const service = new ScriptedService();
service.amounts.set(NATIVE, 1n);
const server = await serveHttp(service, { maxBodyBytes: MAX_BODY, maxWatchedTokens: 1000 });
afterAll(() => server[Symbol.asyncDispose]());

type Operation = readonly [query: string, variables?: object];

function post(body: string, accept = 'application/json'): Promise<Response> {
  return fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body,
  });
}

function ask([query, variables]: Operation, accept?: string): Promise<Response> {
  return post(JSON.stringify({ query, variables }), accept);
}

const times = (n: number, part: (i: number) => string) =>
  Array.from({ length: n }, (_, i) => part(i)).join(' ');

/** 15 tokens around the list. */
const ofTokens = (n: number): Operation => [
  `{ balances(owner: "native", tokens: [${times(n - 15, () => '"native"')}]) { amount } }`,
];
const ofCharacters = (n: number): Operation => [`{ chains { id } } #`.padEnd(n, 'x')];
const ofDepth = (n: number): Operation => [
  `{ __type(name: "Query") ${'{ ofType '.repeat(n - 2)}{ name } ${'} '.repeat(n - 2)}}`,
];
const ofAliases = (n: number): Operation => [`{ ${times(n, (i) => `a${i}: chains { id }`)} }`];
/** Half of them in a fragment that is spread twice. */
const ofSpreadAliases = (n: number): Operation => [
  `{ a: chains { ...F } b: chains { ...F } }
   fragment F on Chain { ${times(n / 2 - 1, (i) => `f${i}: id`)} }`,
];
const ofDirectives = (n: number): Operation => [
  `{ chains { ${times(n, () => '... @include(if: true) { id }')} } }`,
];
const ofCost = (n: number): Operation => [
  `query ($tokens: [Address!]!) {
    ${times(Math.floor(n / 1000), (i) => `a${i}: balances(owner: "native", tokens: $tokens) { amount }`)}
    ${times(n % 1000, () => 'chains { id }')}
  }`,
  { tokens: Array(1000).fill('native') },
];
const ofSessions = (n: number): Operation => [
  `mutation ($input: SessionInput!) { ${times(n, (i) => `a${i}: createSession(input: $input) { chainId }`)} }`,
  { input: { chainId: 1, owner: 'native', customTokens: ['native'] } },
];

const ofTokenLists = (n: number): Operation => [
  `{ ${times(n, (i) => `a${i}: tokens(chainId: 1) { address }`)} }`,
];

const ofKeys = (n: number): Operation => [
  'query ($owner: Address!) { balances(owner: $owner, tokens: []) { amount } }',
  { owner: 'native', unknown: [[Object.fromEntries(Array.from({ length: n }, (_, i) => [i, 0]))]] },
];

const CASES: readonly [string, (n: number) => Operation, most: number, past: number, message: RegExp][] = [
  ['tokens', ofTokens, LIMITS.tokens, LIMITS.tokens + 1, /^Token limit of 1000 exceeded/],
  [
    'characters',
    ofCharacters,
    LIMITS.characters,
    LIMITS.characters + 1,
    /limit of 50000 characters exceeded/,
  ],
  ['depth', ofDepth, LIMITS.depth, LIMITS.depth + 1, /^Query depth limit of 8 exceeded, found 9\./],
  ['aliases', ofAliases, LIMITS.aliases, LIMITS.aliases + 1, /^Aliases limit of 30 exceeded, found 31\./],
  ['aliases in fragments', ofSpreadAliases, 30, 32, /^Aliases limit of 30 exceeded, found 32\./],
  ['directives', ofDirectives, LIMITS.directives, LIMITS.directives + 1, /^Directives limit of 20 exceeded/],
  ['keys', ofKeys, LIMITS.keys, LIMITS.keys + 1, /^Limit of 20 keys of an object exceeded, found 21\./],
  ['cost', ofCost, 5000, 5001, /^Cost limit of 5000 exceeded, found 5001\./],
  ['cost of sessions', ofSessions, LIMITS.costInSessions, LIMITS.costInSessions + 1, /^Cost limit of 5000/],
  [
    'cost of token lists',
    ofTokenLists,
    LIMITS.costInSessions,
    LIMITS.costInSessions + 1,
    /^Cost limit of 5000/,
  ],
];

describe.each(CASES)('%s', (_, document, most, past, message) => {
  test(`${most} are answered`, async () => {
    const response = await ask(document(most));
    expect([response.status, (await response.json()).errors]).toEqual([200, undefined]);
  });

  test.each(['application/json', 'application/graphql-response+json', '*/*'])(
    `${past} are a 400 that says so, in %s`,
    async (accept) => {
      const response = await ask(document(past), accept);
      const answer = await response.json();
      expect(answer.errors).toEqual([
        { message: expect.stringMatching(message), extensions: { code: 'DOCUMENT_LIMIT_EXCEEDED' } },
      ]);
      expect(answer).not.toHaveProperty('data');
      expect(response.status).toBe(400);
    },
  );

  test(`${past} over an event stream are an error of the operation`, async () => {
    const response = await ask(document(past), 'text/event-stream');
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).toContain('event: next\ndata: {"errors":[{"message":');
    expect(text).toContain('"extensions":{"code":"DOCUMENT_LIMIT_EXCEEDED"}}]}\n\nevent: complete\n');
  });
});

test('a limit holds for who asks in a URL as well', async () => {
  const [query] = ofAliases(LIMITS.aliases + 1);
  const response = await fetch(`${server.url}/graphql?query=${encodeURIComponent(query)}`);
  expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('DOCUMENT_LIMIT')]);
});

test('fields of one name are compared with one another only so often', async () => {
  const response = await ask([`{ chains { ${'id '.repeat(990)} } }`]);
  expect(response.status).toBe(400);
  expect((await response.json()).errors).toEqual([
    {
      message: 'Too many fields of one name to compare: name each field once.',
      extensions: { code: 'DOCUMENT_LIMIT_EXCEEDED' },
    },
  ]);
});

test('of many mistakes a few are told', async () => {
  const mistakes = async (n: number) =>
    (await (await ask([`{ ${times(n, (i) => `f${i}`)} }`])).json()).errors.length;
  expect(await mistakes(LIMITS.errors)).toBe(LIMITS.errors);
  // And that there are more.
  expect(await mistakes(100)).toBe(LIMITS.errors + 1);
});

test.each([
  ['of none', '[]'],
  ['of one', '[{"query":"{ chains { id } }"}]'],
  ['of thousands', `[${Array(5000).fill('{"query":"{chains{id}}"}').join(',')}]`],
])('a batch %s is refused, over an event stream too', async (_, body) => {
  for (const accept of ['application/json', 'application/graphql-response+json', 'text/event-stream']) {
    const response = await post(body, accept);
    expect(response.status, accept).toBe(400);
    expect(await response.json(), accept).toEqual({
      errors: [
        {
          message: 'A batch of operations is not accepted: send one operation a request.',
          extensions: { code: 'DOCUMENT_LIMIT_EXCEEDED' },
        },
      ],
    });
  }
});

test('a body at its limit is read, one past it is 413, whether its length is told or not', async () => {
  const padded = (length: number) => `${JSON.stringify({ query: '{ chains { id } }' })}`.padEnd(length);
  const chunked = (text: string) =>
    fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob([text]).stream(),
      duplex: 'half',
    } as RequestInit);
  for (const send of [post, chunked]) {
    expect((await send(padded(MAX_BODY))).status).toBe(200);
    const refused = await send(padded(MAX_BODY + 1));
    expect([refused.status, await refused.text()]).toEqual([413, expect.stringContaining('too large')]);
  }
});

test('a long value that is wrong is not sent back at length', async () => {
  const query = `query ($id: ID) { ${times(LIMITS.aliases, (i) => `a${i}: session(chainId: 1, owner: "native", clientId: $id) { chainId }`)} }`;
  const response = await ask([query, { id: 'x'.repeat(100_000) }]);
  const text = await response.text();
  expect(text).toContain('clientId: \\"xxx');
  expect(text.length).toBeLessThan(50_000);
  const wrong = await ask([
    'query ($o: Address!) { session(chainId: 1, owner: $o) { chainId } }',
    { o: 'x'.repeat(100_000) },
  ]);
  expect((await wrong.text()).length).toBeLessThan(2000);
});

describe('nothing is suggested', () => {
  const balance = (args: string) => `{ balance(owner: "native", token: "native" ${args}) { amount } }`;
  test.each<[string, Operation]>([
    ['a field', ['{ chain { id } }']],
    ['a type', ['{ chains { ... on Chian { id } } }']],
    ['an argument', [balance(', chainID: 1')]],
    ['a directive', ['{ chains @skipp(if: true) { id } }']],
    ['a literal of an enum', [balance(', at: LATST')]],
    ['a variable of an enum', [`query ($at: BlockTag) ${balance(', at: $at')}`, { at: 'LATST' }]],
    [
      'a field of an input object',
      ['mutation { createSession(input: { chainId: 1, owner: "native", customToken: [] }) { chainId } }'],
    ],
    [
      'a field of an input object in a variable',
      [
        'mutation ($input: SessionInput!) { createSession(input: $input) { chainId } }',
        { input: { chainId: 1, owner: 'native', customToken: [] } },
      ],
    ],
  ])('for %s', async (_, operation) => {
    const text = await (await ask(operation, 'application/graphql-response+json')).text();
    expect(text).toContain('BAD_USER_INPUT');
    expect(text).not.toMatch(/did you mean|hidden/i);
  });
});

describe('what our own clients send', () => {
  const own = [
    ...Object.entries(documents)
      .filter(([name]) => name.endsWith('Document'))
      .map(([name, document]) => [name, String(document)] as const),
    ['introspection, as GraphiQL asks', getIntrospectionQuery({ inputValueDeprecation: true })] as const,
    [
      'introspection with everything',
      getIntrospectionQuery({
        specifiedByUrl: true,
        directiveIsRepeatable: true,
        schemaDescription: true,
        oneOf: true,
      }),
    ] as const,
  ];

  test.each(own)('%s is at half of every limit, at the most', (_, text) => {
    const document = parse(text, { maxTokens: LIMITS.tokens / 2 });
    expect(text.length).toBeLessThan(LIMITS.characters / 2);
    const half = [
      maxDepthRule({ n: LIMITS.depth / 2, flattenFragments: true }),
      maxAliasesRule({ n: LIMITS.aliases / 2, allowList: [] }),
      maxDirectivesRule({ n: LIMITS.directives / 2 }),
    ];
    expect(() => validate(schema, document, half)).not.toThrow();
  });

  test.each(own)('%s is not past a limit', async (_, query) => {
    const text = await (await ask([query, {}])).text();
    expect(text).not.toContain('DOCUMENT_LIMIT_EXCEEDED');
  });
});
