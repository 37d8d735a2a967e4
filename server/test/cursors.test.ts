import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { deployToken, mint } from './contracts.ts';
import { eventsOf } from './events.ts';
import { RestStream, rest } from './rest-stream.ts';

/**
 * A cursor that a client made up or changed gets a snapshot, or more than it needed: never less than what changed
 * since the place that it had been given for.
 */
const CLIENT = '0b8a6c5e-6d0a-4f0e-9a55-1f2d3c4b5a69';
let chain: TestChain;
let app: App;
let gold: Address;
let mine: Address;
let theirs: Address;
/** Cursors of before and after the change: the wallet's, of one client of it, and another wallet's. */
let old: string;
let fresh: string;
let ofClient: string;
let ofOther: string;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
  [mine, theirs] = [await chain.newWallet(), await chain.newWallet()];
  app = await startTestApp(chain);
  const create = (owner: Address, query = '') =>
    rest(app, 'POST', `/${chain.chainId}/sessions/${owner}${query}`, { body: { customTokens: [gold] } });
  await Promise.all([create(mine), create(mine, `?client_id=${CLIENT}`), create(theirs)]);
  using kept = new RestStream(app, pathOf(mine));
  using client = new RestStream(app, `${pathOf(mine)}?client_id=${CLIENT}`);
  using other = new RestStream(app, pathOf(theirs));
  await eventually(() => {
    for (const stream of [kept, client, other]) expect(stream.folded[gold]).toBe('0');
  });
  old = kept.events.at(-1)?.id ?? '';
  for (const owner of [theirs, mine]) await mint(chain, gold, owner, 7n);
  await eventually(() => {
    for (const stream of [kept, client, other]) expect(stream.folded[gold]).toBe('7');
  });
  [fresh, ofClient, ofOther] = [kept, client, other].map(({ events }) => events.at(-1)?.id ?? '') as [
    string,
    string,
    string,
  ];
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

const pathOf = (owner: Address) => `/sse/${chain.chainId}/balances/${owner}`;

type Door = (after: string) => Promise<Response>;
const byHeader: Door = (after) => open(app.url + pathOf(mine), { headers: { 'last-event-id': after } });
const byQuery: Door = (after) => open(`${app.url}${pathOf(mine)}?last_event_id=${encodeURIComponent(after)}`);
const byGraphQL: Door = (after) => {
  const query = `subscription ($after: String) { balances(chainId: ${chain.chainId}, owner: "${mine}", after: $after) { balances { token { address } amount } } }`;
  return open(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query, variables: { after } }),
  });
};

function open(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...init, signal: AbortSignal.timeout(5000) });
}

/** What the first event says of the token; throws where there is none in time. */
async function told(door: Door, after: string): Promise<string | undefined> {
  const response = await door(after);
  expect(response.status).toBe(200);
  for await (const { data, event } of eventsOf(response)) {
    if (data === undefined) continue;
    expect(event).not.toBe('error');
    const balances = JSON.parse(data).data?.balances.balances ?? JSON.parse(data).balances;
    if (!Array.isArray(balances)) return balances[gold];
    return balances.find(({ token }) => token.address.toLowerCase() === gold)?.amount;
  }
  return undefined;
}

/** The parts of the one in the places of the other's. */
function mixed(one: string, other: string, ...places: number[]): string {
  const parts = one.split('.');
  for (const place of places) parts[place] = other.split('.')[place] ?? '';
  return parts.join('.');
}
const [EPOCH, STREAM, SEQ, NUMBER, HASH, SEAL] = [1, 2, 3, 4, 5, 6] as const;

describe.each<[string, Door]>([
  ['Last-Event-ID', byHeader],
  ['?last_event_id=', byQuery],
  ['after', byGraphQL],
])('a cursor as %s', (_, door) => {
  it.each<[string, () => string]>([
    ['as it was', () => old],
    ["another wallet's", () => ofOther],
    ["another wallet's, said to be this one's", () => mixed(ofOther, old, STREAM)],
    ["this wallet's, of one of its clients", () => ofClient],
    ["of one of its clients, said to be this list's", () => mixed(ofClient, old, STREAM)],
    ['with the number of a later one', () => mixed(old, fresh, SEQ)],
    ['with the number and the block of a later one', () => mixed(old, fresh, SEQ, NUMBER, HASH)],
    ['with the seal of another', () => mixed(fresh, old, SEAL)],
    ['with a number past all', () => old.replace(/\.\d+\./, '.999999999999999.')],
    ['with the block of a later one', () => mixed(old, fresh, NUMBER, HASH)],
    ['with the epoch of another', () => mixed(old, '2.abcdef012345', EPOCH)],
    ['of an older form', () => fresh.replace(/^2\./, '1.').replace(/\.[^.]*$/, '')],
    ['that is none', () => 'nonsense'],
  ])('%s leaves out nothing', async (_, cursor) => {
    expect(await told(door, cursor())).toBe('7');
  });
});

it('any cursor that was changed leaves out nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...[() => old, () => fresh, () => ofClient, () => ofOther]),
      fc.nat(150),
      fc.stringMatching(/^[0-9a-fx.]{0,3}$/),
      fc.constantFrom(byHeader, byQuery, byGraphQL),
      async (cursor, at, put, door) => {
        const given = cursor();
        const other = given.slice(0, at) + put + given.slice(at + 1);
        // As it was it is right to say nothing.
        fc.pre(other !== fresh && other !== '');
        expect(await told(door, other)).toBe('7');
      },
    ),
    { numRuns: 100 },
  );
});
