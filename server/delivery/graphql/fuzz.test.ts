import fc from 'fast-check';
import { GraphQLError, type GraphQLScalarType } from 'graphql';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { NATIVE } from '../../chain/types.ts';
import { serveHttp } from '../../test/http.ts';
import { ScriptedService, SOMEONE } from '../../test/service.ts';
import { decodeCursor } from '../../watch/cursor.ts';
import { parseAddress, parseAmount, parseUrl } from './scalars.ts';
import { schema } from './schema.ts';

/**
 * Whatever is sent, the answer is one of the contract's: never a masked 500, never a crash. A rejection that
 * nobody handles fails the run by itself.
 */
const service = new ScriptedService();
service.amounts.set(NATIVE, 1n);
const server = await serveHttp(service, { maxBodyBytes: 1_048_576, maxWatchedTokens: 1000 });
const url = `${server.url}/graphql`;
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => expect(server.logged).toEqual([]));

const RUNS = { numRuns: 200 };
const text = fc.string({ unit: 'binary', maxLength: 200 });
/** What is nearly right, as well as what is not. */
const address = fc.oneof(
  text,
  fc.constantFrom(
    'native',
    'NATIVE',
    '0x',
    '0X',
    NATIVE,
    ` ${NATIVE}`,
    `${NATIVE}\n`,
    `${NATIVE}0`,
    'vitalik.eth',
  ),
  fc.stringMatching(/^0[xX][0-9a-fA-F]{38,42}$/),
);
const link = fc.oneof(
  text,
  fc.webUrl(),
  fc.constantFrom('', 'http://', 'http://[::1', 'file:///etc/passwd', 'javascript:0'),
);
const cursor = fc.oneof(
  text,
  fc.stringMatching(
    /^2\.[0-9a-f]{0,40}\.[0-9a-f]{0,40}\.\d{0,20}\.\d{0,20}\.0x[0-9a-f]{60,66}\.[0-9a-f]{14,18}$/,
  ),
);
const amount = fc.oneof(
  fc.bigInt({ min: -5n, max: 2n ** 257n }).map(String),
  fc.double(),
  fc.stringMatching(/^[0-9]{76,80}$/),
  fc.constantFrom('', '-0', '0x0', '1e3', '1n', ' 1', '1\n'),
);
const anything = fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.double(), fc.bigInt().map(String), text);

async function post(body: BodyInit, accept = 'application/graphql-response+json') {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', accept }, body });
}

/** An answer of the contract: data, or errors each of which says whose they are. */
async function check(response: Response): Promise<void> {
  expect(response.status).toBeLessThan(500);
  const answer = await response.text();
  expect(answer).not.toContain('INTERNAL_SERVER_ERROR');
  const { data, errors = [] } = JSON.parse(answer) as {
    data?: object;
    errors?: { message: string; extensions: { code: string } }[];
  };
  expect(data !== undefined || errors.length > 0).toBe(true);
  for (const { message, extensions } of errors) {
    expect(message).not.toBe('');
    expect(extensions.code).toMatch(/^[A-Z_]+$/);
  }
}

/** Every input there is, each in a variable. */
const INPUTS: Record<string, readonly [document: string, value: fc.Arbitrary<unknown>]> = {
  owner: ['query ($v: Address!) { session(chainId: 1, owner: $v) { owner } }', address],
  token: ['query ($v: Address!) { balance(owner: "native", token: $v) { amount } }', address],
  tokens: [
    'query ($v: [Address!]!) { balances(owner: "native", tokens: $v) { amount } }',
    fc.array(address, { maxLength: 20 }),
  ],
  chainId: ['query ($v: Int!) { session(chainId: $v, owner: "native") { owner } }', fc.double()],
  clientId: ['query ($v: ID) { session(chainId: 1, owner: "native", clientId: $v) { owner } }', text],
  at: [
    'query ($v: BlockTag) { balance(owner: "native", token: "native", at: $v) { amount } }',
    fc.constantFrom('SAFE', 'safe', ''),
  ],
  input: [
    'mutation ($v: SessionInput!) { createSession(input: $v) { owner tokens expiresAt } }',
    fc.record(
      {
        chainId: fc.oneof(fc.constant(1), anything),
        owner: fc.oneof(address, anything),
        clientId: fc.oneof(fc.uuid(), text, anything),
        customTokens: fc.oneof(fc.array(address, { maxLength: 5 }), anything),
        tokensListsUrls: fc.oneof(fc.array(link, { maxLength: 5 }), anything),
        spenders: fc.oneof(fc.array(address, { maxLength: 12 }), anything),
      },
      { requiredKeys: [] },
    ),
  ],
};

