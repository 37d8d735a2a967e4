import { Ration } from '../lib/ration.ts';

/** An endpoint that comes and goes is told of once in so long. */
const SILENCE_MS = 60_000;

interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Tells an operator which endpoint is passed over, and when that one is used again. */
export function createEndpointLog(
  chain: string,
  log: Log,
): (endpoint: string, reason: string | undefined) => void {
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
