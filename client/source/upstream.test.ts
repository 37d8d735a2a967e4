import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FatalError, RetryableError } from '../../server/errors.ts';
import { serveHttp, type TestServer } from '../../server/test/http.ts';
import { balanceOf, ScriptedService, updateOf } from '../../server/test/service.ts';
import type { SessionInput, TokensAsked } from '../../server/watch/service.ts';
import type { Update } from '../../server/watch/update.ts';
import {
  type Address,
  type BalancesClient,
  type BalancesClientOptions,
  type BalancesState,
  type BalancesWatch,
  createBalancesClient,
  type WatchOptions,
} from '../index.ts';

/** One page with many components: whatever they ask for comes over as few streams as can be, to each its own. */
const ALICE: Address = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const BOB: Address = '0x00000000219ab540356cbb839cbe05303d7705fa';
const NATIVE: Address = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee';
const USDC: Address = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const DAI: Address = '0x6b175474e89094c44da98b954eedeac495271d0f';
const DEX: Address = '0x9008d19f58aabd9ed0d60971565aa8510560ab41';
const LIST = 'https://lists.example/good.json';
const BAD_LIST = 'https://lists.example/bad.json';

let service: ScriptedService;
let server: TestServer;
let client: BalancesClient;
let clients: BalancesClient[];
/** Sessions that were written, and token lists that were asked for, in order. */
let written: SessionInput[];
let asked: TokensAsked[];
let refuse: (input: SessionInput) => Error | undefined;
let refuseLists: (asked: TokensAsked) => Error | undefined;
let stops: (() => void)[];

beforeEach(async () => {
  service = new ScriptedService();
  written = [];
  asked = [];
  stops = [];
  clients = [];
  refuse = () => undefined;
  refuseLists = () => undefined;
  const { create } = service.sessions;
  service.sessions.create = async (input, caller) => {
    written.push(input);
    const refusal = refuse(input);
    if (refusal) throw refusal;
    const customTokens = [...input.customTokens, ...input.tokensListsUrls.flatMap(inList)];
    return create({ ...input, customTokens }, caller);
  };
  service.tokens.of = async (given) => {
    asked.push(given);
    const refusal = refuseLists(given);
    if (refusal) throw refusal;
    return [NATIVE, ...given.tokensListsUrls.flatMap(inList)];
  };
  server = await serveHttp(service, { maxWatchedTokens: 1000, maxBodyBytes: 1_000_000 });
  client = connect();
});

afterEach(async () => {
  for (const one of clients) one.dispose();
  await server[Symbol.asyncDispose]();
});

function connect(options: Partial<BalancesClientOptions> = {}): BalancesClient {
  const one = createBalancesClient({ url: server.url, ...options });
  clients.push(one);
  return one;
}

const inList = (url: string): Address[] => (url === LIST ? [DAI] : []);
const token = (n: number): Address => `0x${(0xbeef0000 + n).toString(16).padStart(40, '0')}`;

/** A component that has come: its watch, and every state that it was told. */
function mount(
  options: Partial<WatchOptions>,
  of = client,
): { watch: BalancesWatch; told: BalancesState[]; unmount: () => void } {
  const watch = of.watchBalances({ chainId: 1, owner: ALICE, ...options });
  const told: BalancesState[] = [];
  const unmount = watch.subscribe((state) => told.push(state));
  stops.push(unmount);
  return { watch, told, unmount };
}

const held = (watch: BalancesWatch) =>
  Object.fromEntries([...watch.getSnapshot().balances].map(([address, { amount }]) => [address, amount]));
const statusOf = (watch: BalancesWatch) => watch.getSnapshot().status;

async function newest<S>(streams: ReadonlySet<S>, before?: S): Promise<S> {
  return await vi.waitFor(
    () => {
      const last = [...streams].at(-1);
      if (!last || last === before) throw new Error('no new stream');
      return last;
    },
    { timeout: 10_000 },
  );
}
const session = (before?: Awaited<ReturnType<typeof anySession>>) => newest(service.streams, before);
const anySession = () => newest(service.streams);

const of = (owner: Address) => ({ chainId: 1, owner });
const first = (owner: Address, amounts: Record<Address, bigint>, cursor = 'c1') =>
  updateOf(of(owner), cursor, amounts, { kind: 'SNAPSHOT', cause: 'SUBSCRIBED' });
