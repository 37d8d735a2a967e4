import type { EndpointObserver } from '../chain/rpc/endpoint.ts';
import type { Metrics } from '../lib/metrics.ts';
import { Ration } from '../lib/ration.ts';
import type { Redact } from '../lib/redactor.ts';

/** An endpoint that comes and goes is told of once in so long. */
const SILENCE_MS = 60_000;

interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

interface EndpointsOptions {
  readonly chain: string;
  readonly metrics: Metrics;
  readonly log: Log;
  /** What an endpoint said, as it may be told. */
  readonly told: Redact;
}

/** What operators are told of a chain's endpoints, in metrics and in the log. */
export function observeEndpoints({ chain, metrics, log, told }: EndpointsOptions): EndpointObserver {
  const logEndpoint = createEndpointLog(chain, log);
  return {
    upstreamRequest(endpoint, method, outcome, durationMs) {
      metrics.upstreamRequests.inc({ chain, endpoint, method, outcome });
      metrics.upstreamRequestDuration.observe({ chain, endpoint, method }, durationMs / 1000);
    },
    endpointTurned(endpoint, reason) {
      metrics.endpointUp.set({ chain, endpoint }, reason === undefined ? 1 : 0);
      logEndpoint(endpoint, reason && told(reason));
    },
    endpointMeasured(endpoint, { headNumber, latencyMs }) {
      metrics.endpointHeadNumber.set({ chain, endpoint }, headNumber);
      metrics.endpointLatency.set({ chain, endpoint }, latencyMs / 1000);
    },
  };
}

/** Tells an operator which endpoint is passed over, and when that one is used again. */
function createEndpointLog(chain: string, log: Log): (endpoint: string, reason: string | undefined) => void {
  const rations = new Map<string, Ration>();
  const waitsForEnd = new Set<string>();
  return (endpoint, reason) => {
    if (reason === undefined) {
      if (waitsForEnd.delete(endpoint)) log.info({ chain, endpoint }, 'the endpoint is used again');
      return;
    }
    const ration = rations.get(endpoint) ?? new Ration(1, SILENCE_MS);
    rations.set(endpoint, ration);
    if (ration.take() === undefined) return;
    waitsForEnd.add(endpoint);
    log.warn({ chain, endpoint, reason }, 'an endpoint is passed over');
  };
}
