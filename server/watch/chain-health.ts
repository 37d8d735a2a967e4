import type { Heads } from '../chain/heads.ts';
import type { Network } from '../chain/networks.ts';
import type { Pool } from '../chain/rpc/pool.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Redact } from '../lib/redactor.ts';
import { sleep } from '../lib/retry.ts';
import type { ChainHealth } from './service.ts';

/** How often it is looked whether a chain is delivered, for a line in the log when that changes. */
const LOOK_MS = 2000;

interface Parts {
  readonly network: Pick<Network, 'id' | 'name'>;
  readonly ledger: Pick<Ledger, 'head' | 'unsettledCount' | 'oldestConfirmationMs'>;
  readonly heads: Pick<Heads, 'latest' | 'heardAtMs' | 'source'>;
  readonly pool: Pick<Pool, 'endpoints' | 'lastError'>;
  /** Why nothing is delivered; undefined where nothing stands in the way. */
  readonly failure: string | undefined;
  readonly told: Redact;
}

/** How a chain is, as its parts say at the moment. */
export function chainHealth({ network, ledger, heads, pool, failure, told }: Parts): ChainHealth {
  const head = ledger.head ?? null;
  const { latest, heardAtMs, source } = heads;
  const behindMs = latest && head ? Math.max(0, latest.timestamp - head.timestamp) * 1000 : 0;
  const healthy = head !== null && source !== 'none' && failure === undefined;
  const { endpoints } = pool;
  // On a quiet chain nobody may have asked anything since all was well again.
  const isOver = healthy && endpoints.some(({ circuit }) => circuit === 'closed');
  const lastError = failure ?? (isOver ? null : pool.lastError);
  return {
    chainId: network.id,
    name: network.name,
    healthy,
    head,
    lagMs: heardAtMs === undefined ? null : performance.now() - heardAtMs + behindMs,
    heads: source,
    lagBlocks: latest && head ? Math.max(0, latest.number - head.number) : 0,
    pendingTouches: ledger.unsettledCount,
    oldestConfirmationMs: ledger.oldestConfirmationMs,
    endpoints,
    lastError: lastError === null ? null : told(lastError),
  };
}

interface Watched {
  readonly chain: string;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
  readonly health: () => ChainHealth;
}

/** Tells an operator when a chain is no longer delivered, and when it is again. Ends when its signal aborts. */
export async function logHealth({ chain, log, health }: Watched, signal: AbortSignal): Promise<never> {
  let wasHealthy = true;
  while (true) {
    await sleep(LOOK_MS, signal);
    const { healthy, lastError } = health();
    if (healthy && !wasHealthy) log.info({ chain }, 'the chain is delivered again');
    const reason = lastError ?? 'no block was heard of yet';
    if (!healthy && wasHealthy) log.warn({ chain, reason }, 'the chain is not delivered');
    wasHealthy = healthy;
  }
}