const added = (owner: Address, amounts: Record<Address, bigint>, cursor = 'c2') =>
  updateOf(of(owner), cursor, amounts, { cause: 'SESSION_CHANGED' });

/** A snapshot of several wallets. */
function ofAll(
  cursor: string,
  held: readonly [Address, Address, bigint][],
  kind: Update['kind'] = 'SNAPSHOT',
) {
  const balances = held.map(([owner, token, amount]) => balanceOf(owner, token, amount));
  return { ...updateOf(of(ALICE), cursor, {}, { kind }), balances };
}

test('a thousand rows that mount together are one write of a session and one stream', async () => {
  const rows = Array.from({ length: 1000 }, (_, n) => mount({ customTokens: [token(n)] }));
  const stream = await session();
  expect(written).toHaveLength(1);
  expect(stream.of.tokens).toHaveLength(1001);
  const amounts = Object.fromEntries(rows.map((_, n) => [token(n), BigInt(n)]));
  stream.push(first(ALICE, { [NATIVE]: 7n, ...amounts }));
  await vi.waitFor(() => expect(rows.every(({ watch }) => statusOf(watch).state === 'live')).toBe(true));
  expect(held(rows[999]?.watch as BalancesWatch)).toEqual({ [NATIVE]: 7n, [token(999)]: 999n });
  // Of what moves, its own row alone is told.
  stream.push(updateOf(of(ALICE), 'c2', { [token(5)]: 50n }));
  await vi.waitFor(() => expect(rows[5]?.watch.getSnapshot().balances.get(token(5))?.amount).toBe(50n));
  expect(rows.filter(({ told }) => told.length > 1)).toHaveLength(1);
  expect([written.length, asked.length, service.streams.size]).toEqual([1, 1, 1]);
});

test('nobody is told anything before the call that asks for it has returned', async () => {
  const one = mount({ customTokens: [USDC] });
  (await session()).push(first(ALICE, { [NATIVE]: 0n, [USDC]: 1n }));
  await vi.waitFor(() => expect(one.told).toHaveLength(1));
  let isReturned = false;
  const seen: boolean[] = [];
  stops.push(client.watchBalances({ ...of(ALICE), customTokens: [USDC] }, () => seen.push(isReturned)));
  isReturned = true;
  await vi.waitFor(() => expect(seen).toEqual([true]));
});

test('who joins is told of all of its own once all of it is known, over the same stream', async () => {
  const one = mount({ customTokens: [USDC] });
  const stream = await session();
  stream.push(first(ALICE, { [NATIVE]: 0n, [USDC]: 1n }));
  await vi.waitFor(() => expect(statusOf(one.watch).state).toBe('live'));
  // All that this one wants is known already.
  const same = mount({ customTokens: ['0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'] });
  await vi.waitFor(() => expect(held(same.watch)).toEqual({ [NATIVE]: 0n, [USDC]: 1n }));
  expect(written).toHaveLength(1);

  const other = mount({ customTokens: [DAI, token(1)] });
  await vi.waitFor(() => expect(written).toHaveLength(2));
  stream.push(added(ALICE, { [DAI]: 5n }));
  stream.push(updateOf(of(ALICE), 'c3', { [USDC]: 2n }));
  await vi.waitFor(() => expect(held(one.watch)).toEqual({ [NATIVE]: 0n, [USDC]: 2n }));
  expect(other.told).toEqual([]);
  stream.push(added(ALICE, { [token(1)]: 6n }, 'c4'));
  await vi.waitFor(() => expect(held(other.watch)).toEqual({ [NATIVE]: 0n, [DAI]: 5n, [token(1)]: 6n }));
  expect(other.told[0]).toMatchObject({ kind: 'SNAPSHOT', status: { state: 'live' } });
  expect(one.told.map(({ kind }) => kind)).toEqual(['SNAPSHOT', 'DIFF']);
  expect(service.streams.size).toBe(1);
});

