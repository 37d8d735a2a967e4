import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { serveHttp } from '../../test/http.ts';
import { type Asked, Contract, type Method, type Parameter, pointer } from '../../test/openapi.ts';
import { ScriptedService } from '../../test/service.ts';
import { MAX_NAMED_TOKENS } from './schemas.ts';

/**
 * A client that was written by the document must be let in with all that it allows, and what it forbids must be
 * refused: for each parameter and body, the two are asked about the same values.
 */
const MOST_TOKENS = 8;
const OWNER = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045';
const DAI = '0x6b175474e89094c44da98b954eedeac495271d0f';
const CLIENT = '0b8a6c5e-6d0a-4f0e-9a55-1f2d3c4b5a69';
const RUNS = { numRuns: 150 };

const service = new ScriptedService();
service.amounts.set(DAI, 1n);
const server = await serveHttp(service, { maxWatchedTokens: MOST_TOKENS, maxBodyBytes: 3_000_000 });
const contract = await Contract.of(server.url);
afterAll(() => server[Symbol.asyncDispose]());

/** A part of the request that is right, wherever a test does not say otherwise. */
const RIGHT: Readonly<Record<string, string>> = { chain_id: '1', owner: OWNER, token: DAI };

const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdefABCDEF'), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''));
const address = fc.tuple(fc.constantFrom('0x', '0X'), hex(40)).map((parts) => parts.join(''));
const native = fc.constantFrom('native', 'NATIVE', 'naTive');
const uuid = fc.oneof(
  fc.uuid(),
  fc.uuid().map((id) => id.toUpperCase()),
  fc.tuple(hex(8), hex(4), hex(4), hex(4), hex(12)).map((parts) => parts.join('-')),
);
const number = fc.oneof(fc.nat(), fc.bigInt({ min: 0n, max: 10n ** 17n })).map(String);
/** One character more, fewer or other than it should be. */
const spoiled = (right: fc.Arbitrary<string>) =>
  fc.tuple(right, fc.nat(60), fc.constantFrom('', 'g', '0', '-', ' ', 'x')).map(([text, at, by]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + by + text.slice(place + 1);
  });
const odd = fc.constantFrom('1e3', '-1', '1.0', `urn:uuid:${CLIENT}`, `{${CLIENT}}`, `${OWNER}\n`, 'nativ');
const right = fc.oneof(address, native, uuid, number);
const text = fc.oneof(right, spoiled(right), odd, fc.string());

/** Whether it came as far as a request that makes sense: what is refused later is refused for another reason. */
async function isTaken(method: Method, path: string, asked: Asked, field: string): Promise<boolean> {
  const response = await contract.send(method, path, asked);
  const { status } = response;
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    await response.body?.cancel();
    return true;
  }
  const { message } = (await response.json()) as { message?: string };
  return !(status === 400 && message?.startsWith(`Bad request: ${field}`));
}

/** As what is in an address or a header is read: by the type that the schema gives it. */
function read({ schema }: Parameter, value: string): unknown {
  return schema?.type === 'integer' && /^\d+$/.test(value) ? Number(value) : value;
}

/** What can be sent in that place at all, and is what arrives. */
function canBeSent({ in: place, schema }: Parameter, value: string): boolean {
  // Of a number, another spelling is the same to the one and not to the other.
  if (schema?.type === 'integer' && /^\d+$/.test(value) && String(BigInt(value)) !== value) return false;
  if (place === 'header') return /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value);
  return place === 'query' || !['', '.', '..'].includes(value);
}

describe('a parameter is taken where the document allows it, and not elsewhere', () => {
  const parameters = contract.operations.flatMap(({ method, path, operation }) =>
    // Health is asked beside this door: it knows no malformed chain, only those that it has not.
    path.startsWith('/health')
      ? []
      : (operation.parameters ?? []).map((parameter, index) => ({ method, path, parameter, index })),
  );
  it.each(parameters.map((of) => [`${of.method} ${of.path}: ${of.parameter.name}`, of] as const))(
    '%s',
    async (_, { method, path, parameter, index }) => {
      const { name, in: place } = parameter;
      const isAllowed = contract.schemaAt(`#/paths/${pointer(path)}/${method}/parameters/${index}/schema`);
      await fc.assert(
        fc.asyncProperty(text, async (value) => {
          fc.pre(canBeSent(parameter, value));
          const asked = {
            params: { ...RIGHT, ...(place === 'path' && { [name]: value }) },
            ...(place === 'query' && { query: { [name]: value } }),
            ...(place === 'header' && { headers: { [name]: value } }),
            ...(method !== 'get' && { body: { customTokens: [DAI], tokens: [DAI] } }),
          };
          const taken = await isTaken(method, path, asked, `${name}:`);
          expect([value, taken]).toEqual([value, isAllowed(read(parameter, value))]);
        }),
        RUNS,
      );
    },
  );
});

