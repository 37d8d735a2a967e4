import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../app.ts';
import { ServerProcess } from '../server-process.ts';
import { DOORS, HealthyClient, StalledClient } from './clients.ts';
import type { StallOptions } from './options.ts';
import { growthOf, readServer } from './readings.ts';
import { startWorld, type World } from './traffic.ts';

export interface StallReport {
  /** Resident size of the server each second once all had stalled, with nobody dropped for it. */
  readonly rssMb: readonly number[];
  readonly growth: number;
  readonly droppedWhileBounded: number;
  /** With a short timeout. */
  readonly dropped: number;
  readonly streamsLeft: number;
  readonly resumed: number;
  readonly updates: number;
  /** What was not right at a client that read, or at one that resumed. */
  readonly problems: readonly string[];
}

interface Watching {
  readonly signal: AbortSignal;
  readonly narrate: (line: string) => void;
}

/** Streams that read for each door, beside those that do not. */
const HEALTHY_A_DOOR = 2;
/** Updates by which two counts that are taken in turn differ. */
const IN_FLIGHT = 15;
/** After which a flood goes on though a client that reads has heard nothing. */
const MOST_WAIT_MS = 2000;
const SHORT_TIMEOUT_SECONDS = 5;

/**
 * Twice: with a timeout that nobody reaches, for what stalled clients cost by themselves; then with a short one,
 * for who is dropped and can go on.
 */
export async function stall(options: StallOptions, watching: Watching): Promise<StallReport> {
  const { signal } = watching;
  await using world = await startWorld(options);
  const bounded = await inPhase(world, options, '3600', watching, async ({ url, healthy, flood }) => {
    await during(signal, flood, () => untilStalled(url, healthy, watching));
    const rssMb: number[] = [];
    await during(
      signal,
      (ended) => world.grow(options.updates, ended),
      async () => {
        for (let second = 0; second < options.seconds && !watching.signal.aborted; second += 1) {
          await sleep(1000, undefined, { signal: watching.signal }).catch(() => {});
          const { rssMb: now, streams } = await readServer(url);
          rssMb.push(now);
          watching.narrate(`${second + 1} s: ${now.toFixed(0)} MB, ${streams} streams`);
        }
      },
    );
    const { dropped } = await readServer(url);
    return { rssMb, dropped, updates: healthy.reduce((sum, { folded }) => sum + folded.updates, 0) };
  });
  const short = await inPhase(world, options, `${SHORT_TIMEOUT_SECONDS}`, watching, async (phase) => {
    await during(signal, phase.flood, () => untilDropped(phase.url, options.clients, watching));
    const { dropped, streams } = await readServer(phase.url);
    const resumed = phase.stalled.slice(0, DOORS.length).map(({ client, cursor }) => client.resume(cursor));
    phase.healthy.push(...resumed);
    await eventually(() => {
      for (const { first } of resumed) if (!first) throw new Error('a client that resumes is told nothing');
    });
    // Where nothing had to be proven anew, what comes first is what changed.
    return { dropped, streams, resumed: resumed.filter(({ first }) => first?.kind !== 'SNAPSHOT').length };
  });
  return {
    rssMb: bounded.result.rssMb,
    growth: growthOf(bounded.result.rssMb),
    droppedWhileBounded: bounded.result.dropped,
    dropped: short.result.dropped,
    streamsLeft: short.result.streams,
    resumed: short.result.resumed,
    updates: bounded.result.updates,
    problems: [...bounded.problems, ...short.problems],
  };
}

interface Phase {
  readonly url: string;
  readonly stalled: readonly { client: StalledClient; cursor: string }[];
  readonly healthy: HealthyClient[];
  /** More than the kernels of those who do not read can hold, as fast as those who read can hear it. */
  flood(signal: AbortSignal): Promise<void>;
}

