import { fileURLToPath } from 'node:url';
import type { App } from '../app.ts';
import { CHAIN_ID, WRAPPED_NATIVE } from './fixtures.ts';
import { type Child, serveCommands, startChild } from './process.ts';
import { residentBytes } from './resident.ts';
import type { Upstream } from './upstream.ts';

/** The real server, composed as `npm start` does, in a process of its own (this file, forked). */
export interface ServerCommands {
  /** Answers its URL. */
  start(options: { env: Record<string, string> }): Promise<string>;
  /** User and system time of the process so far, in microseconds, all threads. */
  cpuMicros(options: Record<string, never>): number;
  /** Of the process, once its garbage was collected. */
  residentBytes(options: Record<string, never>): number;
}

export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly call: Child<ServerCommands>['call'];
}

/** The process is forked, and loads the server, before the upstream has to be there. */
export async function startServer(
  starting: Promise<Upstream>,
  env: Record<string, string> = {},
): Promise<Server> {
  const child = startChild<ServerCommands>(new URL(import.meta.url));
  try {
    const url = await child.call('start', { env: { ...environment(await starting), ...env } });
    return { url, call: child.call, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}

/** Defaults but for what would meter the bench itself, and the sweep, which follows the clock and not blocks. */
function environment(upstream: Upstream): Record<string, string> {
  return {
    CHAINS: String(CHAIN_ID),
    [`RPC_URLS_${CHAIN_ID}`]: `${upstream.wsUrl},${upstream.httpUrl}`,
    [`WRAPPED_NATIVE_${CHAIN_ID}`]: WRAPPED_NATIVE,
    HTTP_BIND: '127.0.0.1:0',
    LOG_LEVEL: 'silent',
    SNAPSHOT_INTERVAL: '86400',
    SESSION_IDLE_TTL: '3600',
    RATE_LIMIT_PER_MINUTE: '1000000',
    MAX_STREAMS_PER_ADDRESS: '100000',
    MAX_WATCHED_PAIRS_PER_ADDRESS: '100000000',
  };
}

function serve(): void {
  let app: App | undefined;
  // Here, not above: whoever only starts this process needs none of the server in its own.
  const loading = Promise.all([import('../app.ts'), import('../config.ts')]);
  serveCommands<ServerCommands>({
    start: async ({ env }) => {
      const [{ createApp }, { readConfig }] = await loading;
      app = await createApp(readConfig(env));
      return app.url;
    },
    cpuMicros: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    residentBytes,
  });
  process.once('SIGTERM', async () => {
    await app?.[Symbol.asyncDispose]();
    process.exit(0);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve();
