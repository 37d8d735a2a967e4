import { startNodeProxy } from '../node-proxy.ts';
import type { Mismatch } from './agreement.ts';
import { type AppHost, startAppHost } from './app-host.ts';
import type { SoakClient } from './clients/client.ts';
import { populate } from './clients/population.ts';
import { startDoor } from './door.ts';
import type { SoakOptions } from './options.ts';
import { Random } from './random.ts';
import { type Played, playRound } from './round.ts';
import { countByKind, type FaultKind, planFaults } from './schedule.ts';
import { Weather } from './weather.ts';
import { startWorld } from './world.ts';

export interface SoakReport {
  readonly options: SoakOptions;
  readonly planned: ReadonlyMap<FaultKind, number>;
  readonly injected: ReadonlyMap<FaultKind, number>;
  readonly blocks: number;
  readonly transactions: number;
  /** Attempts that came to nothing, because the node was away or the transaction reverted. */
  readonly failedTransactions: number;
  readonly clients: readonly ClientReport[];
  readonly rounds: number;
  /** For each round from the moment that all was quiet to the moment that all agreed; undefined: they never did. */
  readonly convergedMs: readonly (number | undefined)[];
  /** After the last round that was played: the first that did not come right ends it all. */
  readonly mismatches: readonly Mismatch[];
  /** What the server said of itself and where the chain was, where somebody did not agree. */
  readonly health: string | undefined;
  readonly interrupted: boolean;
}

export type ClientReport = Pick<SoakClient, 'name' | 'kind' | 'updates' | 'connections' | 'problems'>;

/**
 * A chain with traffic, the server behind two endpoints, clients of every kind, and a schedule of things that go
 * wrong, in rounds. At the end of each all must come right by itself: what clients hold is compared with what the
 * chain says.
 */
export async function soak(
  options: SoakOptions,
  { signal, narrate }: { signal: AbortSignal; narrate: (line: string) => void },
): Promise<SoakReport> {
  const schedule = planFaults(options);
  const random = new Random(options.seed);
  const weather = new Weather();
  const injected = new Map<FaultKind, number>();
  const count = (kind: FaultKind) => injected.set(kind, (injected.get(kind) ?? 0) + 1);
  await using running = new AsyncDisposableStack();
  const world = running.use(await startWorld(options));
  const proxies = [
    running.use(await startNodeProxy(world.chain)),
    running.use(await startNodeProxy(world.chain)),
  ] as const;
  const host = running.use(await startAppHost({ world, proxies, sweep: options.sweep, log: options.log }));
  const door = running.use(await startDoor(host));
  const stop = new AbortController();
  const population = running.use(
    populate({ world, server: door, random: random.fork('clients'), weather, stop: stop.signal }),
  );
  running.defer(() => stop.abort());
  narrate(`${population.clients.length} clients of ${host.url}`);

  const stage = { options, world, proxies, host, door, population, weather, signal, narrate, count };
  const played: Played[] = [];
  for (const [index, round] of schedule.rounds.entries()) {
    narrate(`round ${index + 1} of ${schedule.rounds.length}`);
    if (index === schedule.rounds.length >> 1) population.welcome();
    const outcome = await playRound(round, stage, random.fork(`round ${index}`));
    played.push(outcome);
    if (signal.aborted || outcome.convergedMs === undefined || outcome.mismatches.length > 0) break;
  }
  const head = await world.chain.head();
  const wrong = played.at(-1)?.mismatches ?? [];
  const sum = (of: (round: Played) => number) => played.reduce((total, round) => total + of(round), 0);
  return {
    options,
    planned: countByKind(schedule),
    injected,
    blocks: head.number,
    transactions: sum(({ sent }) => sent),
    failedTransactions: sum(({ failed }) => failed),
    clients: population.clients.map(({ name, kind, updates, connections, problems }) => ({
      name,
      kind,
      updates,
      connections,
      problems,
    })),
    rounds: schedule.rounds.length,
    convergedMs: played.map(({ convergedMs }) => convergedMs),
    mismatches: wrong,
    health:
      wrong.length > 0 ? `${await healthOf(host)}; the chain's head: ${head.number} ${head.hash}` : undefined,
    interrupted: signal.aborted,
  };
}

async function healthOf({ url }: AppHost): Promise<string> {
  const response = await fetch(`${url}/health`);
  return await response.text();
}
