import type { RequestListener } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createMetrics } from '../lib/metrics.ts';
import {
  type ListHost,
  LoopbackInternet,
  PUBLIC,
  startListHost,
  startTrap,
  type Trap,
} from '../test/loopback-internet.ts';
import { AddressRefused, createListAgent, type Internet } from './listconnect.ts';
import { isPublic } from './public-address.ts';
import { createTokenLists, type TokenLists } from './tokenlists.ts';

/**
 * Callers say what the server fetches. Here is what they try, with a real list host and a real inner service on
 * loopback; nothing may connect to the latter, nor try to connect to anything that is not public.
 */
const SCHEME = 'only https: addresses are fetched';
const CREDENTIALS = 'must not carry credentials';
const NO_NAME = 'expected the name of a host on the public internet';
const NOT_PUBLIC = 'its address is not public';
const RESOLVES = 'its name resolves to an address that is not public';
const NO_URL = 'is not a URL';
const BLOCKED = 'the domain evil.example is blocked';
const port = (of: number) => `port ${of} is neither the default one nor above 1023`;

/** `{trap}` is the port on which the inner service waits. */
const HOSTILE: readonly (readonly [string, string])[] = [
  // Other schemes.
  ['http://lists.test/', SCHEME],
  ['http://127.0.0.1:{trap}/', SCHEME],
  ['ftp://lists.test/', SCHEME],
  ['file:///etc/passwd', SCHEME],
  ['file://127.0.0.1/etc/passwd', SCHEME],
  ['data:application/json,{}', SCHEME],
  ['blob:https://lists.test/b5d0', SCHEME],
  ['javascript:alert(1)', SCHEME],
  ['gopher://127.0.0.1:{trap}/_GET', SCHEME],
  ['ws://127.0.0.1:{trap}/', SCHEME],
  ['wss://lists.test/', SCHEME],
  ['unix:///var/run/docker.sock', SCHEME],
  // Credentials.
  ['https://key@lists.test/', CREDENTIALS],
  ['https://user:hunter2@lists.test/', CREDENTIALS],
  ['https://:hunter2@lists.test/', CREDENTIALS],
  ['https://lists.test@127.0.0.1:{trap}/', CREDENTIALS],
  ['https://lists.test%2F@127.0.0.1:{trap}/', CREDENTIALS],
  // Ports of services that are no web servers.
  ['https://lists.test:22/', port(22)],
  ['https://lists.test:25/', port(25)],
  ['https://lists.test:80/', port(80)],
  ['https://lists.test:0/', port(0)],
  ['https://lists.test:1023/', port(1023)],
  ['https://lists.test:00022/', port(22)],
  // Domains that the operator has blocked.
  ['https://evil.example/', BLOCKED],
  ['https://EVIL.Example/', BLOCKED],
  ['https://evil.example./', BLOCKED],
  ['https://a.b.evil.example/', BLOCKED],
  ['https://a.evil.example.:8443/', BLOCKED],
  ['https://ｅｖｉｌ．example/', BLOCKED],
  ['https://evil。example/', BLOCKED],
  ['https://e%76il.example/', BLOCKED],
  ['https://bücher.example/', 'the domain BÜCHER.example is blocked'],
  ['https://xn--bcher-kva.example/', 'the domain BÜCHER.example is blocked'],
  // This machine and its network, by name.
  ['https://localhost:{trap}/', NO_NAME],
  ['https://LOCALHOST.:{trap}/', NO_NAME],
  ['https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{trap}/', NO_NAME],
  ['https://lists.localhost:{trap}/', NO_NAME],
  ['https://redis:6379/', NO_NAME],
  ['https://lists..test/', NO_NAME],
  ['https://lists.test../', NO_NAME],
  // Loopback, spelled in every way that there is.
  ['https://127.0.0.1/', NOT_PUBLIC],
  ['https://127.0.0.1:{trap}/', NOT_PUBLIC],
  ['https:127.0.0.1:{trap}/', NOT_PUBLIC],
  ['https:\\\\127.0.0.1:{trap}\\', NOT_PUBLIC],
  ['https://127.0.0.1.:{trap}/', NOT_PUBLIC],
  ['https://127.0.0.1..:{trap}/', NO_NAME],
  ['https://127.1:{trap}/', NOT_PUBLIC],
  ['https://127.0.1:{trap}/', NOT_PUBLIC],
  ['https://127.255.255.254:{trap}/', NOT_PUBLIC],
  ['https://2130706433:{trap}/', NOT_PUBLIC],
  ['https://017700000001:{trap}/', NOT_PUBLIC],
  ['https://0x7f000001:{trap}/', NOT_PUBLIC],
  ['https://0x7f.1:{trap}/', NOT_PUBLIC],
  ['https://0177.0.0.1:{trap}/', NOT_PUBLIC],
  ['https://0X7F.0x0.00.01:{trap}/', NOT_PUBLIC],
  ['https://%31%32%37.0.0.1:{trap}/', NOT_PUBLIC],
  ['https://127%2e0%2e0%2e1:{trap}/', NOT_PUBLIC],
  ['https://①②⑦.⓪.⓪.①:{trap}/', NOT_PUBLIC],
  ['https://127。0。0。1:{trap}/', NOT_PUBLIC],
  ['https://１２７．０．０．１:{trap}/', NOT_PUBLIC],
  ['https://127.0.0.1:{trap}/?https://lists.test/', NOT_PUBLIC],
  ['https://0:{trap}/', NOT_PUBLIC],
  ['https://0.0.0.0:{trap}/', NOT_PUBLIC],
  ['https://[::1]:{trap}/', NOT_PUBLIC],
  ['https://[0:0:0:0:0:0:0:1]:{trap}/', NOT_PUBLIC],
  ['https://[::]:{trap}/', NOT_PUBLIC],
  ['https://[::ffff:127.0.0.1]:{trap}/', NOT_PUBLIC],
  ['https://[::ffff:7f00:1]:{trap}/', NOT_PUBLIC],
  ['https://[::127.0.0.1]:{trap}/', NOT_PUBLIC],
  ['https://[::1%25lo]:{trap}/', NO_URL],
  ['https://[::1%lo]:{trap}/', NO_URL],
  ['https://127.0.0.256:{trap}/', NO_URL],
  ['https://[127.0.0.1]:{trap}/', NO_URL],
  // Translated to IPv4 by whoever carries them.
  ['https://[64:ff9b::7f00:1]:{trap}/', NOT_PUBLIC],
  ['https://[64:ff9b::8.8.8.8]/', NOT_PUBLIC],
  ['https://[64:ff9b:1::a00:1]/', NOT_PUBLIC],
  ['https://[2002:7f00:1::]:{trap}/', NOT_PUBLIC],
  ['https://[2002:a00:1::1]/', NOT_PUBLIC],
  ['https://[2001:0:7f00:1::]/', NOT_PUBLIC],
  ['https://[::ffff:8.8.8.8]/', NOT_PUBLIC],
  // Private, link-local, carrier-grade NAT, documentation, benchmark, multicast, reserved.
  ['https://10.0.0.1/', NOT_PUBLIC],
  ['https://012.0.0.1/', NOT_PUBLIC],
  ['https://167772161/', NOT_PUBLIC],
  ['https://172.16.0.1/', NOT_PUBLIC],
  ['https://172.31.255.255/', NOT_PUBLIC],
  ['https://192.168.1.1:8443/', NOT_PUBLIC],
  ['https://0xc0a80101/', NOT_PUBLIC],
  ['https://169.254.169.254/latest/meta-data/', NOT_PUBLIC],
  ['https://2852039166/latest/meta-data/', NOT_PUBLIC],
  ['https://[::ffff:169.254.169.254]/latest/meta-data/', NOT_PUBLIC],
  ['https://[fd00:ec2::254]/latest/meta-data/', NOT_PUBLIC],
  ['https://100.64.0.1/', NOT_PUBLIC],
  ['https://192.0.0.8/', NOT_PUBLIC],
  ['https://192.0.2.1/', NOT_PUBLIC],
  ['https://198.51.100.1/', NOT_PUBLIC],
  ['https://203.0.113.1/', NOT_PUBLIC],
  ['https://192.88.99.1/', NOT_PUBLIC],
  ['https://198.18.0.1/', NOT_PUBLIC],
  ['https://224.0.0.1/', NOT_PUBLIC],
  ['https://240.0.0.1/', NOT_PUBLIC],
  ['https://255.255.255.255/', NOT_PUBLIC],
  ['https://[fe80::1]/', NOT_PUBLIC],
  ['https://[fe80::1%25eth0]/', NO_URL],
  ['https://[fec0::1]/', NOT_PUBLIC],
  ['https://[fc00::1]/', NOT_PUBLIC],
  ['https://[fdff::1]/', NOT_PUBLIC],
  ['https://[ff02::1]/', NOT_PUBLIC],
  ['https://[100::1]/', NOT_PUBLIC],
  ['https://[2001:db8::1]/', NOT_PUBLIC],
  ['https://[3fff::1]/', NOT_PUBLIC],
  // No address at all.
  ['https://', NO_URL],
  ['https://lists.test:65536/', NO_URL],
  ['https://user:hunter2@[lists.test/', NO_URL],
  [`https://lists.test/${'a'.repeat(4096)}`, 'is longer than 4096 characters'],
];