test('what nobody wants any more leaves the session, and with the last the stream is closed', async () => {
  const one = mount({ customTokens: [USDC] });
  const other = mount({ customTokens: [DAI] });
  const stream = await session();
  stream.push(first(ALICE, { [NATIVE]: 0n, [USDC]: 1n, [DAI]: 5n }));
  await vi.waitFor(() => expect(statusOf(other.watch).state).toBe('live'));
  other.unmount();
  await vi.waitFor(() => expect(written.at(-1)?.customTokens).not.toContain(DAI));
  stream.push(updateOf(of(ALICE), 'c2', {}, { cause: 'SESSION_CHANGED', removed: [DAI] }));
  stream.push(updateOf(of(ALICE), 'c3', { [USDC]: 2n }));
  await vi.waitFor(() => expect(held(one.watch)).toEqual({ [NATIVE]: 0n, [USDC]: 2n }));
  expect(one.told).toHaveLength(2);
  one.unmount();
  await vi.waitFor(() => expect(stream.signal.aborted).toBe(true));
});

test('a component that is mounted twice in a row, as React does, leaves the stream as it is', async () => {
  const one = mount({ customTokens: [USDC] });
  const stream = await session();
  stream.push(first(ALICE, { [NATIVE]: 0n, [USDC]: 1n }));
  await vi.waitFor(() => expect(statusOf(one.watch).state).toBe('live'));
  one.unmount();
  const again = mount({ customTokens: [USDC] });
  await vi.waitFor(() => expect(held(again.watch)).toEqual({ [NATIVE]: 0n, [USDC]: 1n }));
  expect([written.length, stream.signal.aborted]).toEqual([1, false]);
});

test('a second wallet puts both into one stream, and the first stays live meanwhile', async () => {
  const alice = mount({ customTokens: [USDC] });
  const stream = await session();
  stream.push(first(ALICE, { [NATIVE]: 0n, [USDC]: 1n }));
  await vi.waitFor(() => expect(statusOf(alice.watch).state).toBe('live'));
  const bob = mount({ owner: BOB, customTokens: [DAI] });
  const both = await newest(service.walletStreams);
  await vi.waitFor(() => expect(service.streams.size).toBe(0));
  expect(both.of.map(({ owner, tokens }) => [owner, tokens])).toEqual([
    [ALICE, [NATIVE, USDC]],
    [BOB, [NATIVE, DAI]],
  ]);
  both.push(
    ofAll('w1', [
      [ALICE, NATIVE, 0n],
      [ALICE, USDC, 1n],
      [BOB, NATIVE, 3n],
      [BOB, DAI, 4n],
    ]),
  );
  await vi.waitFor(() => expect(held(bob.watch)).toEqual({ [NATIVE]: 3n, [DAI]: 4n }));
  // For the first nothing was new.
  expect(alice.told.map(({ status }) => status.state)).toEqual(['live']);
  both.push(ofAll('w2', [[ALICE, USDC, 9n]], 'DIFF'));
  await vi.waitFor(() => expect(held(alice.watch)).toEqual({ [NATIVE]: 0n, [USDC]: 9n }));
  expect(bob.told).toHaveLength(1);

  service.isBehind = true;
  both.end();
  const again = await newest(service.walletStreams, both);
  expect(again.after).toBe('w2');
  await vi.waitFor(() => expect(statusOf(alice.watch)).toMatchObject({ state: 'stale', retries: 1 }));
  again.isBehind = false;
  again.push(ofAll('w3', [[BOB, DAI, 5n]], 'DIFF'));
  await vi.waitFor(() => expect(held(bob.watch)).toEqual({ [NATIVE]: 3n, [DAI]: 5n }));
  // That all was told is said of the chain, and so of all of its wallets.
  expect(statusOf(alice.watch).state).toBe('live');
});

