import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** The resident size of this process in bytes, once what is garbage was collected. */
export function residentBytes(): number {
  setFlagsFromString('--expose_gc');
  const collect: () => void = runInNewContext('gc');
  // What finalizers let go of goes with the second.
  collect();
  collect();
  return process.memoryUsage.rss();
}