/** Of what a hostile name may resolve to. */
const ANSWERS: readonly (readonly string[])[] = [
  ['127.0.0.1'],
  ['127.255.255.254'],
  ['0.0.0.0'],
  ['10.1.2.3'],
  ['100.100.100.200'],
  ['169.254.169.254'],
  ['172.20.0.1'],
  ['192.168.0.1'],
  ['198.19.0.1'],
  ['203.0.113.7'],
  ['224.0.0.251'],
  ['255.255.255.255'],
  ['::1'],
  ['::'],
  ['::ffff:127.0.0.1'],
  ['::ffff:7f00:1'],
  ['::ffff:127.0.0.2'],
  ['::127.0.0.1'],
  ['64:ff9b::7f00:1'],
  ['64:ff9b:1::7f00:1'],
  ['2002:7f00:1::1'],
  ['2001:0:7f00:1::1'],
  ['2001:db8::1'],
  ['fd00::1'],
  ['fe80::1'],
  ['fe80::1%eth0'],
  ['ff02::fb'],
  [PUBLIC, '127.0.0.1'],
  ['127.0.0.1', PUBLIC],
  [PUBLIC, PUBLIC, '::1'],
  [PUBLIC, '10.0.0.1', PUBLIC],
];

const LIST = JSON.stringify({
  name: 'A list',
  timestamp: '2026-01-01T00:00:00Z',
  version: { major: 1, minor: 0, patch: 0 },
  tokens: [{ chainId: 1, address: `0x${'a'.repeat(40)}`, name: 'Some Token', symbol: 'SOME', decimals: 18 }],
});