test('allowances are told whole, to whoever asked for them alone', async () => {
  const allowance = (amount: bigint) => ({ ...balanceOf(ALICE, USDC, 0n), spender: DEX, amount });
  const plain = mount({ customTokens: [USDC] });
  const stream = await session();
  stream.push(first(ALICE, { [NATIVE]: 0n, [USDC]: 1n }));
  await vi.waitFor(() => expect(statusOf(plain.watch).state).toBe('live'));
  const spending = mount({ customTokens: [USDC], spenders: [DEX] });
  // Though all of its tokens are known, what may be spent of them is not: it begins with a snapshot.
  const another = await session(stream);
  expect(another.of.spenders).toEqual([DEX]);
  expect(spending.told).toEqual([]);
  another.push({ ...first(ALICE, { [NATIVE]: 0n, [USDC]: 1n }), allowances: [allowance(5n)] });
  await vi.waitFor(() => expect(spending.watch.getSnapshot().allowances.get(USDC, DEX)?.amount).toBe(5n));
  another.push({ ...updateOf(of(ALICE), 'c2', {}), allowances: [allowance(4n)] });
  await vi.waitFor(() => expect(spending.watch.getSnapshot().allowances.get(USDC, DEX)?.amount).toBe(4n));
  expect(plain.watch.getSnapshot().allowances.size).toBe(0);
  // And in the company of other wallets it keeps its session.
  mount({ owner: BOB, customTokens: [DAI] });
  await vi.waitFor(() => expect(service.streams.size).toBe(2));
  expect(service.walletStreams.size).toBe(0);
});

test('a list is asked for while the session is made, once for all who name it', async () => {
  const listed = mount({ tokensListsUrls: [LIST] });
  const too = mount({ tokensListsUrls: [LIST] });
  const stream = await session();
  expect(written).toMatchObject([{ tokensListsUrls: [LIST] }]);
  stream.push(first(ALICE, { [NATIVE]: 0n, [DAI]: 5n }));
  await vi.waitFor(() => expect(held(listed.watch)).toEqual({ [NATIVE]: 0n, [DAI]: 5n }));
  expect(held(too.watch)).toEqual({ [NATIVE]: 0n, [DAI]: 5n });
  expect(asked).toHaveLength(1);
  // Beside tokens by name it is asked for apart, so that nobody waits for another's list.
  const named = mount({ customTokens: [USDC] });
  await vi.waitFor(() => expect(new Set(written.at(-1)?.customTokens)).toEqual(new Set([NATIVE, DAI, USDC])));
  expect(written).toHaveLength(2);
  stream.push(added(ALICE, { [USDC]: 1n }));
  await vi.waitFor(() => expect(held(named.watch)).toEqual({ [NATIVE]: 0n, [USDC]: 1n }));
});

test('a list that hangs holds up whoever names it, and nobody else', async () => {
  let answer = () => {};
  const { of: tokensOf } = service.tokens;
  service.tokens.of = async (given, caller) => {
    if (given.tokensListsUrls.length) await new Promise<void>((resolve) => (answer = resolve));
    return await tokensOf(given, caller);
  };
  const listed = mount({ tokensListsUrls: [LIST] });
  const named = mount({ customTokens: [USDC] });
  const stream = await session();
  stream.push(first(ALICE, { [NATIVE]: 0n, [USDC]: 1n }));
  await vi.waitFor(() => expect(statusOf(named.watch).state).toBe('live'));
  expect(statusOf(listed.watch).state).toBe('connecting');
  answer();
  await vi.waitFor(() => expect(written.at(-1)?.customTokens).toContain(DAI));
  stream.push(added(ALICE, { [DAI]: 5n }));
  await vi.waitFor(() => expect(held(listed.watch)).toEqual({ [NATIVE]: 0n, [DAI]: 5n }));
});

const rejected = new FatalError('TOKEN_LIST_REJECTED', 'that is no list');
const unavailable = new RetryableError('TOKEN_LIST_UNAVAILABLE', 'nobody answers there');

test.each([rejected, unavailable])(
  'a demand with a list that cannot be had fails, and the others go on: $code',
  async (refusal) => {
    const isBad = ({ tokensListsUrls }: TokensAsked) =>
      tokensListsUrls.includes(BAD_LIST) ? refusal : undefined;
    refuse = isBad;
    refuseLists = isBad;
    const bad = mount({ tokensListsUrls: [BAD_LIST], customTokens: [DAI] });
    const good = mount({ customTokens: [USDC] });
    const stream = await session();
    await vi.waitFor(() =>
      expect(statusOf(bad.watch)).toMatchObject({ state: 'failed', error: { code: refusal.code } }),
    );
    await vi.waitFor(() => expect(stream.of.tokens).toContain(USDC));
    stream.push(first(ALICE, { [NATIVE]: 0n, [USDC]: 1n, [DAI]: 5n }));
    await vi.waitFor(() => expect(held(good.watch)).toEqual({ [NATIVE]: 0n, [USDC]: 1n }));
    expect(bad.told).toHaveLength(1);
  },
);

