import { setTimeout as sleep } from 'node:timers/promises';
import { type App, createApp } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { type Config, readConfig } from '../config.ts';
import { createMetrics } from '../lib/metrics.ts';
import { createLog } from '../log.ts';
import { LiveChain } from '../watch/served-chain.ts';

/** How long a test waits for what must happen; how long it takes is the benchmark's business. */
export const PATIENCE = { timeout: 20_000, interval: 20 };

interface Upstream {
  readonly chainId: number;
  readonly url: string;
  readonly wsUrl: string;
  readonly weth: Address;
}

/** The real server on a free port, on one chain or several. */
export function startTestApp(
  chains: Upstream | readonly Upstream[],
  environment: Record<string, string> = {},
): Promise<App> {
  return createApp(testConfig(chains, environment));
}

/** One chain as the server follows and reads it, without its sessions and doors: it watches what it is told to. */
export function startLiveChain(chain: Upstream, environment: Record<string, string> = {}): LiveChain {
  const config = testConfig(chain, environment);
  return new LiveChain({ chain: config.chains[0], config, metrics: createMetrics(), log: createLog(config) });
}

function testConfig(chains: Upstream | readonly Upstream[], environment: Record<string, string>): Config {
  const all = [chains].flat();
  return readConfig({
    HTTP_BIND: '127.0.0.1:0',
    CHAINS: all.map(({ chainId }) => chainId).join(','),
    ...Object.fromEntries(
      all.flatMap(({ chainId, url, wsUrl, weth }) => [
        [`RPC_URLS_${chainId}`, `${wsUrl},${url}`],
        [`WRAPPED_NATIVE_${chainId}`, weth],
      ]),
    ),
    LOG_LEVEL: 'silent',
    ALLOW_PRIVATE_TOKEN_LISTS: 'true',
    SHUTDOWN_GRACE: '2',
    // A test that is about the sweep says so; elsewhere it must not lend the events a hand.
    SNAPSHOT_INTERVAL: '3600',
    // Everybody has the same address here.
    RATE_LIMIT_PER_MINUTE: '1000000',
    ...environment,
  });
}

/** Waits until the condition holds, with the assertion's own words where it never does. */
export async function eventually<T>(condition: () => T | Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + PATIENCE.timeout;
  for (;;) {
    try {
      return await condition();
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
    }
    await sleep(PATIENCE.interval);
  }
}
