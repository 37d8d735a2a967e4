import { z } from 'zod';
import { ALCHEMY_DEFAULT_CHAINS, alchemyEndpoints, type Network, networkOf } from './chain/networks.ts';
import type { Address } from './chain/types.ts';
import { address, type Bind, bind, count, flag, list, networks, seconds } from './config-values.ts';
import { FatalError } from './errors.ts';

export type { Bind };

/**
 * The environment, read once. Every message names the variable and what was expected; nothing below this
 * file looks at `process.env`.
 */
export interface ChainConfig {
  readonly network: Network;
  /** `http(s)` and `ws(s)` URLs in order of preference. */
  readonly endpoints: readonly string[];
  /** Requests a second to each endpoint; undefined: no limit. */
  readonly rateLimit: number | undefined;
}

export interface Config {
  readonly http: Bind;
  /** At least one; the first is the default chain. */
  readonly chains: readonly [ChainConfig, ...ChainConfig[]];
  readonly snapshotIntervalMs: number;
  /** Pairs that are reconciled on a chain in one such interval, at most. */
  readonly sweepBudget: number;
  readonly eventBatchWindowMs: number;
  readonly maxWatchedTokens: number;
  readonly maxClientsPerOwner: number;
  readonly sessionIdleTtlMs: number;
  readonly tokenListCacheTtlMs: number;
  readonly tokenListBlockedDomains: readonly string[];
  readonly allowPrivateTokenLists: boolean;
  readonly allowedOrigins: readonly string[];
  /** Empty: nobody needs one. */
  readonly apiKeys: readonly string[];
  /** Of one caller: session writes, one-off reads and streams. */
  readonly rateLimitPerMinute: number;
  /** Addresses and networks of proxies. */
  readonly trustProxy: readonly string[];
  readonly maxStreamsPerAddress: number;
  readonly maxStreams: number;
  readonly maxSessions: number;
  /** Over all sessions and streams of many wallets: a pair that several of them watch counts in each. */
  readonly maxWatchedPairs: number;
  readonly maxWatchedPairsPerAddress: number;
  /** Of one stream of many wallets. */
  readonly maxPairsPerStream: number;
  /** Of one WebSocket. */
  readonly maxPairsPerConnection: number;
  readonly maxBodyBytes: number;
  /** Where metrics are served; undefined: with everything else. */
  readonly metricsBind: Bind | undefined;
  readonly rpcTimeoutMs: number;
  readonly sseHeartbeatMs: number;
  /** How long a client may drain nothing of what it is sent. */
  readonly stalledClientTimeoutMs: number;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  readonly graphiql: boolean;
  readonly introspection: boolean;
  readonly shutdownGraceMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

export class ConfigError extends FatalError {
  constructor(message: string) {
    super('CONFIG_INVALID', message);
  }
}

/** As browsers send it, with no path, and with `*` anywhere. */
const ORIGIN = /^(null|\*[^/\s]*|[a-z*][a-z0-9+.*-]*:\/\/[^/\s?#@]+)$/i;

const schema = z.object({
  HTTP_BIND: bind.default({ host: '0.0.0.0', port: 8080 }),
  CHAINS: z
    .string()
    .regex(/^\s*\d+\s*(,\s*\d+\s*)*$/, 'expected chain ids separated by commas, as 1,42161')
    .transform((text) => [...new Set(text.split(',').map(Number))])
    .optional(),
  ALCHEMY_API_KEY: z
    .string()
    .regex(/^[\w-]+$/, "expected an Alchemy key (letters, digits, '-' and '_')")
    .optional(),
  MULTICALL_ADDRESS: address.optional(),
  SNAPSHOT_INTERVAL: seconds(60),
  SWEEP_BUDGET: count(200_000),
  EVENT_BATCH_WINDOW_MS: count(300, 0),
  MAX_WATCHED_TOKENS_LIMIT: count(1000),
  MAX_CLIENTS_PER_OWNER: count(5),
  SESSION_IDLE_TTL: seconds(60),
  TOKEN_LIST_CACHE_TTL: seconds(18_000),
  TOKEN_LIST_BLOCKED_DOMAINS: list.refine(
    (domains) => domains.every((domain) => /^(\*?\.)?[^\s/\\:@?#*%]+$/.test(domain)),
    'expected domains separated by commas, as evil.example,*.bad.example',
  ),
  ALLOW_PRIVATE_TOKEN_LISTS: flag(false),
  ALLOWED_ORIGINS: list
    .refine(
      (origins) => origins.every((origin) => ORIGIN.test(origin)),
      'expected origins separated by commas, each a scheme and a host, as https://app.example.org,https://*.example.org',
    )
    .transform((origins) => (origins.length > 0 ? origins : ['*'])),
  API_KEYS: list.refine(
    (keys) => keys.every((key) => /^[\x21-\x7e]+$/.test(key)),
    'expected keys separated by commas, without spaces, of ASCII characters alone',
  ),
  RATE_LIMIT_PER_MINUTE: count(600),
  TRUST_PROXY: networks,
  MAX_STREAMS_PER_ADDRESS: count(1000),
  MAX_STREAMS: count(10_000),
  MAX_SESSIONS: count(20_000),
  MAX_WATCHED_PAIRS: count(500_000),
  MAX_WATCHED_PAIRS_PER_ADDRESS: count(125_000),
  MAX_PAIRS_PER_STREAM: count(10_000),
  MAX_PAIRS_PER_CONNECTION: count(100),
  METRICS_BIND: bind.optional(),
  MAX_BODY_BYTES: count(1_048_576),
  RPC_TIMEOUT_MS: count(3000),
  SSE_HEARTBEAT_INTERVAL: seconds(8),
  STALLED_CLIENT_TIMEOUT: seconds(30),
  LOG_LEVEL: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'expected fatal, error, warn, info, debug, trace or silent',
    )
    .default('info'),
  GRAPHIQL: flag(true),
  INTROSPECTION: flag(true),
  SHUTDOWN_GRACE: seconds(10),
});

/** Variables of the contract that would be unsafe to ignore while nothing here obeys them. */
const NOT_YET = ['REDIS_URL'] as const;

/** Reads the environment. Throws ConfigError, with a line for every variable that is wrong. */
export function readConfig(environment: Environment): Config {
  // An empty variable, as Compose passes for one that .env leaves out, is one that is not set.
  const env = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
  const parsed = schema.safeParse(env);
  if (!parsed.success)
    throw new ConfigError(
      parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'),
    );
  const refused = NOT_YET.filter((name) => env[name] !== undefined);
  if (refused.length > 0)
    throw new ConfigError(refused.map((name) => `${name}: not supported by this version`).join('\n'));
  const values = parsed.data;
  return {
    http: values.HTTP_BIND,
    chains: readChains(env, values),
    snapshotIntervalMs: values.SNAPSHOT_INTERVAL,
    sweepBudget: values.SWEEP_BUDGET,
    eventBatchWindowMs: values.EVENT_BATCH_WINDOW_MS,
    maxWatchedTokens: values.MAX_WATCHED_TOKENS_LIMIT,
    maxClientsPerOwner: values.MAX_CLIENTS_PER_OWNER,
    sessionIdleTtlMs: values.SESSION_IDLE_TTL,
    tokenListCacheTtlMs: values.TOKEN_LIST_CACHE_TTL,
    tokenListBlockedDomains: values.TOKEN_LIST_BLOCKED_DOMAINS,
    allowPrivateTokenLists: values.ALLOW_PRIVATE_TOKEN_LISTS,
    allowedOrigins: values.ALLOWED_ORIGINS,
    apiKeys: values.API_KEYS,
    rateLimitPerMinute: values.RATE_LIMIT_PER_MINUTE,
    trustProxy: values.TRUST_PROXY,
    maxStreamsPerAddress: values.MAX_STREAMS_PER_ADDRESS,
    maxStreams: values.MAX_STREAMS,
    maxSessions: values.MAX_SESSIONS,
    maxWatchedPairs: values.MAX_WATCHED_PAIRS,
    maxWatchedPairsPerAddress: values.MAX_WATCHED_PAIRS_PER_ADDRESS,
    maxPairsPerStream: values.MAX_PAIRS_PER_STREAM,
    maxPairsPerConnection: values.MAX_PAIRS_PER_CONNECTION,
    maxBodyBytes: values.MAX_BODY_BYTES,
    metricsBind: values.METRICS_BIND,
    rpcTimeoutMs: values.RPC_TIMEOUT_MS,
    sseHeartbeatMs: values.SSE_HEARTBEAT_INTERVAL,
    stalledClientTimeoutMs: values.STALLED_CLIENT_TIMEOUT,
    logLevel: values.LOG_LEVEL,
    graphiql: values.GRAPHIQL,
    introspection: values.INTROSPECTION,
    shutdownGraceMs: values.SHUTDOWN_GRACE,
  };
}

/** As it is written everywhere else: with a zero before it, it would name a variable that nothing reads. */
const CHAIN_ID = /^(0|[1-9]\d{0,14})$/;

function readChains(env: Environment, values: z.infer<typeof schema>): Config['chains'] {
  for (const name of Object.keys(env)) {
    const [, kind, id = ''] = /^(RPC_URLS|RPC_RATE_LIMIT|WRAPPED_NATIVE)_(.*)$/.exec(name) ?? [];
    if (kind && !CHAIN_ID.test(id)) throw new ConfigError(`${name}: expected a chain id after ${kind}_`);
    // Of chains that are not served, too: a mistake is to be seen before they are.
    if (kind === 'RPC_RATE_LIMIT') readRateLimit(Number(id), env);
    if (kind === 'WRAPPED_NATIVE') readWrappedNative(Number(id), env);
  }
  const configured = Object.keys(env)
    .flatMap((name) => /^RPC_URLS_(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  const ids = values.CHAINS ?? (values.ALCHEMY_API_KEY ? ALCHEMY_DEFAULT_CHAINS : configured);
  const [first, ...rest] = ids.map((id) => readChain(id, env, values));
  if (!first)
    throw new ConfigError(
      'No chain is configured. Set RPC_URLS_1 to the endpoints of Ethereum (or RPC_URLS_<chainId> of any ' +
        'other chain), or ALCHEMY_API_KEY; or run `npm run dev` for everything on an embedded chain.',
    );
  return [first, ...rest];
}

function readChain(id: number, env: Environment, values: z.infer<typeof schema>): ChainConfig {
  const network = networkOf(id, {
    multicall: values.MULTICALL_ADDRESS,
    wrappedNative: readWrappedNative(id, env),
  });
  if (!network) throw new ConfigError(`CHAINS or RPC_URLS_${id}: ${id} is no EVM chain that viem knows`);
  const name = `RPC_URLS_${id}`;
  const own = list.parse(env[name]);
  own.forEach((url, index) => {
    // The URL itself may hold a key: say which one it is, not what it says.
    const flaw = flawOf(URL.parse(url));
    if (flaw)
      throw new ConfigError(`${name}: expected http(s) or ws(s) URLs, but entry ${index + 1} ${flaw}`);
  });
  const endpoints =
    own.length > 0 ? own : values.ALCHEMY_API_KEY ? alchemyEndpoints(id, values.ALCHEMY_API_KEY) : [];
  if (endpoints.length === 0)
    throw new ConfigError(`CHAINS: ${id} (${network.name}) has no endpoint; set ${name}`);
  return { network, endpoints, rateLimit: readRateLimit(id, env) };
}

/** Why nothing can be asked there. */
function flawOf(url: URL | null): string | undefined {
  if (!url || !/^(https?|wss?):$/.test(url.protocol)) return 'is not one';
  if (url.port === '0') return 'has the port 0';
  if (url.hash !== '') return 'has a fragment (#), which is never sent';
  if (/%(?![0-9a-fA-F]{2})/.test(url.username + url.password))
    return 'has a % in its user or password that is to be written %25';
  try {
    decodeURIComponent(url.username + url.password);
  } catch {
    return 'has a user or password that is not UTF-8 once decoded';
  }
  return undefined;
}

function readWrappedNative(id: number, env: Environment): Address | undefined {
  const name = `WRAPPED_NATIVE_${id}`;
  const parsed = address.optional().safeParse(env[name]);
  if (!parsed.success) throw new ConfigError(`${name}: ${parsed.error.issues[0]?.message}`);
  return parsed.data;
}

function readRateLimit(id: number, env: Environment): number | undefined {
  const name = `RPC_RATE_LIMIT_${id}`;
  if (env[name] === undefined) return undefined;
  const parsed = count(1).safeParse(env[name]);
  if (!parsed.success) throw new ConfigError(`${name}: ${parsed.error.issues[0]?.message}`);
  return parsed.data;
}
