import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { networkOf } from '../../chain/networks.ts';
import { NATIVE } from '../../chain/types.ts';
import { RetryableError } from '../../errors.ts';
import { eventually } from '../../test/app.ts';
import { serveHttp, type TestServer } from '../../test/http.ts';
import { blockAt, ethereum, ScriptedService } from '../../test/service.ts';
import {
  DAI,
  DAI_SHOWN,
  diff,
  item,
  movement,
  OWNER,
  SocketClient,
  snapshot,
  subscribe,
  USDC,
  USDC_SHOWN,
  unsubscribe,
  WALLET,
  walletStreams,
} from '../../test/socket.ts';

let service: ScriptedService;
let server: TestServer;
let client: SocketClient;

beforeEach(async () => {
  const arbitrum = networkOf(42_161);
  if (!arbitrum) throw new Error('viem knows Arbitrum');
  service = new ScriptedService(ethereum(), arbitrum);
  const logoURI = 'https://tokens.example/dai.png';
  service.metadata.set(DAI, { symbol: 'DAI', name: 'Dai Stablecoin', decimals: 18, logoURI });
  service.metadata.set(USDC, { symbol: 'USDC', name: 'USD Coin', decimals: 6, logoURI: null });
  server = await serveHttp(service);
  client = new SocketClient(server.url);
});
afterEach(async () => {
  client.socket.terminate();
  await server[Symbol.asyncDispose]();
  expect(server.logged).toEqual([]);
});

const HASHES = [`0x${'ab'.repeat(32)}`, `0x${'cd'.repeat(32)}`] as const;
/** The raw amounts that a message says, by token. */
const raw = (said: unknown) => {
  const { data } = said as { data: { token: string; rawBalance: string } };
  return [data].flat().map(({ token, rawBalance }) => `${token} ${rawBalance}`);
};