describe('a variable', () => {
  test.each(Object.entries(INPUTS))('%s', async (_, [query, near]) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(near, anything), async (v) => {
        await check(await post(JSON.stringify({ query, variables: { v } })));
      }),
      RUNS,
    );
  });
});

test('wallets of a stream', async () => {
  const query = 'subscription ($v: [WalletItem!]!) { walletBalances(items: $v) { cursor } }';
  const condition = fc.record(
    {
      token: fc.oneof(fc.constant('native'), address),
      below: fc.oneof(amount, fc.constant(null)),
      above: amount,
      changeOver: fc.oneof(amount, anything),
    },
    { requiredKeys: ['token'] },
  );
  const item = fc.record(
    {
      chainId: fc.oneof(fc.constant(1), anything),
      owner: fc.oneof(fc.constant('native'), address),
      tokens: fc.oneof(fc.constant(['native']), fc.array(address, { maxLength: 5 }), anything),
      conditions: fc.oneof(fc.array(condition, { maxLength: 3 }), anything),
    },
    { requiredKeys: ['chainId', 'owner', 'tokens'] },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.array(item, { maxLength: 4 }), anything), async (v) => {
      const response = await post(JSON.stringify({ query, variables: { v } }), 'text/event-stream');
      expect(response.status).toBe(200);
      for (const stream of service.walletStreams) stream.end();
      expect(await response.text()).not.toContain('INTERNAL_SERVER_ERROR');
    }),
    RUNS,
  );
});

test('a literal', async () => {
  const literal = fc.oneof(
    fc.oneof(address, link, text).map((value) => JSON.stringify(value)),
    fc.double().map(String),
    text,
    fc.constantFrom('null', '[]', '{}', '[[]]', '"""x"""', '$v', 'true', 'LATEST', '-0', '1e400', '0x12'),
  );
  await fc.assert(
    fc.asyncProperty(literal, literal, async (one, other) => {
      const query = `mutation { createSession(input: { chainId: 1, owner: ${one}, tokensListsUrls: [${other}], customTokens: ${other} }) { tokens } }`;
      await check(await post(JSON.stringify({ query })));
    }),
    RUNS,
  );
});

test('a cursor is resumed from or it is not', async () => {
  const key = { chainId: 1, owner: NATIVE, clientId: null };
  await service.sessions.create({ ...key, tokensListsUrls: [], customTokens: [NATIVE] }, SOMEONE);
  const query =
    'subscription ($after: String) { balances(chainId: 1, owner: "native", after: $after) { cursor } }';
  await fc.assert(
    fc.asyncProperty(fc.oneof(cursor, anything), async (after) => {
      if (typeof after === 'string') decodeCursor(after);
      const response = await post(JSON.stringify({ query, variables: { after } }), 'text/event-stream');
      expect(response.status).toBe(200);
      for (const stream of service.streams) stream.end();
      expect(await response.text()).not.toContain('INTERNAL_SERVER_ERROR');
    }),
    RUNS,
  );
});

