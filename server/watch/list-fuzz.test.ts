import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { BaseError } from '../errors.ts';
import { createMetrics } from '../lib/metrics.ts';
import { LoopbackInternet } from '../test/loopback-internet.ts';
import { MAX_DEPTH, parseTokenList } from './listschema.ts';
import { isPublic } from './public-address.ts';
import { createTokenLists } from './tokenlists.ts';

/** Addresses that nobody may be sent to, by number: on purpose not by the code that is tested. */
const RANGES_V4: readonly (readonly [number, number])[] = [
  [0x00000000, 8],
  [0x0a000000, 8],
  [0x64400000, 10],
  [0x7f000000, 8],
  [0xa9fe0000, 16],
  [0xac100000, 12],
  [0xc0000000, 24],
  [0xc0000200, 24],
  [0xc0586300, 24],
  [0xc0a80000, 16],
  [0xc6120000, 15],
  [0xc6336400, 24],
  [0xcb007100, 24],
  [0xe0000000, 4],
  [0xf0000000, 4],
];
const RANGES_V6: readonly (readonly [bigint, number])[] = [
  [0n, 96],
  [0xffffn << 32n, 96], // mapped
  [0x0064ff9bn << 96n, 96],
  [0x0064ff9b0001n << 80n, 48],
  [0x0100n << 112n, 64],
  [0x2001n << 112n, 23],
  [0x20010db8n << 96n, 32],
  [0x2002n << 112n, 16],
  [0xfc00n << 112n, 7],
  [0xfe80n << 112n, 10],
  [0xfec0n << 112n, 10],
  [0xff00n << 112n, 8],
];

const v4Number = fc
  .tuple(fc.constantFrom(...RANGES_V4), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }))
  .map(([[first, prefix], at]) => first + Math.floor(at * 2 ** (32 - prefix)));
const v6Number = fc
  .tuple(fc.constantFrom(...RANGES_V6), fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }))
  .map(([[first, prefix], at]) => first + (at >> BigInt(prefix)));

const dotted = (n: number) => [24, 16, 8, 0].map((shift) => Math.floor(n / 2 ** shift) % 256).join('.');
const groups = (n: bigint) =>
  Array.from({ length: 8 }, (_, i) => Number((n >> BigInt(112 - 16 * i)) & 0xffffn));

/** One number of an IPv4 address: decimal, octal or hexadecimal, with zeros before it. */
const spelledNumber = (n: number) =>
  fc
    .tuple(fc.constantFrom('', '0', '0x', '0X'), fc.nat(4))
    .map(([base, zeros]) =>
      base === ''
        ? String(n)
        : base + '0'.repeat(zeros) + (base === '0' ? n.toString(8) : n.toString(16).toUpperCase()),
    );
/** In one to four parts, the last of which takes what is left. */
const spelledV4 = v4Number.chain((n) =>
  fc.integer({ min: 1, max: 4 }).chain((parts) => {
    const leading = Array.from({ length: parts - 1 }, (_, i) => Math.floor(n / 2 ** (24 - 8 * i)) % 256);
    return fc
      .tuple(...[...leading, n % 2 ** (8 * (5 - parts))].map(spelledNumber))
      .map((spelled) => spelled.join('.'));
  }),
);
const spelledV6 = fc.tuple(v6Number, fc.constantFrom('full', 'short', 'mixed', 'upper')).map(([n, how]) => {
  const hex = groups(n).map((group) => group.toString(16));
  if (how === 'mixed') return `[${hex.slice(0, 6).join(':')}:${dotted(Number(n & 0xffffffffn))}]`;
  if (how === 'full') return `[${hex.map((group) => group.padStart(4, '0')).join(':')}]`;
  const text = hex.join(':');
  return `[${how === 'upper' ? text.toUpperCase() : text.replace(/(^|:)0(:0)+(:|$)/, '::')}]`;
});

