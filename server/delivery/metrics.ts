import { createServer } from 'node:http';
import type { Bind } from '../config.ts';
import type { Metrics } from '../lib/metrics.ts';
import { type Door, pathOf, problem, readsOnly, send, sendJson } from './answer.ts';
import { listen } from './listen.ts';

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

/** The same at an address of its own (METRICS_BIND), where nothing else is. Throws CONFIG_INVALID, naming it. */
export async function serveMetrics(
  door: Door,
  bind: Bind,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(async (request, response) => {
    response.setHeader('x-content-type-options', 'nosniff');
    if (pathOf(request) === '/metrics') await door(request, response);
    else sendJson(request, response, 404, problem(404, 'there is nothing here but /metrics'));
  });
  const { url } = await listen(server, bind, 'METRICS_BIND');
  return {
    url: `${url}/metrics`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