let trap: Trap;
let host: ListHost;
let internet: LoopbackInternet;
let lists: TokenLists;
let metrics: ReturnType<typeof createMetrics>;
let answer: RequestListener;

const redirectTo =
  (location: string): RequestListener =>
  (request, response) => {
    if (request.url === '/list.json') response.end(LIST);
    else response.writeHead(302, { location }).end('SECRET');
  };
const ok: RequestListener = (_, response) => response.end(LIST);

beforeAll(async () => {
  trap = await startTrap();
  host = await startListHost((request, response) => answer(request, response));
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
  await trap[Symbol.asyncDispose]();
});
beforeEach(() => {
  answer = ok;
  internet = new LoopbackInternet();
  internet.names.set('lists.test', [[PUBLIC]]);
  open(internet);
});
afterEach(async () => {
  await lists[Symbol.asyncDispose]();
});

function open(through: Internet, { allowPrivate = false } = {}): void {
  metrics = createMetrics();
  lists = createTokenLists({
    config: {
      tokenListCacheTtlMs: 60_000,
      allowPrivateTokenLists: allowPrivate,
      tokenListBlockedDomains: ['evil.example', 'BÜCHER.example'],
    },
    metrics,
    log: { warn: () => undefined },
    limits: { backoffMs: 1 },
    internet: through,
  });
}

/** How fetches ended, and how many each way. */
async function outcomes(): Promise<[unknown, number][]> {
  const { values } = await metrics.tokenListFetches.get();
  return values.filter(({ value }) => value > 0).map(({ labels, value }) => [labels.outcome, value]);
}

async function refusal(url: string): Promise<{ code: string; message: string }> {
  const error = await lists.get(url, 1, 'somebody').then(
    () => new Error('it was fetched'),
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'TOKEN_LIST_REJECTED' });
  expect(await outcomes()).toEqual([['rejected', 1]]);
  return error as { code: string; message: string };
}

const filled = (address: string) => address.replace('{trap}', String(trap.port));
/** As a header may carry it. */
const inAscii = (text: string) => text.replace(/[^\x21-\x7e]/gu, encodeURIComponent);

