import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeProxy } from '../node-proxy.ts';
import type { AppHost } from './app-host.ts';
import type { Door } from './door.ts';
import { infect } from './endpoint-faults.ts';
import { strike } from './node-faults.ts';
import type { Random } from './random.ts';
import type { FaultKind, PlannedFault, Round } from './schedule.ts';
import type { Traffic } from './traffic.ts';
import type { World } from './world.ts';

/** In which a block reaches every client as a rule. */
const TOLD_MS = 700;

export interface FaultRunOptions {
  readonly round: Round;
  readonly world: World;
  readonly proxies: readonly [NodeProxy, NodeProxy];
  readonly host: AppHost;
  readonly door: Door;
  readonly traffic: Pick<Traffic, 'burst'>;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly narrate: (line: string) => void;
  /** A fault has been, and is over. */
  readonly count: (kind: FaultKind) => void;
}

export interface FaultRun {
  /** When all of the round but its finale is over, or the signal has aborted and what was under way is over. */
  readonly over: Promise<void>;
  /** The last thing that goes wrong, while all is quiet otherwise. */
  finale(): Promise<void>;
}

/**
 * Lets happen what the schedule says of one round, lane by lane: each thing at its time or, where those before it
 * took longer, as soon as it can be. Whatever can be made good is.
 */
export function startFaults(options: FaultRunOptions): FaultRun {
  const { round, world, proxies, host, door, traffic, random, signal, narrate, count } = options;
  const startedMs = performance.now();
  const wait = (ms: number) => sleep(Math.max(0, ms), undefined, { signal }).catch(() => {});

  async function lane<F extends PlannedFault>(
    name: string,
    faults: readonly F[],
    happen: (fault: F, random: Random) => Promise<void>,
  ): Promise<void> {
    for (const [index, fault] of faults.entries()) {
      await wait(startedMs + fault.startMs - performance.now());
      if (signal.aborted) return;
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      narrate(`${seconds} s: ${name}: ${fault.kind} for ${(fault.durationMs / 1000).toFixed(1)} s`);
      await happen(fault, random.fork(`${name} ${index}`));
    }
  }

  // A fault of both endpoints stands in both lanes at the same time.
  const endpoints = proxies.map((proxy, index) => {
    const own = round.endpoints.filter(({ at }) => at.some((endpoint) => endpoint === index));
    return lane(`endpoint ${index + 1}`, own, async (fault, ownRandom) => {
      const over = new AbortController();
      const heal = infect(fault.kind, proxy, ownRandom, over.signal);
      await wait(fault.durationMs);
      over.abort();
      heal();
      if (fault.at[0] === index) count(fault.kind);
    });
  });
  const node = lane('node', round.node, async (fault, ownRandom) => {
    const mend = await strike(fault.kind, world, ownRandom);
    await wait(fault.durationMs);
    await mend();
    count(fault.kind);
  });
  const app = lane('server', round.app, async ({ kind, durationMs }) => {
    const away = wait(durationMs);
    if (kind === 'server restarted') await host.restart(away);
    else if (kind === 'clients cut off') door.cut();
    else {
      door.hold();
      await away;
      door.letGo();
    }
    count(kind);
  });
  return {
    over: Promise.all([...endpoints, node, app]).then(() => {}),
    async finale() {
      if (signal.aborted) return;
      const { node: nodeKind, endpoints: endpointKind, durationMs } = round.finale;
      narrate(`at last: ${endpointKind} at both endpoints; node: ${nodeKind}`);
      const last = random.fork('finale');
      // What is to be taken back must have been there, and have been told.
      const early = nodeKind === 'rolled back' ? await strike(nodeKind, world, last) : undefined;
      await traffic.burst();
      await wait(TOLD_MS);
      const over = new AbortController();
      const heal = proxies.map((proxy) => infect(endpointKind, proxy, last, over.signal));
      await traffic.burst();
      const mend = early ?? (await strike(nodeKind, world, last));
      await wait(durationMs);
      await mend();
      over.abort();
      for (const well of heal) well();
      count(nodeKind);
      count(endpointKind);
    },
  };
}
