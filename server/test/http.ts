import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { createExchange } from '../delivery/exchange.ts';
import { createGate, type GateConfig } from '../delivery/gate/gate.ts';
import { createGraphQL } from '../delivery/graphql/yoga.ts';
import { createHealth } from '../delivery/health.ts';
import { createHttp, type HttpServer } from '../delivery/http.ts';
import type { HttpLimits } from '../delivery/http-limits.ts';
import { createMetricsDoor } from '../delivery/metrics.ts';
import { createPage } from '../delivery/page.ts';
import { createRest } from '../delivery/rest/rest.ts';
import { createWebSocketDoor } from '../delivery/ws/door.ts';
import { createMetrics, type Metrics } from '../lib/metrics.ts';
import type { Service } from '../watch/service.ts';

type HttpConfig = Pick<
  Config,
  | 'http'
  | 'allowedOrigins'
  | 'shutdownGraceMs'
  | 'maxBodyBytes'
  | 'maxWatchedTokens'
  | 'maxPairsPerConnection'
  | 'sseHeartbeatMs'
  | 'stalledClientTimeoutMs'
  | 'graphiql'
  | 'introspection'
> &
  GateConfig;

/** Every door on one port, over a service of the test's own. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly http: HttpServer;
  readonly metrics: Metrics;
  /** What was logged as unexpected. */
  readonly logged: readonly unknown[];
  isStopping: boolean;
}

interface TestOptions {
  /** Where lines go; by default what is unexpected is kept, and nothing else. */
  readonly log?: Pick<Logger, 'error' | 'info' | 'debug'>;
  readonly limits?: Partial<HttpLimits>;
}

export async function serveHttp(
  service: Service,
  settings: Partial<HttpConfig> = {},
  { log: givenLog, limits }: TestOptions = {},
): Promise<TestServer> {
  const config: HttpConfig = {
    http: { host: '127.0.0.1', port: 0 },
    allowedOrigins: ['*'],
    shutdownGraceMs: 0,
    maxBodyBytes: 10_000,
    maxWatchedTokens: 10,
    maxPairsPerConnection: 10,
    sseHeartbeatMs: 8000,
    stalledClientTimeoutMs: 30_000,
    graphiql: false,
    introspection: true,
    apiKeys: [],
    trustProxy: [],
    rateLimitPerMinute: 10_000,
    maxStreams: 1000,
    maxStreamsPerAddress: 1000,
    ...settings,
  };
  const logged: unknown[] = [];
  const log = givenLog ?? { error: (...line: unknown[]) => void logged.push(...line), info() {}, debug() {} };
  const metrics = createMetrics();
  const gate = createGate(config, metrics);
  const { handle } = createGraphQL({ service, config, gate, metrics, log });
  const http = createHttp({
    config,
    graphql: handle,
    rest: createRest({ service, config, gate, metrics, log }),
    health: createHealth({ chains: service.chains, isStopping: () => server.isStopping }),
    metrics: createMetricsDoor(metrics),
    page: createPage({ log: { warn: log.error } }),
    webSocket: createWebSocketDoor({ service, config, gate, metrics, log }),
    exchange: createExchange({ log, metrics }),
    stalledClients: metrics.stalledClients,
    log,
    limits,
  });
  const { url } = await http.listen();
  const server: TestServer = {
    url,
    http,
    metrics,
    logged,
    isStopping: false,
    [Symbol.asyncDispose]: () => http.close(0),
  };
  return server;
}