/** Characters that a URL parser takes for others, or for nothing. */
const disguise = (text: string) =>
  fc
    .array(fc.constantFrom('plain', 'plain', 'percent', 'wide', 'soft', 'tab'), {
      minLength: text.length,
      maxLength: text.length,
    })
    .map((ways) =>
      [...text]
        .map((char, at) => {
          if (text.startsWith('[') || ways[at] === 'plain') return char;
          if (ways[at] === 'percent') return `%${char.charCodeAt(0).toString(16)}`;
          if (ways[at] === 'wide') return String.fromCharCode(char.charCodeAt(0) + 0xfee0);
          return ways[at] === 'soft' ? `\u00ad${char}` : `${char}\t`;
        })
        .join(''),
    );
const around = (host: fc.Arbitrary<string>) =>
  fc
    .tuple(
      fc.constantFrom('https://', 'HTTPS://', 'https:\\\\', 'https:/', 'https:', ' https://', 'ht\ntps:////'),
      fc.constantFrom('', '', '', 'user:pw@', '@', 'lists.test@', 'lists.test%2f@', 'lists.test:443@'),
      host,
      fc.constantFrom('', '', '.'),
      fc.constantFrom('', '', ':443', ':8443', ':0443', ':', ':22', ':65536'),
      fc.constantFrom(
        '',
        '/',
        '/a.json',
        '?@lists.test',
        '#@lists.test',
        '\\@lists.test',
        '/..//lists.test/',
      ),
    )
    .map((parts) => parts.join(''));

interface Outcome {
  readonly error: unknown;
  readonly attempts: readonly string[];
}

/** An internet in which every name resolves to the same, and where nothing is ever sent. */
const internet = new LoopbackInternet();
let resolved: readonly string[];
const lists = createTokenLists({
  config: { tokenListCacheTtlMs: 1, allowPrivateTokenLists: false, tokenListBlockedDomains: [] },
  metrics: createMetrics(),
  log: { warn: () => undefined },
  limits: { maxTries: 1 },
  internet: {
    isPublic,
    lookup: async () => resolved.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    connector: internet.connector,
  },
});
afterAll(() => lists[Symbol.asyncDispose]());

/** What became of fetching it. */
async function fetched(url: string, answer: readonly string[] = ['127.0.0.1']): Promise<Outcome> {
  resolved = answer;
  internet.attempts.length = 0;
  const error = await lists.get(url, 1, 'somebody').catch((thrown: unknown) => thrown);
  return { error, attempts: [...internet.attempts] };
}

function expectRefused({ error, attempts }: Outcome): void {
  expect(attempts).toEqual([]);
  expect(error).toMatchObject({
    code: 'TOKEN_LIST_REJECTED',
    message: expect.stringMatching(/^token list /),
  });
}