async function inPhase<T>(
  world: World,
  options: StallOptions,
  timeoutSeconds: string,
  watching: Watching,
  run: (phase: Phase) => Promise<T>,
): Promise<{ result: T; problems: string[] }> {
  const { chain, wallets, tokens } = world;
  await using running = new AsyncDisposableStack();
  const server = running.use(
    new ServerProcess({
      HTTP_BIND: '127.0.0.1:0',
      [`RPC_URLS_${chain.chainId}`]: `${chain.wsUrl},${chain.url}`,
      EVENT_BATCH_WINDOW_MS: '0',
      SNAPSHOT_INTERVAL: '3600',
      STALLED_CLIENT_TIMEOUT: timeoutSeconds,
      MAX_STREAMS_PER_ADDRESS: '100000',
      RATE_LIMIT_PER_MINUTE: '1000000',
      SHUTDOWN_GRACE: '2',
    }),
  );
  const url = await server.url();
  for (const owner of wallets)
    await fetch(`${url}/${chain.chainId}/sessions/${owner}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ customTokens: tokens }),
    });
  const of = (index: number) => ({
    url,
    chainId: chain.chainId,
    owner: wallets[(index >> 1) % wallets.length] ?? chain.deployer,
    door: index % 2 === 0 ? ('graphql' as const) : ('rest' as const),
  });
  const healthy = Array.from(
    { length: HEALTHY_A_DOOR * DOORS.length },
    (_, index) => new HealthyClient(of(index)),
  );
  running.defer(async () => {
    for (const client of healthy) await client[Symbol.asyncDispose]();
  });
  const stalled: { client: StalledClient; cursor: string }[] = [];
  for (let index = 0; index < options.clients; index += 1) {
    const client = running.use(new StalledClient(of(index)));
    stalled.push({ client, ...(await client.snapshot()) });
  }
  watching.narrate(
    `${stalled.length} clients have their snapshot and read no more (timeout: ${timeoutSeconds} s)`,
  );

  const result = await run({
    url,
    stalled,
    healthy,
    flood: (signal) => world.flood(() => allHear(healthy, signal), signal),
  });
  return { result, problems: await problemsOf(world, healthy, watching) };
}

/** Lets something happen on the chain while the task runs. */
async function during<T>(
  interrupted: AbortSignal,
  happen: (ended: AbortSignal) => Promise<void>,
  task: () => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const happening = happen(AbortSignal.any([over.signal, interrupted]));
  try {
    return await task();
  } finally {
    over.abort();
    await happening;
  }
}

/** Settles when each of them has been told something more. */
async function allHear(healthy: readonly HealthyClient[], signal: AbortSignal): Promise<void> {
  const before = healthy.map(({ folded }) => folded.updates);
  const deadlineMs = performance.now() + MOST_WAIT_MS;
  while (healthy.some(({ folded }, index) => folded.updates === before[index]))
    if (signal.aborted || performance.now() > deadlineMs) return;
    else await sleep(5);
}

/** By then the server sends to nobody but those who read: each second about as much as they hear. */
async function untilStalled(
  url: string,
  healthy: readonly HealthyClient[],
  { signal, narrate }: Watching,
): Promise<void> {
  const heard = () => healthy.reduce((sum, { folded }) => sum + folded.updates, 0);
  let before = { heard: heard(), ...(await readServer(url)) };
  for (let calm = 0; calm < 3 && !signal.aborted; ) {
    await sleep(1000, undefined, { signal }).catch(() => {});
    const now = { heard: heard(), ...(await readServer(url)) };
    const toOthers = now.updatesSent - before.updatesSent - (now.heard - before.heard);
    narrate(
      `filling: ${now.rssMb.toFixed(0)} MB, ${toOthers} updates to clients that do not read, ${now.dropped} dropped`,
    );
    calm = toOthers <= IN_FLIGHT && now.heard > before.heard ? calm + 1 : 0;
    before = now;
  }
}

async function untilDropped(url: string, clients: number, { signal, narrate }: Watching): Promise<void> {
  for (let last = -1; !signal.aborted; ) {
    const { dropped, streams, rssMb } = await readServer(url);
    if (dropped !== last) narrate(`${dropped} dropped, ${streams} streams, ${rssMb.toFixed(0)} MB`);
    last = dropped;
    if (dropped >= clients) return;
    await sleep(500, undefined, { signal }).catch(() => {});
  }
}

/** Once the chain is quiet: what those who read hold is what it says. */
async function problemsOf(
  world: World,
  healthy: readonly HealthyClient[],
  { signal }: Watching,
): Promise<string[]> {
  const told = healthy.flatMap(({ folded }) => folded.problems);
  if (signal.aborted) return told;
  const truth = await world.truth();
  const wrong = (client: HealthyClient) =>
    [...(truth.get(client.owner) ?? [])].flatMap(([token, amount]) =>
      client.folded.get(token) === amount
        ? []
        : [`${client.door}: ${token} is ${amount}, not ${client.folded.get(token)}`],
    );
  await eventually(() => {
    if (healthy.some((client) => wrong(client).length > 0)) throw new Error('not yet');
  }).catch(() => {});
  return [...told, ...healthy.flatMap(wrong)];
}
