import type { HttpDoor } from '../lib/metrics.ts';
import { type Connection, type Connections, unsentBytes } from './connections.ts';
import { takenByKernel, unacknowledged } from './progress.ts';

/**
 * Clients that stop reading, or read less than they ask for. A stream's mailbox bounds what waits for one of them
 * in the ledger's terms, but the event on its way may be megabytes, and many of these at once are the process.
 * So every connection is looked at about once a second, whatever its door: one that has drained nothing for the
 * timeout is dropped, and when all that is unsent is past the budget, those go that hold the most. Whoever is
 * dropped resumes with its cursor. Ends when it is disposed.
 */
export interface StalledOptions {
  readonly connections: Connections;
  readonly timeoutMs: number;
  readonly budgetBytes: number;
  readonly dropped: (door: HttpDoor) => void;
}

export interface Stalled extends Disposable {
  /** From now on less patience. */
  hurry(timeoutMs: number): void;
}

const LOOK_EVERY_MS = 1000;
/** Of the timeout: how often the kernel is asked about those that seem to stand still. */
const ASK_KERNEL_EVERY = 1 / 6;

/** A connection with something unsent. */
export interface Laggard {
  readonly bytes: number;
  /** For how long nothing has drained. */
  readonly stillMs: number;
  /** All of it waits behind an answer that has not ended. */
  readonly isQueued: boolean;
}

interface Progress {
  taken: number;
  unacknowledged: number | undefined;
  movedAtMs: number;
}

export function watchStalled({ connections, budgetBytes, dropped, ...options }: StalledOptions): Stalled {
  let { timeoutMs } = options;
  const progress = new WeakMap<Connection, Progress>();
  let kernelAskedAtMs = 0;
  let isOver = false;

  /** Those with something unsent. */
  function laggards(nowMs: number): (Laggard & { connection: Connection; seen: Progress })[] {
    return [...connections].flatMap((connection) => {
      const bytes = unsentBytes(connection);
      if (bytes === 0) {
        progress.delete(connection);
        return [];
      }
      const taken = takenByKernel(connection.socket);
      const before = progress.get(connection);
      const seen = before ?? { taken, unacknowledged: undefined, movedAtMs: nowMs };
      if (!before) progress.set(connection, seen);
      // Behind a stream that is read to its end a pipelined answer may wait for ever, and that is nobody's fault.
      const isQueued = connection.socket.writableLength === 0;
      if (isQueued) seen.movedAtMs = nowMs;
      if (taken !== seen.taken) Object.assign(seen, { taken, unacknowledged: undefined, movedAtMs: nowMs });
      return [{ connection, seen, bytes, stillMs: nowMs - seen.movedAtMs, isQueued }];
    });
  }

  async function askKernel(nowMs: number): Promise<void> {
    const everyMs = timeoutMs * ASK_KERNEL_EVERY;
    if (nowMs - kernelAskedAtMs < everyMs) return;
    const still = laggards(nowMs).filter(({ stillMs }) => stillMs >= everyMs);
    if (still.length === 0) return;
    kernelAskedAtMs = nowMs;
    const queues = await unacknowledged(still.map(({ connection }) => connection.socket));
    for (const { connection, seen } of still) {
      const queue = queues.get(connection.socket);
      if (seen.unacknowledged !== undefined && queue !== seen.unacknowledged) seen.movedAtMs = nowMs;
      seen.unacknowledged = queue;
    }
  }

  async function look(): Promise<void> {
    await askKernel(performance.now());
    const limits = { timeoutMs, budgetBytes, stillMs: LOOK_EVERY_MS };
    for (const { connection } of toDrop(laggards(performance.now()), limits)) {
      dropped(connection.door);
      connection.socket.destroy();
    }
  }

  let timer: NodeJS.Timeout | undefined;
  function lookLater(): void {
    const everyMs = Math.min(LOOK_EVERY_MS, timeoutMs * ASK_KERNEL_EVERY);
    timer = setTimeout(async () => {
      await look();
      if (!isOver) lookLater();
    }, everyMs).unref();
  }
  lookLater();
  return {
    hurry(lessMs) {
      timeoutMs = Math.min(timeoutMs, lessMs);
    },
    [Symbol.dispose]() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}

/**
 * Who stands still for the timeout; then, while the rest is past the budget, who holds the most: first of those
 * that have not drained anything since the last look, then of the others.
 */
export function toDrop<T extends Laggard>(
  laggards: readonly T[],
  limits: { readonly timeoutMs: number; readonly budgetBytes: number; readonly stillMs: number },
): T[] {
  const dropped = laggards.filter(({ stillMs }) => stillMs >= limits.timeoutMs);
  const rest = laggards.filter(({ stillMs }) => stillMs < limits.timeoutMs);
  // Nobody who reads what was asked for first is made to pay for who asks for more than is read.
  const isStill = ({ stillMs, isQueued }: T) => Number(isQueued || stillMs >= limits.stillMs);
  let unsent = rest.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const laggard of rest.sort((a, b) => isStill(b) - isStill(a) || b.bytes - a.bytes)) {
    if (unsent <= limits.budgetBytes) break;
    dropped.push(laggard);
    unsent -= laggard.bytes;
  }
  return dropped;
}