test('a document made of pieces of documents', async () => {
  const piece = fc.constantFrom(
    ...[
      '{',
      '}',
      '(',
      ')',
      '[',
      ']',
      ':',
      '!',
      '...',
      'on',
      '@include',
      '@skip',
      '$v',
      '"',
      '"""',
      '#',
      '\n',
    ],
    ...[
      'query',
      'mutation',
      'subscription',
      'fragment',
      'F',
      'Query',
      'Chain',
      'Int',
      'Address',
      '1',
      '-',
      '&',
      '\0',
    ],
    ...[
      'chains',
      'id',
      'balance',
      'owner',
      'token',
      'amount',
      '__schema',
      '__typename',
      '{chains{id}}',
      '...F',
      '=',
    ],
  );
  const document = fc.oneof(
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(' ')),
    text,
  );
  await fc.assert(
    fc.asyncProperty(document, async (query) => {
      await check(await post(JSON.stringify({ query })));
      await check(await fetch(`${url}?query=${encodeURIComponent(query.toWellFormed())}`));
    }),
    { numRuns: 300 },
  );
});

test('a body of any JSON, of any bytes', async () => {
  const parameters = fc.record(
    {
      query: fc.oneof(fc.constant('{ chains { id } }'), anything),
      variables: anything,
      operationName: anything,
      extensions: anything,
    },
    { requiredKeys: [] },
  );
  const body = fc.oneof(
    parameters.map((value) => Buffer.from(JSON.stringify(value))),
    anything.map((value) => Buffer.from(JSON.stringify(value))),
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    text.map((value) => Buffer.from(value)),
  );
  await fc.assert(
    fc.asyncProperty(body, async (bytes) => check(await post(bytes))),
    { numRuns: 300 },
  );
});

test('a query string of anything', async () => {
  const value = fc.oneof(
    text.map((given) => encodeURIComponent(given.toWellFormed())),
    fc.webQueryParameters(),
  );
  const name = fc.constantFrom('query', 'variables', 'operationName', 'extensions', 'x');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 5 }), async (pairs) => {
      const parameters = pairs.map(([key, given]) => `${key}=${given}`).join('&');
      await check(await fetch(`${url}?query={chains{id}}&${parameters}`));
      await check(await fetch(`${url}?${parameters}`));
    }),
    RUNS,
  );
});

describe('a scalar', () => {
  const fails = (read: () => unknown) => {
    try {
      read();
      return false;
    } catch (error) {
      expect(error).toBeInstanceOf(GraphQLError);
      expect((error as GraphQLError).message.length).toBeLessThan(300);
      return true;
    }
  };
  const scalar = (name: string) => schema.getType(name) as GraphQLScalarType;

  test('Address is one in any case, or none', () => {
    fc.assert(
      fc.property(fc.oneof(address, anything, fc.anything()), (value) => {
        const expected =
          typeof value === 'string' && /^(0x[0-9a-f]{40}|native)$/i.test(value) && !value.endsWith('\n');
        expect(fails(() => parseAddress(value))).toBe(!expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('an Address goes out and comes in as the same', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^0x[0-9a-fA-F]{40}$/), (given) => {
        const inside = parseAddress(given);
        const out = scalar('Address').coerceOutputValue(inside);
        expect(String(out).toLowerCase()).toBe(given.toLowerCase());
        expect(parseAddress(out)).toBe(inside);
      }),
    );
  });

  test('URL is absolute, or none', () => {
    fc.assert(
      fc.property(fc.oneof(link, anything, fc.anything()), (value) => {
        expect(fails(() => parseUrl(value))).toBe(typeof value !== 'string' || !URL.canParse(value));
      }),
      { numRuns: 2000 },
    );
  });

  test.each(['Hash', 'DateTime'])('%s is no input, whatever it is', (name) => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(fails(() => scalar(name).coerceInputValue(value))).toBe(true);
      }),
    );
  });

  test('BigInt is an amount, or none', () => {
    fc.assert(
      fc.property(fc.oneof(amount, anything, fc.anything()), (value) => {
        const isDecimal = typeof value === 'string' && /^\d{1,78}$/.test(value) && !value.endsWith('\n');
        const isNumber = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
        const expected = isNumber || (isDecimal && BigInt(value) < 2n ** 256n);
        expect(fails(() => parseAmount(value))).toBe(!expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('BigInt goes out in decimal, however large, and comes in as the same', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (value) => {
        expect(scalar('BigInt').coerceOutputValue(value)).toBe(value.toString(10));
        expect(parseAmount(value.toString(10))).toBe(value);
      }),
    );
  });
});
