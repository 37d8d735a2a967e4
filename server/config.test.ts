import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpTransport } from './chain/rpc/http.ts';
import { ConfigError, readConfig } from './config.ts';
import { originMatcher } from './delivery/cors.ts';

const LOCAL = { RPC_URLS_1: 'http://127.0.0.1:8545' };

describe('the environment', () => {
  it('without any endpoint is refused with what to set', () => {
    for (const name of ['RPC_URLS_1', 'ALCHEMY_API_KEY', 'npm run dev'])
      expect(() => readConfig({})).toThrow(name);
  });

  it('has defaults for all but the endpoints', () => {
    const config = readConfig(LOCAL);
    expect(config).toMatchObject({
      http: { host: '0.0.0.0', port: 8080 },
      snapshotIntervalMs: 60_000,
      sweepBudget: 200_000,
      eventBatchWindowMs: 300,
      maxWatchedTokens: 1000,
      maxClientsPerOwner: 5,
      sessionIdleTtlMs: 60_000,
      tokenListCacheTtlMs: 18_000_000,
      allowPrivateTokenLists: false,
      allowedOrigins: ['*'],
      apiKeys: [],
      rateLimitPerMinute: 600,
      trustProxy: [],
      maxStreamsPerAddress: 1000,
      maxWatchedPairs: 500_000,
      maxWatchedPairsPerAddress: 125_000,
      metricsBind: undefined,
      rpcTimeoutMs: 3000,
      sseHeartbeatMs: 8000,
      shutdownGraceMs: 10_000,
    });
    expect(config.chains[0].network).toMatchObject({
      id: 1,
      name: 'Ethereum',
      wrappedNative: '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2',
      multicall: '0xca11bde05977b3631167028862be2a173976ca11',
    });
  });

  it('serves what has endpoints, or what CHAINS names, or with an Alchemy key three chains', () => {
    const ids = (env: Record<string, string>) => readConfig(env).chains.map(({ network }) => network.id);
    expect(ids({ RPC_URLS_100: 'wss://a.example', ...LOCAL })).toEqual([1, 100]);
    expect(ids({ RPC_URLS_100: 'wss://a.example', ...LOCAL, CHAINS: '100' })).toEqual([100]);
    expect(ids({ ALCHEMY_API_KEY: 'k' })).toEqual([1, 42161, 11155111]);
    expect(ids({ ALCHEMY_API_KEY: 'k', CHAINS: '8453,56,100,137,43114,59144,57073,9745' })).toHaveLength(8);
    const [ethereum] = readConfig({ ALCHEMY_API_KEY: 'k', ...LOCAL }).chains;
    expect(ethereum.endpoints).toEqual([LOCAL.RPC_URLS_1]);
  });

  it('takes any EVM chain that viem knows, without a wrapped native token where none is known', () => {
    const [optimism] = readConfig({ RPC_URLS_10: 'http://127.0.0.1:8545' }).chains;
    expect(optimism.network).toMatchObject({ name: 'OP Mainnet', wrappedNative: undefined });
  });

  it('limits the requests of one chain and leaves the others alone', () => {
    const env = { ...LOCAL, RPC_URLS_10: 'http://127.0.0.1:8545', RPC_RATE_LIMIT_10: '25' };
    expect(readConfig(env).chains.map(({ rateLimit }) => rateLimit)).toEqual([undefined, 25]);
  });

  it('lets the wrapped native token and Multicall3 be named', () => {
    const [chain] = readConfig({
      RPC_URLS_31337: 'http://127.0.0.1:8545',
      WRAPPED_NATIVE_31337: '0xABCDEF0000000000000000000000000000000001',
      MULTICALL_ADDRESS: '0xABCDEF0000000000000000000000000000000002',
    }).chains;
    expect(chain.network).toMatchObject({
      wrappedNative: '0xabcdef0000000000000000000000000000000001',
      multicall: '0xabcdef0000000000000000000000000000000002',
    });
  });

  it.each([
    ['HTTP_BIND', '8080', 'address:port'],
    ['HTTP_BIND', '0.0.0.0:70000', '65535'],
    ['CHAINS', '1;10', 'chain ids'],
    ['CHAINS', '987654321', 'no EVM chain'],
    ['CHAINS', '10', 'RPC_URLS_10'],
    ['RPC_URLS_1', 'ftp://a', 'http(s) or ws(s)'],
    ['RPC_URLS_1', 'http://a.example,nonsense', 'entry 2'],
    ['RPC_URLS_x', 'http://a.example', 'RPC_URLS_x'],
    ['RPC_URLS_01', 'http://a.example', 'RPC_URLS_01'],
    ['RPC_RATE_LIMIT_01', '5', 'RPC_RATE_LIMIT_01'],
    ['WRAPPED_NATIVE_99999999999999999999', LOCAL.RPC_URLS_1, 'WRAPPED_NATIVE_9'],
    ['RPC_URLS_1', 'wss://a.example/#key', 'fragment'],
    ['RPC_URLS_1', 'http://user:100%@a.example', 'written %25'],
    ['RPC_URLS_1', 'http://user:%ff@a.example', 'not UTF-8'],
    ['RPC_URLS_1', 'http://a.example:0', 'entry 1 has the port 0'],
    ['RPC_RATE_LIMIT_1', '0', 'at least 1'],
    ['RPC_RATE_LIMIT_1', '2.5', 'whole number'],
    ['RPC_RATE_LIMIT_10', 'fast', 'at least 1'],
    ['WRAPPED_NATIVE_10', 'weth', '40 hex digits'],
    ['RPC_RATE_LIMIT_mainnet', '5', 'RPC_RATE_LIMIT_mainnet'],
    ['MULTICALL_ADDRESS', '0x12', '40 hex digits'],
    ['WRAPPED_NATIVE_1', 'weth', '40 hex digits'],
    ['SNAPSHOT_INTERVAL', '0', 'seconds'],
    ['SNAPSHOT_INTERVAL', '1m', 'seconds'],
    ['SWEEP_BUDGET', '0', 'at least 1'],
    ['SWEEP_BUDGET', '1.5', 'whole number'],
    ['SWEEP_BUDGET', 'all', 'whole number'],
    ['EVENT_BATCH_WINDOW_MS', '-1', 'whole number'],
    ['MAX_WATCHED_TOKENS_LIMIT', '0', 'at least 1'],
    ['MAX_WATCHED_TOKENS_LIMIT', '1.5', 'whole number'],
    ['ALLOW_PRIVATE_TOKEN_LISTS', 'yes', 'true or false'],
    ['TOKEN_LIST_BLOCKED_DOMAINS', 'https://evil.example', 'expected domains'],
    ['TOKEN_LIST_BLOCKED_DOMAINS', 'evil.example/lists', 'expected domains'],
    ['TOKEN_LIST_BLOCKED_DOMAINS', 'good.example,evil.example:443', 'expected domains'],
    ['TOKEN_LIST_BLOCKED_DOMAINS', 'evil.*', 'expected domains'],
    ['LOG_LEVEL', 'loud', 'fatal'],
    ['ALCHEMY_API_KEY', 'a/b', 'Alchemy'],
    ['API_KEYS', 'with space,other', 'keys separated by commas'],
    ['ALLOWED_ORIGINS', 'app.example.org', 'a scheme and a host'],
    ['ALLOWED_ORIGINS', 'https://a.example,https://b.example/', 'a scheme and a host'],
    ['RATE_LIMIT_PER_MINUTE', '0', 'at least 1'],
    ['TRUST_PROXY', '10.0.0.0/33', 'addresses or networks'],
    ['TRUST_PROXY', 'proxy.example', 'addresses or networks'],
    ['MAX_STREAMS_PER_ADDRESS', 'many', 'whole number'],
    ['MAX_STREAMS', '0', 'at least 1'],
    ['MAX_SESSIONS', '-1', 'at least 1'],
    ['MAX_WATCHED_PAIRS', '1.5', 'whole number'],
    ['MAX_WATCHED_PAIRS_PER_ADDRESS', 'all', 'whole number'],
    ['METRICS_BIND', '9100', 'address:port'],
    ['REDIS_URL', 'redis://127.0.0.1', 'not supported'],
  ])('%s=%s is refused by name', (name, value, expected) => {
    const read = () => readConfig({ ...LOCAL, [name]: value });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(name.startsWith('CHAINS') && expected === 'RPC_URLS_10' ? 'CHAINS' : name);
    expect(read).toThrow(expected);
  });

  it('takes keys, proxies and an address for metrics', () => {
    const env = { API_KEYS: 'one, two', TRUST_PROXY: '10.0.0.0/8,::1', METRICS_BIND: '[::1]:9100' };
    expect(readConfig({ ...LOCAL, ...env })).toMatchObject({
      apiKeys: ['one', 'two'],
      trustProxy: ['10.0.0.0/8', '::1'],
      metricsBind: { host: '::1', port: 9100 },
    });
  });

  it.each([
    '*',
    'null',
    'https://app.example.org',
    'https://*.example.org:8443',
    '*.example.org',
    '*://a',
    'app://*',
    'HTTP://[::1]:*',
  ])('takes the origin %s', (origin) => {
    expect(readConfig({ ...LOCAL, ALLOWED_ORIGINS: origin }).allowedOrigins).toEqual([origin]);
  });

  it('never repeats a key', () => {
    expect(() => readConfig({ ...LOCAL, API_KEYS: 'SECRET key' })).toThrow(/^(?!.*SECRET).*API_KEYS/s);
  });

  it.each([
    'htp://user:SECRET@a.example/SECRET',
    'https://user:SECRET@a.example:SECRET',
    'https://user:SECRET%@a.example/SECRET',
  ])('never repeats an endpoint, which may hold a key: %s', (url) => {
    let message = '';
    try {
      readConfig({ RPC_URLS_1: url });
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('RPC_URLS_1');
    expect(message).not.toContain('SECRET');
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig({ ...LOCAL, CHAINS: '', LOG_LEVEL: ' ' }).logLevel).toBe('info');
  });

  const secret = 'S3CRET';
  const names = [
    ...['HTTP_BIND', 'CHAINS', 'ALCHEMY_API_KEY', 'MULTICALL_ADDRESS', 'SNAPSHOT_INTERVAL', 'SWEEP_BUDGET'],
    ...['EVENT_BATCH_WINDOW_MS', 'MAX_WATCHED_TOKENS_LIMIT', 'MAX_CLIENTS_PER_OWNER', 'SESSION_IDLE_TTL'],
    ...['TOKEN_LIST_CACHE_TTL', 'TOKEN_LIST_BLOCKED_DOMAINS', 'ALLOW_PRIVATE_TOKEN_LISTS', 'ALLOWED_ORIGINS'],
    ...[
      'MAX_BODY_BYTES',
      'RPC_TIMEOUT_MS',
      'SSE_HEARTBEAT_INTERVAL',
      'LOG_LEVEL',
      'GRAPHIQL',
      'INTROSPECTION',
    ],
    ...[
      'SHUTDOWN_GRACE',
      'RPC_URLS_1',
      'RPC_URLS_10',
      'RPC_RATE_LIMIT_1',
      'WRAPPED_NATIVE_1',
      'WRAPPED_NATIVE_10',
    ],
    ...['RPC_URLS_', 'RPC_URLS_01', 'RPC_RATE_LIMIT_x', 'WRAPPED_NATIVE_-1', 'RPC_URLS_99999999999999999999'],
  ];
  const url = fc
    .tuple(
      fc.constantFrom('http://', 'https://', 'ws://', 'wss://', 'ftp://', 'http:', '//', ''),
      fc.constantFrom('', 'user:pw@', `${secret}@`, `user:%${secret}%@`, `:${secret}@`),
      fc.constantFrom('a.example', '127.0.0.1:1', '[::1]', '[::1', 'a:99999', 'a:0', 'é.example', 'a b', ''),
      fc.constantFrom('', '/', `/v2/${secret}`, `?key=${secret}`, `#${secret}`, '%zz', ',', ', ,'),
    )
    .map((parts) => parts.join(''));
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 100 }),
    fc.array(url, { maxLength: 3 }).map((urls) => urls.join(',')),
    fc.double().map(String),
    fc.bigInt().map(String),
    fc.stringMatching(/^\s?-?\d{0,25}(\.\d{0,5})?(e\d)?[ ,;]?\d{0,5}$/),
    fc.stringMatching(/^0[xX][0-9a-fA-F]{38,42}$/),
    fc.constantFrom(
      'true',
      'TRUE',
      '1',
      '0',
      '',
      ' ',
      'info',
      '[::]:8080',
      ':8080',
      'x:0',
      '*',
      '__proto__',
      '1,1,10',
    ),
  );

  /** Every number that a config holds, wherever. */
  const numbersIn = (given: unknown): number[] =>
    typeof given === 'number'
      ? [given]
      : typeof given === 'object' && given !== null
        ? Object.values(given).flatMap(numbersIn)
        : [];

  it('of any kind is a configuration that can be started, or an error that names the variable and no secret', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 4 }),
        fc.option(fc.array(url, { minLength: 1, maxLength: 2 }), { nil: undefined }),
        (given, urls) => {
          const environment = { ...given, ...(urls && { RPC_URLS_1: urls.join(',') }) };
          try {
            const config = readConfig(environment);
            for (const number of numbersIn(config)) expect(Number.isFinite(number)).toBe(true);
            // What would not be accepted once it is used is no configuration.
            for (const { endpoints } of config.chains)
              for (const endpoint of endpoints) {
                if (/^http/.test(endpoint)) new HttpTransport(endpoint);
                expect(new URL(endpoint).hash).toBe('');
              }
            originMatcher(config.allowedOrigins)('https://a.example');
          } catch (error) {
            expect(error).toBeInstanceOf(ConfigError);
            const { message } = error as ConfigError;
            expect(message).not.toContain(secret);
            expect(message.length).toBeLessThan(2000);
            const named = [...Object.keys(given), 'RPC_URLS_1', 'RPC_URLS_10', 'CHAINS'];
            expect(named.some((name) => message.includes(name))).toBe(true);
          }
        },
      ),
      { numRuns: 4000 },
    );
  });

  it('is passed on by Compose as README tells of it', () => {
    const text = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
    const [, table = ''] = /### Configuration(.*?)\n### /s.exec(text('README.md')) ?? [];
    const names = [...table.matchAll(/^\| (`.*?`) \|/gm)].flatMap(
      ([, cell = '']) => cell.match(/[A-Z_]{3,}/g) ?? [],
    );
    expect(names.length).toBeGreaterThan(30);
    const passed = [...text('docker-compose.yml').matchAll(/^ +- ([A-Z_]+?)(?:_?\d+)?(?:=|$)/gm)].map(
      ([, name]) => name,
    );
    // A chain's own wrapped token is for chains that Compose does not know.
    const unknown = names.map((name) => name.replace(/_$/, '')).filter((name) => name !== 'WRAPPED_NATIVE');
    expect(unknown.filter((name) => !passed.includes(name))).toEqual([]);
  });
});