describe('a body is taken where the document allows it, and not elsewhere', () => {
  const tokens = fc.array(fc.oneof({ weight: 9, arbitrary: fc.oneof(address, native) }, text), {
    maxLength: MOST_TOKENS + 2,
  });
  const lists = fc.array(fc.webUrl(), { maxLength: 3 });
  const field = (own: fc.Arbitrary<unknown>) => fc.oneof({ weight: 4, arbitrary: own }, fc.jsonValue());
  const body = fc.oneof(
    fc.record(
      {
        customTokens: field(tokens),
        tokensListsUrls: field(lists),
        tokens: field(tokens),
        more: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
    fc.jsonValue(),
  );
  const bodies = contract.operations.filter(({ operation }) => operation.requestBody);
  it.each(bodies.map((of) => [`${of.method} ${of.path}`, of] as const))('%s', async (_, { method, path }) => {
    const content = `#/paths/${pointer(path)}/${method}/requestBody/content/${pointer('application/json')}`;
    const isAllowed = contract.schemaAt(`${content}/schema`);
    await fc.assert(
      fc.asyncProperty(body, async (value) => {
        // Words are read by who knows lists, and not here.
        fc.pre(!hasOtherLists(value));
        const asked = { params: RIGHT, body: JSON.stringify(value) };
        const isRefused = !(await isTaken(method, path, asked, ''));
        const namesNothing = path.includes('sessions') && isAllowed(value) && countNamed(value) === 0;
        expect([value, isRefused]).toEqual([value, !isAllowed(value) || namesNothing]);
      }),
      RUNS,
    );
  });

  it('the examples are taken', async () => {
    for (const { method, path, operation } of bodies)
      for (const { example, examples } of Object.values(operation.requestBody?.content ?? {}))
        for (const body of [example, ...Object.values(examples ?? {}).map(({ value }) => value)]) {
          if (body === undefined) continue;
          await contract.ask('post', '/{chain_id}/sessions/{owner}', {
            params: RIGHT,
            body: { customTokens: [DAI] },
          });
          service.amounts.set('0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', 0n);
          expect(await contract.ask(method, path, { params: RIGHT, body })).toMatchObject({ status: 200 });
        }
  });
});

/** What a list's address must be beyond a text is not said by the schema that is tested here. */
function hasOtherLists(value: unknown): boolean {
  const lists = (value as { tokensListsUrls?: unknown } | null)?.tokensListsUrls;
  return Array.isArray(lists) && lists.some((list) => typeof list === 'string' && !URL.canParse(list));
}

function countNamed(value: unknown): number {
  const { customTokens, tokensListsUrls } = value as Record<string, readonly unknown[] | null | undefined>;
  return (customTokens?.length ?? 0) + (tokensListsUrls?.length ?? 0);
}

it('so many tokens and lists may be named, one more is refused in a word, however wrong all are', async () => {
  const answer = async (body: object) => {
    const response = await fetch(`${server.url}/1/sessions/0xd8da6bf26964af9d7eed9e03e53415d37aa96045`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return [response.status, (await response.json()).message];
  };
  const most = MAX_NAMED_TOKENS;
  expect((await answer({ customTokens: Array(most).fill('native') }))[0]).toBe(200);
  for (const many of [most + 1, 20 * most])
    for (const wrong of ['native', 0])
      expect(await answer({ customTokens: Array(many).fill(wrong) })).toEqual([
        400,
        'Bad request: customTokens: expected at most 10000 tokens',
      ]);
  expect(await answer({ tokensListsUrls: Array(20 * most).fill(0) })).toEqual([
    400,
    'Bad request: tokensListsUrls: expected at most 10000 token lists',
  ]);
});
