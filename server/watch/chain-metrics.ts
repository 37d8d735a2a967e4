import type { Priority } from '../chain/rpc/budget.ts';
import { OUTCOMES } from '../chain/rpc/endpoint.ts';
import { METHODS } from '../chain/rpc/message.ts';
import type { Metrics } from '../lib/metrics.ts';

const SOURCES = ['socket', 'polling'] as const;
const PRIORITIES: readonly Priority[] = ['stream', 'sweep', 'one-off'];

/** What is counted of a chain is there from the start, so that an alert sees zero and not nothing. */
export function beginMetrics(metrics: Metrics, chain: string, endpoints: readonly string[]): void {
  const { gaps, reorgs, reconciledDifferences, reconciliationFailures } = metrics;
  for (const counter of [gaps, reorgs, reconciledDifferences, reconciliationFailures])
    counter.inc({ chain }, 0);
  metrics.watchedPairs.set({ chain }, 0);
  metrics.multicallPairs.zero({ chain });
  for (const source of SOURCES) metrics.heads.inc({ chain, source }, 0);
  for (const priority of PRIORITIES) metrics.readBatchPairs.zero({ chain, priority });
  for (const endpoint of endpoints) {
    metrics.endpointUp.set({ chain, endpoint }, 1);
    for (const method of METHODS) {
      metrics.upstreamRequestDuration.zero({ chain, endpoint, method });
      for (const outcome of OUTCOMES) metrics.upstreamRequests.inc({ chain, endpoint, method, outcome }, 0);
    }
  }
}
