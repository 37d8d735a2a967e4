import { memo } from 'react';
import type { Point } from '../story.ts';

const WIDTH = 96;
const HEIGHT = 24;
const MARGIN = 3;
/** So that a change of this moment can be seen. */
const TAIL = 3;
/** Amounts have more digits than a double. */
const STEPS = 1000n;

interface SparklineProps {
  readonly points: readonly Point[];
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** A token's course over the time that it was watched, as steps: a balance stays what it is until it changes. */
export const Sparkline = memo(function Sparkline({ points, sinceMs, untilMs }: SparklineProps) {
  const end = points.at(-1);
  if (!end) return null;
  const amounts = points.map(({ amount }) => amount).sort((one, other) => (one < other ? -1 : 1));
  const [least = 0n, most = 0n] = [amounts[0], amounts.at(-1)];
  const x = (atMs: number) =>
    round(((WIDTH - TAIL) * Math.max(0, atMs - sinceMs)) / Math.max(1, untilMs - sinceMs));
  const y = (amount: bigint) => {
    const share = most === least ? 0.5 : Number(((amount - least) * STEPS) / (most - least)) / Number(STEPS);
    return round(HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN));
  };
  const [first, ...rest] = points;
  const steps = rest.map(({ atMs, amount }) => `H${x(atMs)}V${y(amount)}`);
  return (
    <svg
      className={points.length > 1 ? 'sparkline moved' : 'sparkline'}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path
        d={`M0 ${y((first ?? end).amount)}${steps.join('')}H${WIDTH}`}
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
});

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
