import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/**
 * Every metric there is, one registry per app (several apps live in one test process). Whoever knows a number
 * counts it here; `/metrics` reads the registry. https://prometheus.io/docs/practices/naming/
 */
export type Metrics = ReturnType<typeof createMetrics>;

const PREFIX = 'balance_stream_';

/** Where streams are opened. */
const STREAM_DOORS = ['graphql', 'rest', 'websocket'] as const;
/** Where requests arrive. */
export const HTTP_DOORS = ['graphql', 'rest', 'websocket', 'operations', 'page'] as const;
export type HttpDoor = (typeof HTTP_DOORS)[number];
/** Those that alerts are about; others begin with their first answer. */
const HTTP_STATUSES = [200, 400, 404, 429, 500, 503];
const REFUSALS = [
  'unauthenticated',
  'rate',
  'streams_per_address',
  'reads_per_caller',
  'streams',
  'reads',
  'sessions',
  'watched_pairs',
  'watched_pairs_per_address',
];
const LIST_OUTCOMES = ['ok', 'rejected', 'unavailable', 'stale'] as const;

/** From a millisecond on loopback to the slowest endpoint before its deadline. */
const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Up to several full calls at once. */
const PAIR_BUCKETS = [1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: PREFIX });

  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name: PREFIX + name, help, labelNames: [...labelNames], registers: [registry] });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name: PREFIX + name, help, labelNames: [...labelNames], registers: [registry] });
  /** Asked for when it is scraped. */
  const askedGauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) => {
    const sources = new Map<Readonly<Record<L, string>>, () => number>();
    const asked = new Gauge({
      name: PREFIX + name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect: () => {
        for (const [labels, source] of sources) asked.set(labels, source());
      },
    });
    return {
      of: (labels: Readonly<Record<L, string>>, source: () => number) => sources.set(labels, source),
    };
  };
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    buckets: readonly number[],
  ) =>
    new Histogram({
      name: PREFIX + name,
      help,
      labelNames: [...labelNames],
      buckets: [...buckets],
      registers: [registry],
    });

  const metrics = {
    registry,
    httpRequests: counter(
      'http_requests_total',
      'Requests answered, streams and WebSockets (101) when they end, by door (graphql, rest, websocket, operations or page) and status (none where the client left before there was one).',
      ['door', 'status'],
    ),
    httpRequestDuration: histogram(
      'http_request_duration_seconds',
      'From a request to the end of its answer, streams and WebSockets left out.',
      ['door'],
      LATENCY_BUCKETS,
    ),
    sessions: gauge('sessions', 'Sessions alive.'),
    sessionPairs: gauge(
      'session_pairs',
      'Pairs that sessions hold; one that several hold counts in each. Compare MAX_WATCHED_PAIRS.',
    ),
    streams: gauge('streams', 'Open streams, by door (graphql, rest or websocket).', ['door']),
    refusals: counter(
      'refusals_total',
      'Requests refused for the good of others, by reason: unauthenticated, rate, streams_per_address, reads_per_caller, watched_pairs_per_address, or a ceiling of the process (streams, reads, sessions, watched_pairs).',
      ['reason'],
    ),
    watchedPairs: gauge('watched_pairs', '(owner, token) pairs and allowances watched.', ['chain']),
    quarantinedPairs: gauge(
      'quarantined_pairs',
      "Pairs that cannot be read by their token's own fault, tested again from time to time.",
      ['chain'],
    ),
    updatesSent: counter('updates_sent_total', 'Updates handed to a client socket.', ['door']),
    stalledClients: counter(
      'stalled_clients_total',
      'Clients dropped because they did not read what they were sent, or answered no ping, by door of their newest request.',
      ['door'],
    ),
    blockToSend: histogram(
      'block_to_send_seconds',
      'From the announcement of a block to the hand-over of the update it caused to a client socket.',
      ['door'],
      LATENCY_BUCKETS,
    ),
    upstreamRequests: counter(
      'upstream_requests_total',
      'JSON-RPC requests to an endpoint, by method and outcome (ok, error, or abandoned for the answer of another endpoint).',
      ['chain', 'endpoint', 'method', 'outcome'],
    ),
    upstreamRequestDuration: histogram(
      'upstream_request_duration_seconds',
      'How long a JSON-RPC request took, failed ones included.',
      ['chain', 'endpoint', 'method'],
      LATENCY_BUCKETS,
    ),
    endpointUp: gauge(
      'endpoint_up',
      '1 while an endpoint is used, 0 while it is passed over (its circuit is open).',
      ['chain', 'endpoint'],
    ),
    endpointHeadNumber: gauge(
      'endpoint_head_number',
      'Newest block that an endpoint told of when it was last asked.',
      ['chain', 'endpoint'],
    ),
    endpointLatency: gauge('endpoint_latency_seconds', 'How long it took to tell of it.', [
      'chain',
      'endpoint',
    ]),
    multicallPairs: histogram(
      'multicall_pairs',
      'Pairs in one eth_call of Multicall3; a token whose metadata is asked for counts as three.',
      ['chain'],
      PAIR_BUCKETS,
    ),
    readBatchPairs: histogram(
      'read_batch_pairs',
      'Pairs that were read together, in as many eth_calls as it took, by priority: stream (touched by a block, or new), sweep (reconciliation) or one-off.',
      ['chain', 'priority'],
      PAIR_BUCKETS,
    ),
    heads: counter('heads_total', 'Heads heard, by source (socket or polling).', ['chain', 'source']),
    headNumber: gauge('head_number', 'Number of the newest block processed.', ['chain']),
    gaps: counter('gaps_total', 'Times that heads skipped blocks, which were then walked back.', ['chain']),
    reorgs: counter('reorgs_total', 'Reorganisations seen.', ['chain']),
    reconciledDifferences: counter(
      'reconciled_differences_total',
      'Balances and allowances that a sweep found moved without an event.',
      ['chain'],
    ),
    reconciliationFailures: counter(
      'reconciliation_failures_total',
      'Reads of a sweep that failed; the pairs in them come again.',
      ['chain'],
    ),
    oldestConfirmation: askedGauge(
      'oldest_confirmation_seconds',
      'How long ago the value was read of the pair whose last reading is the oldest; 0 without pairs.',
      ['chain'],
    ),
    tokenListFetches: counter(
      'token_list_fetches_total',
      'Token list fetches, by outcome: ok, rejected, unavailable, or stale where the last good copy served on.',
      ['outcome'],
    ),
  };

  // From the start, so that an alert sees zero and not nothing. What is counted by chain, the chain begins.
  for (const door of STREAM_DOORS) {
    metrics.streams.set({ door }, 0);
    metrics.updatesSent.inc({ door }, 0);
    metrics.blockToSend.zero({ door });
  }
  for (const door of HTTP_DOORS) {
    metrics.httpRequestDuration.zero({ door });
    metrics.stalledClients.inc({ door }, 0);
    for (const status of HTTP_STATUSES) metrics.httpRequests.inc({ door, status }, 0);
  }
  for (const reason of REFUSALS) metrics.refusals.inc({ reason }, 0);
  for (const outcome of LIST_OUTCOMES) metrics.tokenListFetches.inc({ outcome }, 0);
  return metrics;
}
