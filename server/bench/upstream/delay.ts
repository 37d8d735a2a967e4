import { nowMs } from '../clock.ts';

/** Timers fire up to a millisecond late: the last stretch goes turn by turn of the event loop. */
const LAST_STRETCH_MS = 2;

/** Runs it when the monotonic clock has reached `dueMs`, to a small fraction of a millisecond. */
export function runAt(dueMs: number, run: () => void): void {
  const leftMs = dueMs - nowMs();
  if (leftMs <= 0) run();
  else if (leftMs > LAST_STRETCH_MS) setTimeout(runAt, leftMs - LAST_STRETCH_MS, dueMs, run);
  else setImmediate(runAt, dueMs, run);
}
