import { Random } from './random.ts';

/** What goes wrong at one endpoint, or at both at once. */
export const ENDPOINT_FAULTS = [
  'socket dropped',
  'connections refused',
  'no answer',
  'latency',
  'HTTP 429',
  'HTTP 429 with Retry-After',
  'HTTP 500',
  'every other request fails',
  'truncated JSON',
  'HTML',
  'another id',
  'null results',
  'wrong types',
  'lagging',
  'empty logs',
  'lost heads',
  'late heads',
  'repeated heads',
] as const;
/** Of these, what can be the last thing before silence: most of all heads that nobody was told of. */
const LAST_FAULTS: readonly (typeof ENDPOINT_FAULTS)[number][] = [
  'lost heads',
  'lost heads',
  'lost heads',
  'late heads',
  'socket dropped',
  'connections refused',
  'no answer',
  'every other request fails',
  'null results',
  'lagging',
];
/** What goes wrong at the node behind them. */
export const NODE_FAULTS = ['frozen', 'killed', 'restarted', 'reorganised', 'rolled back'] as const;
/** What goes wrong with ourselves, and on the way from us to the clients. */
export const APP_FAULTS = ['server restarted', 'clients cut off', 'clients held up'] as const;

export type EndpointFault = (typeof ENDPOINT_FAULTS)[number];
export type NodeFault = (typeof NODE_FAULTS)[number];
export type AppFault = (typeof APP_FAULTS)[number];
export type FaultKind = EndpointFault | NodeFault | AppFault;

/** In one lane things happen one after the other; lanes do not wait for one another. */
export interface PlannedFault<K extends FaultKind = FaultKind> {
  readonly kind: K;
  /** From the beginning of the round. */
  readonly startMs: number;
  readonly durationMs: number;
}

export interface PlannedEndpointFault extends PlannedFault<EndpointFault> {
  readonly at: readonly EndpointIndex[];
}

export type EndpointIndex = 0 | 1;

export interface Round {
  readonly endpoints: readonly PlannedEndpointFault[];
  readonly node: readonly PlannedFault<NodeFault>[];
  readonly app: readonly PlannedFault<AppFault>[];
  /** After which there is nothing more: no other block comes to help it heal. */
  readonly finale: {
    readonly node: NodeFault;
    readonly endpoints: EndpointFault;
    readonly durationMs: number;
  };
}

/** Each round ends with a silence, in which everything must come right. */
export interface Schedule {
  readonly rounds: readonly Round[];
}

export interface ScheduleOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly appRestarts: boolean;
  /** Without it no logs are kept from us by the only endpoint that answers, which nothing but a sweep could find. */
  readonly sweep: boolean;
}

/** Below this a run is short, and what happens in it is brief: every kind has its turn in half a minute. */
const SHORT_MS = 90_000;

interface Pace {
  readonly faultMs: readonly [least: number, most: number];
  readonly pauseMs: readonly [least: number, most: number];
}
interface RoundPace {
  /** About how long a round is, its finale not counted. */
  readonly roundMs: number;
  readonly endpoints: Pace;
  readonly node: Pace;
  readonly app: Pace;
  readonly finaleMs: readonly [least: number, most: number];
}
const PACES = {
  short: {
    roundMs: 5200,
    endpoints: { faultMs: [400, 1200], pauseMs: [50, 300] },
    node: { faultMs: [400, 1500], pauseMs: [500, 2000] },
    app: { faultMs: [200, 800], pauseMs: [500, 4000] },
    finaleMs: [500, 2500],
  },
  long: {
    roundMs: 25_000,
    endpoints: { faultMs: [300, 7000], pauseMs: [100, 3000] },
    node: { faultMs: [500, 7000], pauseMs: [1000, 8000] },
    app: { faultMs: [200, 6000], pauseMs: [2000, 18_000] },
    finaleMs: [500, 5000],
  },
} satisfies Record<string, RoundPace>;

/** What goes wrong, when and for how long: the same for the same seed. Every kind comes before any comes twice. */
export function planFaults({ seed, durationMs, appRestarts, sweep }: ScheduleOptions): Schedule {
  const random = new Random(seed);
  const pace: RoundPace = durationMs < SHORT_MS ? PACES.short : PACES.long;
  const count = Math.max(1, Math.round(durationMs / pace.roundMs));
  const roundMs = durationMs / count;
  const endpoints = new Deck(
    random.fork('endpoints'),
    ENDPOINT_FAULTS.filter((kind) => sweep || kind !== 'empty logs'),
  );
  const node = new Deck(random.fork('node'), NODE_FAULTS);
  const app = new Deck(
    random.fork('app'),
    APP_FAULTS.filter((kind) => appRestarts || kind !== 'server restarted'),
  );
  const last = random.fork('finale');
  const lastOfNode = new Deck(last, NODE_FAULTS);
  const lastOfEndpoints = new Deck(last, LAST_FAULTS);
  const rounds = Array.from({ length: count }, () => ({
    endpoints: planEndpoints(endpoints, roundMs, pace.endpoints),
    node: planLane(node, roundMs, pace.node),
    app: planLane(app, roundMs, pace.app),
    finale: {
      node: lastOfNode.take(),
      endpoints: lastOfEndpoints.take(),
      durationMs: last.between(...pace.finaleMs),
    },
  }));
  return { rounds };
}

/** How often each kind is in it. */
export function countByKind({ rounds }: Schedule): Map<FaultKind, number> {
  const counts = new Map<FaultKind, number>();
  for (const { endpoints, node, app, finale } of rounds) {
    const kinds = [...endpoints, ...node, ...app].map(({ kind }) => kind);
    for (const kind of [...kinds, finale.node, finale.endpoints])
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** The two endpoints are ill by turns, at the same time with different things, and both with the same. */
function planEndpoints(deck: Deck<EndpointFault>, endMs: number, pace: Pace): PlannedEndpointFault[] {
  const { random } = deck;
  const freeMs: [number, number] = [0, 0];
  const planned: PlannedEndpointFault[] = [];
  while (true) {
    const at = random.pick<readonly EndpointIndex[]>([[0], [0], [1], [1], [0, 1]]);
    const startMs = Math.max(...at.map((index) => freeMs[index])) + random.between(...pace.pauseMs);
    const durationMs = random.between(...pace.faultMs);
    if (startMs + durationMs > endMs) return planned.sort((a, b) => a.startMs - b.startMs);
    for (const index of at) freeMs[index] = startMs + durationMs;
    planned.push({ kind: deck.take(), at, startMs, durationMs });
  }
}

function planLane<K extends FaultKind>(deck: Deck<K>, endMs: number, pace: Pace): PlannedFault<K>[] {
  const { random } = deck;
  const planned: PlannedFault<K>[] = [];
  let freeMs = 0;
  while (true) {
    const startMs = freeMs + random.between(...pace.pauseMs);
    const durationMs = random.between(...pace.faultMs);
    freeMs = startMs + durationMs;
    if (freeMs > endMs) return planned;
    planned.push({ kind: deck.take(), startMs, durationMs });
  }
}

/** All of them in some order, then all of them in another, for ever. */
class Deck<T> {
  readonly random: Random;
  readonly #of: readonly T[];
  #rest: T[] = [];

  constructor(random: Random, of: readonly T[]) {
    this.random = random;
    this.#of = of;
  }

  take(): T {
    if (this.#rest.length === 0) this.#rest = this.random.shuffled(this.#of);
    const [next] = this.#rest.splice(0, 1);
    if (next === undefined) throw new Error('a deck without cards');
    return next;
  }
}
