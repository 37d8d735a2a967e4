import type { UseBalancesResult } from '@balance-stream/client/react';
import { useEffect, useState } from 'react';

const KEPT = 25;

/** Milliseconds from the time of a block to its change being on the screen, the newest first. */
export function useLatency({ block, changes, kind, cause }: UseBalancesResult): readonly number[] {
  const [latencies, setLatencies] = useState<readonly number[]>([]);
  useEffect(() => {
    // A snapshot, or what was missed, is of a block that may be long past; nobody sees a tab that is hidden.
    if (!block || kind !== 'DIFF' || cause !== 'EVENT' || changes.length === 0 || document.hidden) return;
    const frame = requestAnimationFrame(() => {
      const ms = Math.max(0, Date.now() - Date.parse(block.timestamp));
      setLatencies((before) => [ms, ...before].slice(0, KEPT));
    });
    return () => cancelAnimationFrame(frame);
  }, [block, changes, kind, cause]);
  return latencies;
}

export function median(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)];
}