describe('a subscription', () => {
  test('first says all that it holds, then what changes, and why', async () => {
    await client.send(subscribe([item(DAI), item('native')], 'mine'));
    const [stream] = await walletStreams(service, 1);
    expect(stream?.of).toEqual([{ chainId: 1, owner: OWNER, tokens: [DAI, NATIVE], conditions: [] }]);
    stream?.push(snapshot({ [NATIVE]: 0n, [DAI]: 1_500_000_000_000_000_000n }));
    expect(await client.heard(1)).toEqual([
      {
        subscriptionId: 'mine',
        data: [
          {
            wallet: WALLET,
            token: DAI_SHOWN,
            chainId: 'evm:1',
            balance: 1.5,
            rawBalance: '1500000000000000000',
            decimals: 18,
            symbol: 'DAI',
            name: 'Dai Stablecoin',
            logo: 'https://tokens.example/dai.png',
          },
          {
            wallet: WALLET,
            token: 'native',
            chainId: 'evm:1',
            balance: null,
            rawBalance: '0',
            decimals: null,
            symbol: null,
            name: null,
            logo: null,
          },
        ],
      },
    ]);
    stream?.push(
      movement(DAI, 2n * 10n ** 18n, {
        previousAmount: 1_500_000_000_000_000_000n,
        transactions: HASHES,
        block: blockAt(9),
      }),
    );
    expect((await client.heard(2))[1]).toEqual({
      subscriptionId: 'mine',
      data: {
        wallet: WALLET,
        token: DAI_SHOWN,
        chainId: 'evm:1',
        balance: 2,
        rawBalance: '2000000000000000000',
        decimals: 18,
        symbol: 'DAI',
        name: 'Dai Stablecoin',
        logo: 'https://tokens.example/dai.png',
        previousBalance: 1.5,
        previousRawBalance: '1500000000000000000',
        cause: 'EVENT',
        transactions: HASHES,
        blockNumber: 9,
        blockHash: blockAt(9).hash,
        blockTimestamp: '2023-11-14T22:13:20.000Z',
      },
    });
  });

  test('is told of several changes in a message each, in the order of its items', async () => {
    await client.send(subscribe([item(USDC), item(DAI)], 'mine'));
    const [stream] = await walletStreams(service, 1);
    stream?.push(snapshot({ [DAI]: 1n, [USDC]: 2n }), diff({ [DAI]: 3n, [USDC]: 4n }));
    const [first, ...changes] = await client.heard(3);
    expect(raw(first)).toEqual([`${USDC_SHOWN} 2`, `${DAI_SHOWN} 1`]);
    expect(changes.map(raw)).toEqual([[`${USDC_SHOWN} 4`], [`${DAI_SHOWN} 3`]]);
  });

  test('a token that cannot be read is left out until it can', async () => {
    await client.send(subscribe([item(DAI), item(USDC)], 'mine'));
    const [stream] = await walletStreams(service, 1);
    stream?.push(snapshot({ [DAI]: null, [USDC]: 2n }), diff({ [USDC]: null }), diff({ [DAI]: 3n }));
    const [first, change] = await client.heard(2);
    expect(raw(first)).toEqual([`${USDC_SHOWN} 2`]);
    expect(change?.data).toMatchObject({
      token: DAI_SHOWN,
      rawBalance: '3',
      previousBalance: null,
      previousRawBalance: null,
    });
  });

  test('of nothing that can be read says so at once', async () => {
    await client.send(subscribe([item(DAI)], 'mine'));
    (await walletStreams(service, 1))[0]?.push(snapshot({ [DAI]: null }));
    expect(await client.heard(1)).toEqual([{ subscriptionId: 'mine', data: [] }]);
  });

  test('is the same in any case, at either path, and counts an item once', async () => {
    for (const path of ['/', '/ws', '/?x=1']) {
      using other = new SocketClient(server.url, path);
      const wrongChecksum = `0xD${WALLET.slice(3)}`;
      await other.send(subscribe([item(DAI), item(DAI_SHOWN, 'evm:1', wrongChecksum), item('NATIVE')]));
      const [stream] = await walletStreams(service, 1);
      expect(stream?.of).toEqual([{ chainId: 1, owner: OWNER, tokens: [DAI, NATIVE], conditions: [] }]);
      other.socket.close();
      await walletStreams(service, 0);
    }
  });

  test('without an id gets one that is made of its items, in any order and case', async () => {
    const tracked = { subscriptionTracking: true };
    const { subscriptionId } = await client.ask(subscribe([item(DAI), item(USDC)], undefined, tracked));
    expect(subscriptionId).toMatch(/^[0-9a-f]{32}$/);
    using other = new SocketClient(server.url);
    const items = [item(USDC_SHOWN, 'evm:1', WALLET), item(DAI), item(DAI_SHOWN)];
    expect(await other.ask(subscribe(items, undefined, tracked))).toMatchObject({ subscriptionId });
    for (const others of [[item(DAI)], [item(DAI), item(USDC, 'evm:42161')]])
      expect((await other.ask(subscribe(others, undefined, tracked))).subscriptionId).not.toBe(
        subscriptionId,
      );
  });
});

