import type { ChainHealth, Service } from '../watch/service.ts';
import { type Door, pathOf, problem, readsOnly, sendJson } from './answer.ts';

/**
 * `/health` for load balancers and people, `/health/{chain_id}` strict for one chain, `/livez` for the process
 * alone. One provider's outage on one chain must not pull every process from the balancer: `/health` fails
 * only where nothing can be delivered.
 */
export interface Health {
  readonly health: Door;
  readonly livez: Door;
}

type Status = 'ok' | 'degraded' | 'down' | 'stopping';

export function createHealth({
  chains,
  isStopping,
}: {
  chains: Service['chains'];
  isStopping: () => boolean;
}): Health {
  return {
    health(request, response) {
      if (!readsOnly(request, response)) return;
      const id = /^\/health\/(\d{1,15})$/.exec(pathOf(request))?.[1];
      if (id === undefined) {
        if (pathOf(request) !== '/health')
          return sendJson(request, response, 404, problem(404, 'no such route'));
        const healths = [...chains.values()].map((chain) => chain.health());
        const status = isStopping() ? 'stopping' : overall(healths);
        const code = status === 'ok' || status === 'degraded' ? 200 : 503;
        return sendJson(request, response, code, { status, chains: healths.map(present) });
      }
      const chain = chains.get(Number(id));
      if (!chain) return sendJson(request, response, 404, problem(404, `chain ${id} is not served`));
      const health = chain.health();
      sendJson(request, response, health.healthy && !isStopping() ? 200 : 503, present(health));
    },
    livez(request, response) {
      if (readsOnly(request, response)) sendJson(request, response, 200, { status: 'ok' });
    },
  };
}

function overall(chains: readonly ChainHealth[]): Status {
  const healthy = chains.filter((chain) => chain.healthy).length;
  if (healthy === 0) return 'down';
  return healthy === chains.length ? 'ok' : 'degraded';
}

function present(chain: ChainHealth) {
  return {
    chainId: chain.chainId,
    name: chain.name,
    healthy: chain.healthy,
    head: chain.head && {
      number: chain.head.number,
      hash: chain.head.hash,
      timestamp: new Date(chain.head.timestamp * 1000).toISOString(),
    },
    lagBlocks: chain.lagBlocks,
    lagSeconds: chain.lagMs === null ? null : seconds(chain.lagMs),
    heads: chain.heads,
    pendingTouches: chain.pendingTouches,
    oldestConfirmationSeconds: seconds(chain.oldestConfirmationMs),
    endpoints: chain.endpoints.map(({ name, circuit, isBehind, isSlow, headNumber, latencyMs }) => ({
      name,
      circuit,
      behind: isBehind,
      slow: isSlow,
      headNumber,
      latencySeconds: latencyMs === null ? null : seconds(latencyMs),
    })),
    lastError: chain.lastError,
  };
}

/** To the millisecond. */
function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
