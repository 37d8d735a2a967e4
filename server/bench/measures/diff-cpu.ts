import { graphqlStream, postSession, restStream } from '../api.ts';
import { token, wallet } from '../fixtures.ts';
import { startPlainWriter } from '../plain-writer.ts';
import type { Row } from '../rows.ts';
import { type Stage, startStage } from '../stage.ts';
import { openStream, type Stream, type StreamEvent, type StreamRequest } from '../streams.ts';
import type { Transfer } from '../upstream/block.ts';

const STREAMS = 200;
const WARM_UP_ROUNDS = 30;
const ROUNDS = 60;

interface Load {
  readonly name: string;
  /** Wallets that the streams are spread over. */
  readonly wallets: number;
  readonly open: (url: string, owner: ReturnType<typeof wallet>) => StreamRequest;
}

const LOADS: readonly Load[] = [
  { name: 'REST, one wallet', wallets: 1, open: restStream },
  { name: 'GraphQL, one wallet', wallets: 1, open: graphqlStream },
  { name: `REST, ${STREAMS} wallets`, wallets: STREAMS, open: restStream },
  { name: `GraphQL, ${STREAMS} wallets`, wallets: STREAMS, open: graphqlStream },
];

interface Cost {
  readonly microsPerDiff: number;
  readonly bytesPerDiff: number;
}

/**
 * CPU of the server's process for each diff that a client received: everything from the head on is in it, shared
 * by 200 streams of one wallet, or with 200 balances read for 200 streams. Every block makes one diff a stream.
 */
export async function measureDiffCpu(): Promise<Row[]> {
  await using stage = await startStage({ env: { EVENT_BATCH_WINDOW_MS: '0' } });
  const rows: Row[] = [];
  for (const load of LOADS) {
    const ours = await serverCost(stage, load);
    const plain = await plainCost(ours.bytesPerDiff);
    rows.push({
      name: `CPU per diff, ${STREAMS} streams, ${load.name}`,
      value: ours.microsPerDiff,
      unit: 'µs',
      yardstick: plain.microsPerDiff,
      yardstickName: 'plain node:http writer',
    });
  }
  return rows;
}

async function serverCost(stage: Stage, load: Load): Promise<Cost> {
  const { url } = stage.server;
  const owners = Array.from({ length: STREAMS }, (_, i) => wallet(i % load.wallets));
  await Promise.all([...new Set(owners)].map((owner) => postSession(url, owner, [token(0), token(1)])));
  const transfers: Transfer[] = [...new Set(owners)].map((from) => ({
    token: token(0),
    from,
    to: wallet(STREAMS),
  }));
  const requests = owners.map((owner) => load.open(url, owner));
  return await costOfRounds(requests, {
    // The snapshots come first, and are no diffs.
    eventsFirst: STREAMS,
    round: () => stage.mine(transfers),
    cpuMicros: () => stage.server.call('cpuMicros', {}),
  });
}

async function plainCost(bytes: number): Promise<Cost> {
  await using writer = await startPlainWriter();
  return await costOfRounds(Array<StreamRequest>(STREAMS).fill({ url: writer.url }), {
    eventsFirst: 0,
    round: () => writer.call('send', { bytes: Math.round(bytes) }),
    cpuMicros: () => writer.call('cpuMicros', {}),
  });
}

interface Source {
  readonly eventsFirst: number;
  /** Makes one event for every stream. */
  round(): Promise<unknown>;
  cpuMicros(): Promise<number>;
}

async function costOfRounds(requests: readonly StreamRequest[], source: Source): Promise<Cost> {
  const counter = new EventCounter();
  using streams = new DisposableStack();
  const opened: Stream[] = await Promise.all(requests.map((request) => openStream(request, counter.count)));
  for (const stream of opened) streams.use(stream);
  await counter.reach(source.eventsFirst);
  const run = async (rounds: number): Promise<void> => {
    for (let i = 0; i < rounds; i++) {
      counter.reset();
      await Promise.all([counter.reach(requests.length), source.round()]);
    }
  };
  await run(WARM_UP_ROUNDS);
  counter.bytes = 0;
  const before = await source.cpuMicros();
  await run(ROUNDS);
  const micros = (await source.cpuMicros()) - before;
  const diffs = ROUNDS * requests.length;
  return { microsPerDiff: micros / diffs, bytesPerDiff: counter.bytes / diffs };
}

/** Counts the events of all streams together. */
class EventCounter {
  bytes = 0;
  #events = 0;
  #wanted = Number.POSITIVE_INFINITY;
  #reached = (): void => {};

  readonly count = ({ bytes }: StreamEvent): void => {
    this.bytes += bytes;
    this.#events++;
    if (this.#events === this.#wanted) this.#reached();
  };

  reset(): void {
    this.#events = 0;
  }

  async reach(events: number): Promise<void> {
    if (this.#events >= events) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#wanted = events;
    this.#reached = resolve;
    const timer = setTimeout(() => reject(new Error(`${this.#events} events instead of ${events}`)), 10_000);
    await promise.finally(() => clearTimeout(timer));
  }
}