describe('what is fetched', () => {
  test('a list of a public host, over TLS, by its name or address, with a trailing dot or without', async () => {
    for (const url of [
      host.url,
      `https://LISTS.test.:${host.port}/`,
      `https://${PUBLIC}:${host.port}/`,
      `https://0x7f.2:${host.port}/`,
    ])
      expect(await lists.get(url, 1, 'somebody')).toHaveLength(1);
    // The first two are one list of one host, the others too.
    expect(internet.lookups).toEqual(['lists.test']);
    expect(internet.attempts).toEqual([PUBLIC, PUBLIC]);
  });

  test.each([
    '/list.json',
    'list.json',
    '//lists.test:{host}/list.json',
    'https://other.test:{host}/list.json',
  ])('through a redirect to %s', async (location) => {
    internet.names.set('other.test', [[PUBLIC]]);
    answer = redirectTo(location.replace('{host}', String(host.port)));
    expect(await lists.get(`${host.url}/`, 1, 'somebody')).toHaveLength(1);
  });

  test('public addresses are what is connected to: as they are, or by name', async () => {
    internet.names.set('six.test', [['2606:4700::1111', '1.1.1.1']]);
    for (const url of ['https://1.1.1.1/', 'https://[2606:4700::1111]:8443/', 'https://six.test/'])
      await expect(lists.get(url, 1, 'somebody')).rejects.toMatchObject({
        code: 'TOKEN_LIST_UNAVAILABLE',
        message: `token list ${url}: could not be fetched (ENETUNREACH)`,
      });
    expect(new Set(internet.attempts)).toEqual(new Set(['1.1.1.1', '2606:4700::1111']));
  });

  test('a certificate of another name is not believed', async () => {
    internet.names.set('lists.example', [[PUBLIC]]);
    await expect(lists.get(`https://lists.example:${host.port}/`, 1, 'somebody')).rejects.toMatchObject({
      code: 'TOKEN_LIST_UNAVAILABLE',
      message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
    });
  });

  test('private ones where the operator allows it, so the trap does catch', async () => {
    open(internet, { allowPrivate: true });
    await expect(lists.get(`http://127.0.0.1:${trap.port}/`, 1, 'somebody')).rejects.toThrow('is not JSON');
    expect(trap.caught).toBe(1);
    expect(internet.attempts).toEqual(['127.0.0.1']);
  });
});

describe('refused before anything is connected', () => {
  let caught: number;
  beforeEach(() => {
    caught = trap.caught;
  });
  afterEach(() => {
    expect(trap.caught).toBe(caught);
  });

  test.each(HOSTILE)('%s', async (address, reason) => {
    const { message } = await refusal(filled(address));
    expect(message).toMatch(/^token list \S+: /);
    expect(message).toContain(reason);
    expect(message).not.toContain('hunter2');
    expect(internet.lookups).toEqual([]);
    expect(internet.attempts).toEqual([]);
  });

  // From an https: address, `https:` without slashes is the same host.
  const elsewhere = HOSTILE.filter(([address]) => !/^https:[^/\\]/.test(address));
  test.each(elsewhere)('a redirect to %s', async (address, reason) => {
    answer = redirectTo(inAscii(filled(address)));
    const { message } = await refusal(`${host.url}/moved`);
    expect(message).toContain(`token list ${host.url}/moved: `);
    expect(message).toContain('redirect');
    expect(message).toContain(reason);
    expect(message).not.toMatch(/hunter2|SECRET/);
    expect(internet.lookups).toEqual(['lists.test']);
    expect(internet.attempts).toEqual([PUBLIC]);
  });

  test.each([
    ['//127.0.0.1:{trap}/', NOT_PUBLIC],
    ['//2130706433:{trap}', NOT_PUBLIC],
    ['\\\\127.0.0.1:{trap}\\', NOT_PUBLIC],
    ['/\\[::1]:{trap}', NOT_PUBLIC],
    ['//localhost:{trap}/', NO_NAME],
    ['//lists.test@127.0.0.1:{trap}/', CREDENTIALS],
    ['//lists.test:22/', port(22)],
  ])('a redirect without a scheme, to %s', async (location, reason) => {
    answer = redirectTo(filled(location));
    expect((await refusal(host.url)).message).toContain(reason);
    expect(internet.attempts).toEqual([PUBLIC]);
  });

  test.each([301, 302, 303, 307, 308])('a redirect with status %i, the last of five', async (status) => {
    answer = (request, response) => {
      const left = Number(request.url?.slice(1));
      const location = left > 1 ? `/${left - 1}` : `https://127.0.0.1:${trap.port}/?key=hunter2`;
      response.writeHead(status, { location }).end();
    };
    const { message } = await refusal(`${host.url}/5`);
    expect(message).toBe(
      `token list ${host.url}/5: redirects to https://127.0.0.1:${trap.port}/: its address is not public`,
    );
    expect(new Set(internet.attempts)).toEqual(new Set([PUBLIC]));
  });

  describe.each([true, false])('a name, with several addresses to try: %s', (autoSelectFamily) => {
    beforeEach(() => {
      open({
        isPublic: internet.isPublic,
        lookup: (name) => internet.lookup(name),
        connector: (options) => internet.connector({ ...options, autoSelectFamily } as typeof options),
      });
    });

    test.each(ANSWERS.map((answers) => [answers]))('that resolves to %j', async (answers) => {
      internet.names.set('inner.test', [[...answers]]);
      const url = `https://inner.test:${trap.port}/list.json`;
      // Which address it was is not said: it would draw a map of the inner network.
      expect((await refusal(url)).message).toBe(`token list ${url}: ${RESOLVES}`);
      expect(internet.lookups).toEqual(['inner.test']);
      expect(internet.attempts).toEqual([]);
    });

    test.each(ANSWERS.map((answers) => [answers]))('redirected to, that resolves to %j', async (answers) => {
      internet.names.set('inner.test', [[...answers]]);
      answer = redirectTo(`https://inner.test:${trap.port}/a?key=hunter2`);
      expect((await refusal(`${host.url}/moved?key=mine`)).message).toBe(
        `token list ${host.url}/moved?key=mine: redirects to https://inner.test:${trap.port}/a: ${RESOLVES}`,
      );
      expect(internet.attempts).toEqual([PUBLIC]);
    });
  });

  test('a name that changes its mind between two tries', async () => {
    internet.names.set('rebind.test', [[PUBLIC], ['127.0.0.1']]);
    answer = (request) => request.socket.destroy();
    const url = `https://rebind.test:${host.port}/`;
    expect((await refusal(url)).message).toBe(`token list ${url}: ${RESOLVES}`);
    expect(internet.lookups).toEqual(['rebind.test', 'rebind.test']);
    expect(internet.attempts).toEqual([PUBLIC]);
  });

  test('a name that changes its mind between two redirects', async () => {
    internet.names.set('rebind.test', [[PUBLIC], ['127.0.0.1']]);
    answer = (_, response) =>
      response
        .writeHead(302, { location: `https://rebind.test:${host.port}/next`, connection: 'close' })
        .end();
    const url = `https://rebind.test:${host.port}/`;
    expect((await refusal(url)).message).toContain(RESOLVES);
    expect(internet.attempts).toEqual([PUBLIC]);
  });

  test('a name that changes its mind between being looked at and connected to gains nothing', async () => {
    internet.names.set('rebind.test', [[PUBLIC], ['127.0.0.1']]);
    expect(await lists.get(`https://rebind.test:${host.port}/`, 1, 'somebody')).toHaveLength(1);
    // What was looked at is what was connected to: nobody asked a second time.
    expect(internet.lookups).toEqual(['rebind.test']);
    expect(internet.attempts).toEqual([PUBLIC]);
  });
});