describe('the same id again', () => {
  test('with items that are new says what these hold, and from then on tells of all', async () => {
    await client.send(subscribe([item(DAI)], 'mine'));
    const [first] = await walletStreams(service, 1);
    first?.push(snapshot({ [DAI]: 1n }));
    await client.heard(1);
    await client.send(subscribe([item(DAI), item(USDC)], 'mine'));
    const [, second] = await walletStreams(service, 2);
    expect(second?.of).toEqual([{ chainId: 1, owner: OWNER, tokens: [USDC], conditions: [] }]);
    second?.push(snapshot({ [USDC]: 2n }));
    expect(raw((await client.heard(2))[1])).toEqual([`${USDC_SHOWN} 2`]);
    first?.push(diff({ [DAI]: 3n }));
    await client.heard(3);
    second?.push(diff({ [USDC]: 4n }));
    expect((await client.heard(4)).slice(2)).toMatchObject([
      { subscriptionId: 'mine', data: { rawBalance: '3' } },
      { subscriptionId: 'mine', data: { rawBalance: '4' } },
    ]);
  });

  test.each([
    ['the same items', [item(DAI), item(USDC)]],
    ['some of them', [item(USDC)]],
  ])('with %s says the whole of it again, once', async (_, again) => {
    await client.send(subscribe([item(DAI)], 'mine'));
    (await walletStreams(service, 1))[0]?.push(snapshot({ [DAI]: 1n }));
    await client.heard(1);
    await client.send(subscribe([item(USDC)], 'mine'));
    (await walletStreams(service, 2))[1]?.push(snapshot({ [USDC]: 2n }));
    await client.heard(2);
    await client.send(subscribe(again, 'mine'));
    // Those before are over, so that nothing is told twice.
    const stream = await eventually(async () => {
      const [only] = await walletStreams(service, 1);
      expect(only?.of).toEqual([{ chainId: 1, owner: OWNER, tokens: [DAI, USDC], conditions: [] }]);
      return only;
    });
    stream?.push(snapshot({ [DAI]: 3n, [USDC]: 4n }));
    expect(raw((await client.heard(3))[2])).toEqual([`${DAI_SHOWN} 3`, `${USDC_SHOWN} 4`]);
  });

  test('on a new connection says the whole of it', async () => {
    await client.send(subscribe([item(DAI)], 'mine'));
    (await walletStreams(service, 1))[0]?.push(snapshot({ [DAI]: 1n }));
    await client.heard(1);
    client.socket.terminate();
    await walletStreams(service, 0);
    using again = new SocketClient(server.url);
    await again.send(subscribe([item(DAI)], 'mine'));
    (await walletStreams(service, 1))[0]?.push(snapshot({ [DAI]: 2n }));
    expect((await again.heard(1)).map(raw)).toEqual([[`${DAI_SHOWN} 2`]]);
  });

  test('where it cannot be had, it stays as it was', async () => {
    await client.send(subscribe([item(DAI)], 'mine'));
    const [stream] = await walletStreams(service, 1);
    stream?.push(snapshot({ [DAI]: 1n }));
    await client.heard(1);
    const { stream: open } = service.wallets;
    service.wallets.stream = async () => {
      throw new RetryableError('CAPACITY_EXCEEDED', 'too many pairs are watched');
    };
    const refusal = { event: 'error', code: 'CAPACITY_EXCEEDED', message: 'too many pairs are watched' };
    for (const items of [[item(USDC)], [item(DAI)]])
      expect(await client.ask(subscribe(items, 'mine'))).toMatchObject({
        ...refusal,
        subscriptionId: 'mine',
      });
    service.wallets.stream = open;
    stream?.push(diff({ [DAI]: 2n }));
    expect(raw((await client.heard(4))[3])).toEqual([`${DAI_SHOWN} 2`]);
  });
});

describe('tracking', () => {
  test('acknowledges each message before its data, and the end', async () => {
    const tracked = { subscriptionTracking: true };
    const subscribed = { event: 'subscribed', type: 'balance', subscriptionId: 'mine' };
    expect(await client.ask(subscribe([item(DAI)], 'mine', tracked))).toEqual({ ...subscribed, pairs: 1 });
    (await walletStreams(service, 1))[0]?.push(snapshot({ [DAI]: 1n }));
    await client.heard(2);
    // It stays on until it is told otherwise.
    expect(await client.ask(subscribe([item(USDC)], 'mine'))).toEqual({ ...subscribed, pairs: 2 });
    expect(await client.ask(unsubscribe('mine'))).toEqual({ ...subscribed, event: 'unsubscribed', pairs: 0 });
    await walletStreams(service, 0);
  });

  test('of the end alone is for who asks for it there', async () => {
    await client.send(subscribe([item(DAI)], 'mine'));
    await walletStreams(service, 1);
    expect(await client.ask(unsubscribe('mine', true))).toMatchObject({ event: 'unsubscribed' });
  });

  test('without it nothing is acknowledged', async () => {
    await client.send(subscribe([item(DAI)], 'mine'));
    const [stream] = await walletStreams(service, 1);
    stream?.push(snapshot({ [DAI]: 1n }));
    await client.send(unsubscribe('mine'));
    await walletStreams(service, 0);
    expect(await client.ask(unsubscribe('mine'))).toMatchObject({
      event: 'error',
      message: 'There is no subscription mine on this connection',
      subscriptionId: 'mine',
    });
    expect(client.said.map(({ event }) => event)).toEqual([undefined, 'error']);
  });
});