describe('token list addresses', () => {
  test('no spelling of an address that is not public leads anywhere', async () => {
    const hosts = fc.oneof(spelledV4.chain(disguise), spelledV6);
    await fc.assert(
      fc.asyncProperty(around(hosts), async (url) => expectRefused(await fetched(url))),
      { numRuns: 2000 },
    );
  });

  test('no name that resolves to one does, whatever else it resolves to', async () => {
    const address = fc.oneof(
      v4Number.map(dotted),
      v6Number.map((n) =>
        groups(n)
          .map((group) => group.toString(16))
          .join(':'),
      ),
    );
    const answers = fc
      .tuple(fc.array(fc.constantFrom<string>('8.8.8.8', '2606:4700::1111')), address, fc.nat())
      .map(([good, bad, at]) => good.toSpliced(at % (good.length + 1), 0, bad));
    await fc.assert(
      fc.asyncProperty(fc.domain(), answers, async (name, answer) =>
        expectRefused(await fetched(`https://${name}/`, answer)),
      ),
      { numRuns: 500 },
    );
  });

  test('no text at all leads anywhere that is not public, nor breaks anything', async () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl({ withFragments: true, withQueryParameters: true }),
      around(
        fc.oneof(
          fc.ipV4Extended(),
          fc.ipV6().map((ip) => `[${ip}]`),
          fc.domain(),
          fc.string(),
        ),
      ),
      around(fc.string({ unit: fc.constantFrom(...'0123456789abcdefx.:[]%@/\\127') })),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const { error, attempts } = await fetched(text);
        expect(error).toBeInstanceOf(BaseError);
        expect(attempts.filter(isReserved)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});

function isReserved(address: string): boolean {
  if (!address.includes(':')) {
    const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
    return RANGES_V4.some(([first, prefix]) => number >= first && number < first + 2 ** (32 - prefix));
  }
  const [head = '', tail] = address.split('::');
  const parts = (text: string) => text.split(':').filter((part) => part !== '');
  const zeros = tail === undefined ? 0 : 8 - parts(head).length - parts(tail).length;
  const all = [...parts(head), ...Array.from({ length: zeros }, () => '0'), ...parts(tail ?? '')];
  const number = all.reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n);
  return RANGES_V6.some(
    ([first, prefix]) => number >> BigInt(128 - prefix) === first >> BigInt(128 - prefix),
  );
}

describe('token lists', () => {
  const URL = 'https://lists.example/a.json';
  /** Where a list can be wrong; or that it is none. */
  const REASON =
    /^token list https:\/\/lists\.example\/a\.json: (is not JSON$|is nested deeper than 100 levels$|(the list itself|name|timestamp|version(\.(major|minor|patch))?|tokens(\[\d+\](\.(chainId|address|name|symbol|decimals|logoURI))?)?): \S)/;

  /** True where it was taken. */
  function parses(text: string): boolean {
    try {
      for (const { address, chainId, decimals } of parseTokenList(URL, text)) {
        expect(address).toMatch(/^0x[0-9a-f]{40}$/);
        expect([chainId, decimals].every(Number.isSafeInteger)).toBe(true);
      }
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'TOKEN_LIST_REJECTED', message: expect.stringMatching(REASON) });
      return false;
    }
  }

  const entry = fc.record({
    chainId: fc.integer({ min: 1 }),
    address: fc.stringMatching(/^0x[0-9a-fA-F]{40}$/),
    name: fc.string({ maxLength: 100 }),
    symbol: fc.string({ maxLength: 20 }),
    decimals: fc.nat(255),
  });
  const list = fc.record({
    name: fc.string({ minLength: 1, maxLength: 100 }),
    timestamp: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    version: fc.record({ major: fc.nat(), minor: fc.nat(), patch: fc.nat() }),
    tokens: fc.array(entry, { minLength: 1, maxLength: 5 }),
  });

  test('a list is taken, whatever is in it besides', () => {
    fc.assert(
      fc.property(list, fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (good, extra) => {
        expect(parses(JSON.stringify({ ...extra, ...good }))).toBe(true);
      }),
    );
  });

  test('any text and any JSON is taken or rejected with the place, and never breaks anything', () => {
    const nested = fc.integer({ min: 0, max: 3 * MAX_DEPTH }).map((n) => '[{"a":'.repeat(n));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), nested), (text) => void parses(text)),
      { numRuns: 2000 },
    );
  });

  test('a list with one thing wrong is rejected with the place of it', () => {
    const places = [
      ['name'],
      ['timestamp'],
      ['version'],
      ['version', 'minor'],
      ['tokens'],
      ['tokens', 0],
      ...['chainId', 'address', 'name', 'symbol', 'decimals'].map((field) => ['tokens', 0, field]),
    ];
    const wrong = fc.oneof(fc.constantFrom(null, -1, 1.5, true, 1e300, ['0x']), fc.jsonValue()).filter(
      // What would be right somewhere; what is not, is nowhere.
      (value) =>
        typeof value !== 'string' &&
        !(Number.isSafeInteger(value) && Number(value) >= 0) &&
        !Array.isArray(value),
    );
    fc.assert(
      fc.property(list, fc.constantFrom(...places), wrong, (good, place, value) => {
        const bad: unknown = structuredClone(good);
        const last = place.at(-1) ?? '';
        const parent = place
          .slice(0, -1)
          .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], bad);
        (parent as Record<string, unknown>)[last] = value;
        const path = place
          .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
          .join('')
          .slice(1);
        expect(() => parseTokenList(URL, JSON.stringify(bad))).toThrow(
          expect.objectContaining({ message: expect.stringContaining(`: ${path}`) }),
        );
        expect(parses(JSON.stringify(bad))).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});
