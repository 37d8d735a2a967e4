import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { createExchange } from './delivery/exchange.ts';
import { createGate } from './delivery/gate/gate.ts';
import { createGraphQL } from './delivery/graphql/yoga.ts';
import { createHealth } from './delivery/health.ts';
import { createHttp } from './delivery/http.ts';
import { createMetricsDoor, serveMetrics } from './delivery/metrics.ts';
import { createPage } from './delivery/page.ts';
import { createRest } from './delivery/rest/rest.ts';
import type { Sample } from './delivery/sample.ts';
import { createWebSocketDoor } from './delivery/ws/door.ts';
import { createMetrics } from './lib/metrics.ts';
import { outsideRequests } from './lib/request-id.ts';
import { createLog } from './log.ts';
import { Room } from './watch/room.ts';
import { LiveChain } from './watch/served-chain.ts';
import type { Service } from './watch/service.ts';
import { SessionTokens } from './watch/session-tokens.ts';
import { LiveSessions } from './watch/sessions.ts';
import { createTokenLists } from './watch/tokenlists.ts';
import { LiveWallets } from './watch/wallets.ts';

export interface App extends AsyncDisposable {
  /** Where it listens, as a URL that this machine can open. */
  readonly url: string;
  /**
   * Serves on as before, but is no longer ready, for balancers to see and send nobody here any more. Disposing it
   * is the next thing to do; the grace counts from now.
   */
  retire(): void;
}

interface AppOptions {
  readonly log?: Logger;
  /** Whom the page and GraphiQL show to who has named nobody. */
  readonly sample?: Sample;
}

/**
 * The whole service, wired and listening. Disposing it stops it in order: readiness goes, the listener closes,
 * streams end so that clients reconnect elsewhere, what is being answered finishes, then the chains stop.
 */
export async function createApp(
  config: Config,
  { log = createLog(config), sample }: AppOptions = {},
): Promise<App> {
  await using starting = new AsyncDisposableStack();
  const metrics = createMetrics();
  const chains = new Map(
    config.chains.map((chain) => [
      chain.network.id,
      starting.use(new LiveChain({ chain, config, metrics, log: outsideRequests(log) })),
    ]),
  );
  const lists = starting.use(createTokenLists({ config, metrics, log }));
  const room = new Room({ config, metrics });
  const tokens = new SessionTokens({ config, chains, lists });
  const sessions = starting.use(new LiveSessions({ config, chains, tokens, room }));
  const wallets = starting.use(new LiveWallets({ config, chains, room }));
  const gate = createGate(config, metrics);
  const defaultChainId = config.chains[0].network.id;
  const service: Service = { chains, defaultChainId, tokens, sessions, wallets };

  const metricsDoor = createMetricsDoor(metrics);
  const { metricsBind } = config;
  const apart = metricsBind && starting.use(await serveMetrics(metricsDoor, metricsBind));

  let stopping = false;
  const http = starting.use(
    createHttp({
      config,
      graphql: createGraphQL({ service, config, gate, sample, metrics, log }).handle,
      rest: createRest({ service, config, gate, metrics, log }),
      health: createHealth({ chains, isStopping: () => stopping }),
      metrics: apart ? undefined : metricsDoor,
      page: createPage({ sample, log }),
      webSocket: createWebSocketDoor({ service, config, gate, metrics, log }),
      exchange: createExchange({ log, metrics }),
      stalledClients: metrics.stalledClients,
      log,
    }),
  );
  const { url } = await http.listen();
  const { apiKeys, allowedOrigins, trustProxy } = config;
  const doors = { apiKeys: apiKeys.length, allowedOrigins, trustProxy };
  log.info({ url, metrics: apart?.url, chains: [...chains.keys()], ...doors }, 'listening');

  const running = starting.move();
  const retire = () => {
    stopping = true;
    http.retire();
  };
  return {
    url,
    retire,
    async [Symbol.asyncDispose]() {
      retire();
      http.drain();
      sessions.drain();
      wallets.drain();
      for (const chain of chains.values()) chain.drain();
      await running.disposeAsync();
    },
  };
}