test('alone with its list, too, and once', async () => {
  const isBad = ({ tokensListsUrls }: TokensAsked) => (tokensListsUrls.length ? rejected : undefined);
  refuse = isBad;
  refuseLists = isBad;
  const bad = mount({ tokensListsUrls: [BAD_LIST] });
  await vi.waitFor(() => expect(statusOf(bad.watch)).toMatchObject({ state: 'failed' }));
  await vi.waitFor(() => expect(service.streams.size).toBe(0));
  expect(bad.told).toHaveLength(1);
  expect(asked).toHaveLength(1);
});

test('a list that the application named itself is away when the session is made again: it is waited for', async () => {
  await client.createSession({ ...of(ALICE), tokensListsUrls: [LIST] });
  const one = mount({ customTokens: [USDC] });
  const stream = await session();
  stream.push(first(ALICE, { [NATIVE]: 0n, [USDC]: 1n, [DAI]: 5n }));
  await vi.waitFor(() => expect(statusOf(one.watch).state).toBe('live'));
  refuse = ({ tokensListsUrls }) => (tokensListsUrls.length ? unavailable : undefined);
  service.restart();
  await vi.waitFor(() => expect(statusOf(one.watch).error?.code).toBe('TOKEN_LIST_UNAVAILABLE'));
  expect(statusOf(one.watch).state).toBe('stale');
  refuse = () => undefined;
  (await session(stream)).push(first(ALICE, { [NATIVE]: 0n, [USDC]: 2n, [DAI]: 5n }));
  await vi.waitFor(() => expect(held(one.watch)).toEqual({ [NATIVE]: 0n, [USDC]: 2n }));
});

test('tokens past the limit fail those who came last, and not those who were there', async () => {
  refuse = ({ customTokens }) =>
    customTokens.length > 5 ? new FatalError('TOKEN_LIMIT_EXCEEDED', 'too many') : undefined;
  const early = mount({ customTokens: [token(0), token(1)] });
  const stream = await session();
  stream.push(first(ALICE, { [NATIVE]: 0n, [token(0)]: 0n, [token(1)]: 1n }));
  await vi.waitFor(() => expect(statusOf(early.watch).state).toBe('live'));
  const late = Array.from({ length: 6 }, (_, n) => mount({ customTokens: [token(n + 2)] }));
  await vi.waitFor(() =>
    expect(late.map(({ watch }) => statusOf(watch).state)).toEqual([
      'connecting',
      'connecting',
      'failed',
      'failed',
      'failed',
      'failed',
    ]),
  );
  stream.push(added(ALICE, { [token(2)]: 2n, [token(3)]: 3n }));
  await vi.waitFor(() =>
    expect(held(late[1]?.watch as BalancesWatch)).toEqual({ [NATIVE]: 0n, [token(3)]: 3n }),
  );
  expect(early.told.map(({ status }) => status.state)).toEqual(['live']);
  const { tokens } = await client.createSession({ ...of(ALICE), customTokens: [NATIVE] });
  expect(tokens.map((one) => one.toLowerCase())).toEqual([NATIVE, ...[0, 1, 2, 3].map(token)]);
});

test('one wallet that a stream of many is refused for fails, and the others share one again', async () => {
  const { stream } = service.wallets;
  service.wallets.stream = async (items, options) => {
    const pairs = items.reduce((sum, { tokens }) => sum + tokens.length, 0);
    if (pairs > 20) throw new FatalError('TOKEN_LIMIT_EXCEEDED', 'too many pairs');
    return await stream(items, options);
  };
  const owners = Array.from({ length: 8 }, (_, n) => token(n));
  const good = owners.map((owner) => mount({ owner, customTokens: [USDC] }));
  const bad = mount({ owner: BOB, customTokens: Array.from({ length: 30 }, (_, n) => token(n)) });
  await vi.waitFor(() => expect(statusOf(bad.watch)).toMatchObject({ state: 'failed' }));
  await vi.waitFor(() => {
    const open = [...service.walletStreams].flatMap(({ of }) => of.map(({ owner }) => owner));
    expect(new Set(open)).toEqual(new Set(owners));
  });
  for (const { of, push } of [...service.walletStreams].map((one) => ({
    of: one.of,
    push: one.push.bind(one),
  })))
    push(
      ofAll(
        'w1',
        of.flatMap(({ owner, tokens }) =>
          tokens.map((each): [Address, Address, bigint] => [owner, each, 1n]),
        ),
      ),
    );
  await vi.waitFor(() =>
    expect(good.map(({ watch }) => statusOf(watch).state)).toEqual(Array(8).fill('live')),
  );
});

