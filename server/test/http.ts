import type { Config } from '../config.ts';
import { createGraphQL } from '../delivery/graphql/yoga.ts';
import { createHealth } from '../delivery/health.ts';
import { createHttp, type HttpServer } from '../delivery/http.ts';
import type { HttpLimits } from '../delivery/http-limits.ts';
import { createMetricsDoor } from '../delivery/metrics.ts';
import { createPage } from '../delivery/page.ts';
import { createRest } from '../delivery/rest/rest.ts';
import { createMetrics, type Metrics } from '../lib/metrics.ts';
import type { Service } from '../watch/service.ts';

type HttpConfig = Pick<
  Config,
  | 'http'
  | 'allowedOrigins'
  | 'shutdownGraceMs'
  | 'maxBodyBytes'
  | 'maxWatchedTokens'
  | 'sseHeartbeatMs'
  | 'stalledClientTimeoutMs'
  | 'graphiql'
  | 'introspection'
>;

/** Every door on one port, over a service of the test's own. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly http: HttpServer;
  readonly metrics: Metrics;
  /** What was logged as unexpected. */
  readonly logged: readonly unknown[];
  isStopping: boolean;
}

export async function serveHttp(
  service: Service,
  settings: Partial<HttpConfig> = {},
  limits: Partial<HttpLimits> = {},
): Promise<TestServer> {
  const config: HttpConfig = {
    http: { host: '127.0.0.1', port: 0 },
    allowedOrigins: ['*'],
    shutdownGraceMs: 0,
    maxBodyBytes: 10_000,
    maxWatchedTokens: 10,
    sseHeartbeatMs: 8000,
    stalledClientTimeoutMs: 30_000,
    graphiql: false,
    introspection: true,
    ...settings,
  };
  const logged: unknown[] = [];
  const log = { error: (...line: unknown[]) => void logged.push(...line) };
  const metrics = createMetrics();
  const { handle } = createGraphQL({ service, config, metrics, log });
  const http = createHttp({
    config,
    graphql: handle,
    rest: createRest({ service, config, metrics, log }),
    health: createHealth({ chains: service.chains, isStopping: () => server.isStopping }),
    metrics: createMetricsDoor(metrics),
    page: createPage({ defaultChainId: service.defaultChainId }),
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
