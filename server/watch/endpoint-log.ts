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
  const warnedAtMs = new Map<string, number>();
  const waitsForEnd = new Set<string>();
  return (endpoint, reason) => {
    if (reason === undefined) {
      if (waitsForEnd.delete(endpoint)) log.info({ chain, endpoint }, 'the endpoint is used again');
      return;
    }
    const now = performance.now();
    if (now - (warnedAtMs.get(endpoint) ?? Number.NEGATIVE_INFINITY) < SILENCE_MS) return;
    warnedAtMs.set(endpoint, now);
    waitsForEnd.add(endpoint);
    log.warn({ chain, endpoint, reason }, 'an endpoint is passed over');
  };
}
