/**
 * `npm run dev`: the server on an embedded chain, with tokens, wallets and traffic, and nothing to configure.
 * The server's own variables work as ever; only the chain is given. Ctrl-C stops it all, and leaves no process and
 * no file behind; a second one does not wait.
 */
import { getAddress } from 'viem';
import { createApp } from '../app.ts';
import { readConfig } from '../config.ts';
import type { Sample } from '../delivery/sample.ts';
import { describe } from '../errors.ts';
import { createLog } from '../log.ts';
import { type Devchain, startDevchain } from './devchain.ts';
import { freeOrAny } from './ports.ts';
import { startTokenListServer } from './tokenlist-server.ts';
import { runTraffic } from './traffic.ts';

const BLOCK_TIME_MS = 2_000;

/** What a variable is here where the environment does not say. */
const DEFAULTS = { HTTP_BIND: '127.0.0.1:8080', LOG_LEVEL: 'warn', SHUTDOWN_GRACE: '2' };

/** Where everybody looks for a node on their own machine. */
const NODE_PORT = 8545;

/** npm passes on a signal that the terminal has sent us as well: what comes this soon is the same Ctrl-C. */
const SAME_SIGNAL_MS = 500;
const PARENT_CHECK_MS = 500;

/** Runs until told to stop. */
async function dev(signal: AbortSignal): Promise<void> {
  await using running = new AsyncDisposableStack();
  const ports = await usualPorts();
  const mining = { everyMs: BLOCK_TIME_MS };
  const chain = running.use(await startDevchain({ port: ports.node, mining, signal }));
  const lists = running.use(await startTokenListServer(chain.tokenList, ports.list));
  const config = readConfig(environment(chain));
  const log = createLog(config);
  const [owner = chain.deployer] = chain.wallets;
  const sample = { chainId: chain.anvil.chainId, owner, tokensListsUrls: [lists.url] };
  const app = running.use(await createApp(config, { log, sample }));

  const stopTraffic = new AbortController();
  const traffic = runTraffic(chain, { signal: stopTraffic.signal, log });
  running.defer(async () => {
    stopTraffic.abort();
    await traffic;
  });

  console.log(welcome(app.url, sample, chain));
  const lost = chain.anvil.exited.then(() => {
    if (!signal.aborted) throw new Error('The embedded chain (anvil) is gone.');
  });
  await Promise.race([aborted(signal), lost]);
}

/**
 * The same each time, where they are free: an open page names the list, and must find it again after a restart. Any
 * that are free where the server takes any, too.
 */
async function usualPorts(): Promise<{ readonly node: number; readonly list: number }> {
  const port = Number(/:(\d+)$/.exec(httpBind())?.[1]);
  if (!port) return { node: 0, list: 0 };
  return { node: await freeOrAny(NODE_PORT), list: await freeOrAny(port + 1) };
}

const httpBind = () => process.env.HTTP_BIND?.trim() || DEFAULTS.HTTP_BIND;

function environment(chain: Devchain): Readonly<Record<string, string | undefined>> {
  const { anvil, multicall, weth } = chain;
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value?.trim()));
  return {
    ...DEFAULTS,
    ...given,
    CHAINS: `${anvil.chainId}`,
    [`RPC_URLS_${anvil.chainId}`]: `${anvil.wsUrl},${anvil.url}`,
    [`WRAPPED_NATIVE_${anvil.chainId}`]: weth,
    MULTICALL_ADDRESS: multicall,
    ALLOW_PRIVATE_TOKEN_LISTS: 'true',
  };
}

function welcome(server: string, { owner, tokensListsUrls }: Sample, { anvil }: Devchain): string {
  const wallet = getAddress(owner);
  const session = JSON.stringify({ tokensListsUrls, customTokens: [] });
  return `
balance-stream, on an embedded chain (id ${anvil.chainId}, a block every ${BLOCK_TIME_MS / 1000} s)

  Page       ${server}/
  GraphiQL   ${server}/graphql
  Tokens     ${tokensListsUrls}
  Node       ${anvil.url}

Watch a wallet that holds something and moves: name its tokens, then listen.

  curl -X POST ${server}/${anvil.chainId}/sessions/${wallet} -H 'content-type: application/json' -d '${session}'
  curl -N ${server}/sse/${anvil.chainId}/balances/${wallet}

Ctrl-C stops everything.
`;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/**
 * Aborts with the first of these signals; with a later one the process is gone at once. Where npm has started us,
 * its end counts as a signal: killed alone, it says nothing to what it runs.
 */
function untilTold(...signals: readonly NodeJS.Signals[]): AbortSignal {
  const told = new AbortController();
  let since = 0;
  for (const signal of signals)
    process.on(signal, () => {
      if (!told.signal.aborted) {
        since = performance.now();
        told.abort();
      } else if (performance.now() - since > SAME_SIGNAL_MS) process.exit(1);
    });
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event)
    setInterval(() => process.ppid === parent || told.abort(), PARENT_CHECK_MS).unref();
  return told.signal;
}

function explain(error: unknown): string {
  const inUse = (thing: unknown): boolean =>
    thing instanceof Error && (('code' in thing && thing.code === 'EADDRINUSE') || inUse(thing.cause));
  if (!inUse(error)) return describe(error);
  return `HTTP_BIND: ${httpBind()} is in use; set it to another address:port`;
}

const told = untilTold('SIGINT', 'SIGTERM', 'SIGHUP');
try {
  await dev(told);
  process.exit(0);
} catch (error) {
  // Stopped while starting: what had started is gone again, and that is what was asked for.
  if (told.aborted) process.exit(0);
  console.error(explain(error));
  process.exit(1);
}