test('where an office has as many sessions of a wallet as it may, the wallet comes without one', async () => {
  refuse = () => new FatalError('TOO_MANY_CLIENTS', '5 clients of this wallet are streaming already');
  const one = mount({ customTokens: [USDC] });
  const stream = await newest(service.walletStreams);
  stream.push(
    ofAll('w1', [
      [ALICE, NATIVE, 0n],
      [ALICE, USDC, 1n],
    ]),
  );
  await vi.waitFor(() => expect(held(one.watch)).toEqual({ [NATIVE]: 0n, [USDC]: 1n }));
  expect(one.told).toHaveLength(1);
  // Allowances are in sessions alone.
  const spending = mount({ customTokens: [USDC], spenders: [DEX] });
  await vi.waitFor(() =>
    expect(statusOf(spending.watch)).toMatchObject({ state: 'failed', error: { code: 'TOO_MANY_CLIENTS' } }),
  );
});

test('after a drop with nothing to say the status is live again once the server says so', async () => {
  const one = mount({ customTokens: [USDC] });
  const stream = await session();
  stream.push(first(ALICE, { [NATIVE]: 0n, [USDC]: 1n }));
  await vi.waitFor(() => expect(statusOf(one.watch).state).toBe('live'));
  stream.end();
  const resumed = await session(stream);
  expect(resumed.after).toBe('c1');
  await vi.waitFor(() =>
    expect(one.told.map(({ status }) => status.state)).toEqual(['live', 'stale', 'live']),
  );
  expect(one.told[1]?.status).toMatchObject({ retries: 1, error: { code: 'CONNECTION_FAILED' } });
  expect(one.told[2]?.status).toMatchObject({ retries: 0, error: null });
  expect(held(one.watch)).toEqual({ [NATIVE]: 0n, [USDC]: 1n });
});

test('after a drop what happened meanwhile is told as one, once the server has told all of it', async () => {
  const one = mount({ customTokens: [USDC, DAI] });
  const stream = await session();
  stream.push(first(ALICE, { [NATIVE]: 0n, [USDC]: 1n, [DAI]: 1n }));
  await vi.waitFor(() => expect(statusOf(one.watch).state).toBe('live'));
  service.isBehind = true;
  stream.end();
  const resumed = await session(stream);
  resumed.push(updateOf(of(ALICE), 'c2', { [USDC]: 2n }, { cause: 'REORG' }));
  await vi.waitFor(() => expect(resumed.backlog).toBe(0));
  // Who comes now is not told what may not be true any more.
  const late = mount({ customTokens: [USDC] });
  await vi.waitFor(() => expect(late.told).toHaveLength(1));
  expect([statusOf(one.watch).state, statusOf(late.watch).state]).toEqual(['stale', 'connecting']);
  expect(held(one.watch)).toEqual({ [NATIVE]: 0n, [USDC]: 1n, [DAI]: 1n });
  resumed.isBehind = false;
  resumed.push(updateOf(of(ALICE), 'c3', { [DAI]: 3n }));
  await vi.waitFor(() => expect(statusOf(one.watch).state).toBe('live'));
  expect(one.told.map(({ status }) => status.state)).toEqual(['live', 'stale', 'live']);
  expect(one.told[2]?.changes.map(({ now }) => now?.amount)).toEqual([2n, 3n]);
  expect(late.told.map(({ status }) => status.state)).toEqual(['connecting', 'live']);
  resumed.end();
  expect((await session(resumed)).after).toBe('c3');
});

