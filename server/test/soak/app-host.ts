import type { App } from '../../app.ts';
import { startTestApp } from '../app.ts';
import type { NodeProxy } from '../node-proxy.ts';
import type { World } from './world.ts';

/** The real server, at the same port however often it is restarted. */
export interface AppHost extends AsyncDisposable {
  readonly url: string;
  /** Ends it in good order, and starts another once it has been away for as long as it should be. */
  restart(away: Promise<void>): Promise<void>;
}

interface AppHostOptions {
  readonly world: World;
  readonly proxies: readonly NodeProxy[];
  readonly sweep: boolean;
  readonly log: boolean;
}

/** Small enough that a run of half a minute sees many of each. */
const ENVIRONMENT = {
  RPC_TIMEOUT_MS: '1000',
  SSE_HEARTBEAT_INTERVAL: '2',
  SESSION_IDLE_TTL: '5',
  MAX_CLIENTS_PER_OWNER: '100',
  SHUTDOWN_GRACE: '1',
};

export async function startAppHost({
  world: { chain },
  proxies,
  sweep,
  log,
}: AppHostOptions): Promise<AppHost> {
  const urls = proxies.flatMap(({ url, wsUrl }) => [wsUrl, url]);
  const environment = {
    ...ENVIRONMENT,
    SNAPSHOT_INTERVAL: sweep ? '3' : '86400',
    [`RPC_URLS_${chain.chainId}`]: urls.join(','),
    LOG_LEVEL: log ? 'warn' : 'silent',
  };
  let app: App | undefined = await startTestApp(chain, environment);
  const { url } = app;
  const end = async () => {
    await app?.[Symbol.asyncDispose]();
    app = undefined;
  };
  return {
    url,
    async restart(away) {
      await end();
      await away;
      app = await startTestApp(chain, { ...environment, HTTP_BIND: new URL(url).host });
    },
    [Symbol.asyncDispose]: end,
  };
}
