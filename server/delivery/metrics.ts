import type { Metrics } from '../lib/metrics.ts';
import { type Door, readsOnly, send } from './answer.ts';

/** `GET /metrics`, in Prometheus' text format. */
export function createMetricsDoor({ registry }: Pick<Metrics, 'registry'>): Door {
  return async (request, response) => {
    if (!readsOnly(request, response)) return;
    send(request, response, 200, await registry.metrics(), {
      'content-type': registry.contentType,
      'cache-control': 'no-store',
    });
  };
}