test('and of many wallets, each chain by itself', async () => {
  const [one, other] = [mount({ customTokens: [USDC] }), mount({ owner: BOB, customTokens: [USDC] })];
  const stream = await newest(service.walletStreams);
  const all = (cursor: string, amount: bigint) =>
    ofAll(
      cursor,
      [ALICE, BOB].flatMap((owner): [Address, Address, bigint][] => [
        [owner, NATIVE, 0n],
        [owner, USDC, amount],
      ]),
    );
  stream.push(all('w1', 1n));
  await vi.waitFor(() => expect(statusOf(other.watch).state).toBe('live'));
  service.isBehind = true;
  stream.end();
  const resumed = await newest(service.walletStreams, stream);
  expect(resumed.after).toBe('w1');
  resumed.push({ ...all('w2', 2n), kind: 'DIFF' });
  await vi.waitFor(() => expect(resumed.backlog).toBe(0));
  expect([statusOf(one.watch).state, statusOf(other.watch).state]).toEqual(['stale', 'stale']);
  resumed.isBehind = false;
  resumed.push({ ...all('w3', 3n), kind: 'DIFF' });
  await vi.waitFor(() =>
    expect([one, other].map(({ watch }) => statusOf(watch).state)).toEqual(['live', 'live']),
  );
  expect(held(one.watch)).toEqual({ [NATIVE]: 0n, [USDC]: 3n });
});

test('not so where the session was lost: what is known may be wrong until the server has read it', async () => {
  const one = mount({ customTokens: [USDC] });
  const stream = await session();
  stream.push(first(ALICE, { [NATIVE]: 0n, [USDC]: 1n }));
  await vi.waitFor(() => expect(statusOf(one.watch).state).toBe('live'));
  service.restart();
  const again = await session(stream);
  expect(again.after).toBeUndefined();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(statusOf(one.watch).state).toBe('stale');
  const late = mount({ customTokens: [USDC] });
  await vi.waitFor(() => expect(late.told.at(-1)?.status.state).toBe('connecting'));
  expect(held(late.watch)).toEqual({});
  again.push(first(ALICE, { [NATIVE]: 0n, [USDC]: 2n }));
  await vi.waitFor(() => expect(statusOf(one.watch).state).toBe('live'));
  expect(held(late.watch)).toEqual({ [NATIVE]: 0n, [USDC]: 2n });
});

test('who comes while the server is away is told so, and of all once it is back', async () => {
  let isAway = true;
  const away = connect({
    fetch: (input, init) => (isAway ? Promise.reject(new TypeError('fetch failed')) : fetch(input, init)),
  });
  const one = mount({ customTokens: [USDC] }, away);
  await vi.waitFor(() => expect(statusOf(one.watch).retries).toBeGreaterThan(1), { timeout: 10_000 });
  expect(statusOf(one.watch)).toMatchObject({ state: 'connecting', error: { code: 'CONNECTION_FAILED' } });
  isAway = false;
  (await session()).push(first(ALICE, { [NATIVE]: 0n, [USDC]: 1n }));
  await vi.waitFor(() =>
    expect(statusOf(one.watch)).toMatchObject({ state: 'live', retries: 0, error: null }),
  );
});

test('the session is not written to sooner than the server says', async () => {
  const times: number[] = [];
  const busy = connect({
    fetch: (input, init) => {
      if (!String(init?.body).includes('CreateSession')) return fetch(input, init);
      times.push(performance.now());
      return times.length > 1
        ? fetch(input, init)
        : Promise.resolve(new Response('', { status: 503, headers: { 'retry-after': '1' } }));
    },
  });
  mount({ customTokens: [USDC] }, busy);
  await session();
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1000);
});

test('a listener that throws harms neither the connection nor its neighbours', async () => {
  const thrown: unknown[] = [];
  const others = process.rawListeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => thrown.push(error));
  try {
    stops.push(
      client.watchBalances({ ...of(ALICE), customTokens: [USDC] }, () => {
        throw new Error('my mistake');
      }),
    );
    const one = mount({ customTokens: [USDC] });
    const stream = await session();
    stream.push(first(ALICE, { [NATIVE]: 0n, [USDC]: 1n }));
    await vi.waitFor(() => expect(held(one.watch)).toEqual({ [NATIVE]: 0n, [USDC]: 1n }));
    await vi.waitFor(() => expect(thrown).toMatchObject([{ message: 'my mistake' }]));
    expect(stream.signal.aborted).toBe(false);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const other of others) process.on('uncaughtException', other as (error: Error) => void);
  }
});