test('whatever leads a socket astray, nothing is asked of an address that is not public', async () => {
  await using inner = await startListHost(ok, '127.0.0.1');
  open({
    isPublic: internet.isPublic,
    lookup: (name) => internet.lookup(name),
    connector: (options) => {
      const dial = internet.connector(options);
      return (target, callback) =>
        dial(
          { ...target, hostname: '127.0.0.1', port: String(inner.port), servername: 'lists.test' },
          callback,
        );
    },
  });
  expect((await refusal(host.url)).message).toContain('it leads to an address that is not public');
  expect(inner.requests).toEqual([]);
});

test.each(['127.0.0.1', '[::1]', '10.0.0.1', '[64:ff9b::7f00:1]'])(
  'an address that nobody has looked at before, %s, is not connected to either',
  async (address) => {
    const agent = createListAgent({ allowPrivate: false, isPublic }, internet, { maxBytes: 1 });
    const origin = `https://${address}:${trap.port}`;
    await expect(agent.request({ origin, path: '/', method: 'GET' })).rejects.toBeInstanceOf(AddressRefused);
    await agent.destroy();
    expect(internet.attempts).toEqual([]);
  },
);

test('a list that moves to the inner network serves on as it was', async () => {
  await lists[Symbol.asyncDispose]();
  lists = createTokenLists({
    config: { tokenListCacheTtlMs: 1, allowPrivateTokenLists: false, tokenListBlockedDomains: [] },
    metrics,
    log: { warn: () => undefined },
    internet,
  });
  internet.names.set('lists.test', [[PUBLIC], ['127.0.0.1']]);
  answer = (_, response) => response.writeHead(200, { connection: 'close' }).end(LIST);
  expect(await lists.get(host.url, 1, 'somebody')).toHaveLength(1);
  await expect
    .poll(async () => {
      expect(await lists.get(host.url, 1, 'somebody')).toHaveLength(1);
      return (await outcomes()).map(([outcome]) => outcome);
    })
    .toEqual(['ok', 'stale']);
  expect(internet.attempts).toEqual([PUBLIC]);
});