describe('on several chains', () => {
  const items = [item(DAI), item(DAI, 'evm:42161'), item(USDC)];
  const told = (said: unknown) =>
    [(said as { data: { chainId: string; rawBalance: string } }).data]
      .flat()
      .map(({ chainId, rawBalance }) => `${chainId} ${rawBalance}`);

  test('the snapshot is one, in the order of the items', async () => {
    await client.send(subscribe(items, 'mine'));
    const [stream] = await walletStreams(service, 1);
    stream?.push(snapshot({ [DAI]: 2n }, 42_161), snapshot({ [USDC]: 3n, [DAI]: 1n }));
    expect(told((await client.heard(1))[0])).toEqual(['evm:1 1', 'evm:42161 2', 'evm:1 3']);
  });

  test('a chain that is late holds up no other, and comes by itself', async () => {
    await client.send(subscribe(items, 'mine'));
    const [stream] = await walletStreams(service, 1);
    stream?.push(snapshot({ [USDC]: 3n, [DAI]: 1n }));
    expect(told((await client.heard(1))[0])).toEqual(['evm:1 1', 'evm:1 3']);
    stream?.push(diff({ [DAI]: 4n }));
    expect(told((await client.heard(2))[1])).toEqual(['evm:1 4']);
    stream?.push(snapshot({ [DAI]: 2n }, 42_161));
    const late = (await client.heard(3))[2];
    expect([told(late), Array.isArray(late?.data)]).toEqual([['evm:42161 2'], true]);
  });

  test('a change does not overtake the snapshot that waits', async () => {
    await client.send(subscribe(items, 'mine'));
    const [stream] = await walletStreams(service, 1);
    stream?.push(snapshot({ [USDC]: 3n, [DAI]: 1n }), diff({ [DAI]: 4n }));
    expect((await client.heard(2)).map(told)).toEqual([['evm:1 1', 'evm:1 3'], ['evm:1 4']]);
  });
});

describe('when the service cannot go on', () => {
  test('with a stream its client is told, and may ask again', async () => {
    await client.send(subscribe([item(DAI)], 'mine'));
    const [stream] = await walletStreams(service, 1);
    stream?.end(new RetryableError('UPSTREAM_UNAVAILABLE', 'what an endpoint said'));
    expect(await client.heard(1)).toMatchObject([
      {
        event: 'error',
        code: 'UPSTREAM_UNAVAILABLE',
        message: 'The chain cannot be read at the moment',
        subscriptionId: 'mine',
      },
    ]);
    await walletStreams(service, 0);
    await client.send(subscribe([item(DAI)], 'mine'));
    (await walletStreams(service, 1))[0]?.push(snapshot({ [DAI]: 1n }));
    await client.heard(2);
  });

  test('at all, the connection is closed for the client to come back elsewhere', async () => {
    await client.send(subscribe([item(DAI)], 'mine'));
    const [stream] = await walletStreams(service, 1);
    stream?.end();
    expect(await client.closed).toEqual([1001, 'the server is stopping: connect again']);
  });

  test('for a reason nobody expected, that stays between us', async () => {
    await client.send(subscribe([item(DAI)], 'mine'));
    const [stream] = await walletStreams(service, 1);
    stream?.end(new TypeError('a bug'));
    expect(await client.heard(1)).toMatchObject([
      { event: 'error', code: 'INTERNAL_SERVER_ERROR', message: 'Internal server error', details: [] },
    ]);
    expect(JSON.stringify(client.said)).not.toContain('a bug');
    expect((server.logged as unknown[]).splice(0)).toContain('unexpected error in a WebSocket');
  });
});
