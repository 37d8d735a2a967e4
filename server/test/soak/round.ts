import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeProxy } from '../node-proxy.ts';
import { type Mismatch, mismatches } from './agreement.ts';
import type { AppHost } from './app-host.ts';
import type { SoakClient } from './clients/client.ts';
import type { Population } from './clients/population.ts';
import type { Door } from './door.ts';
import { startFaults } from './fault-run.ts';
import type { SoakOptions } from './options.ts';
import type { Random } from './random.ts';
import type { FaultKind, Round } from './schedule.ts';
import { startTraffic } from './traffic.ts';
import { readTruth } from './truth.ts';
import type { Weather } from './weather.ts';
import type { World } from './world.ts';

export interface Stage {
  readonly options: Pick<SoakOptions, 'sweep' | 'convergeMs' | 'holdMs'>;
  readonly world: World;
  readonly proxies: readonly [NodeProxy, NodeProxy];
  readonly host: AppHost;
  readonly door: Door;
  readonly population: Population;
  readonly weather: Weather;
  readonly signal: AbortSignal;
  readonly narrate: (line: string) => void;
  readonly count: (what: FaultKind) => void;
}

export interface Played {
  readonly convergedMs: number | undefined;
  readonly mismatches: readonly Mismatch[];
  readonly sent: number;
  readonly failed: number;
}

const LOOK_MS = 50;

/** Traffic and faults, then silence, and who does not agree with the chain after it. */
export async function playRound(round: Round, stage: Stage, random: Random): Promise<Played> {
  const { options, world, population, weather, signal, narrate } = stage;
  weather.stirUp();
  const quiet = new AbortController();
  const traffic = startTraffic(world, {
    random: random.fork('traffic'),
    silent: options.sweep,
    signal: quiet.signal,
  });
  const faults = startFaults({ ...stage, round, traffic, random: random.fork('faults') });
  await faults.over;
  quiet.abort();
  await traffic.ended;
  await faults.finale();
  weather.calmDown();
  await population.settled();
  const convergedMs = await converged(world, population.clients, options.convergeMs, signal);
  narrate(convergedMs === undefined ? 'not all agree' : `all agree after ${convergedMs.toFixed(0)} ms`);
  // What comes late must not be wrong either.
  await sleep(options.holdMs, undefined, { signal }).catch(() => {});
  const wrong = mismatches(population.clients, await readTruth(world));
  return { convergedMs, mismatches: wrong, sent: traffic.sent, failed: traffic.failed };
}

/** Waits until every client holds what the chain says; undefined where that has not come about in time. */
async function converged(
  world: World,
  clients: readonly SoakClient[],
  withinMs: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const startedMs = performance.now();
  const truth = await readTruth(world);
  while (!signal.aborted) {
    const passedMs = performance.now() - startedMs;
    if (mismatches(clients, truth).length === 0) return passedMs;
    if (passedMs > withinMs) return undefined;
    await sleep(LOOK_MS);
  }
  return undefined;
}
