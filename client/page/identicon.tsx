import type { Address } from '@balance-stream/client';
import { memo } from 'react';

const SIDE = 5;
const COLUMNS = 3;

/** A picture that is always the same for an address, and looks like no other one's: five by five, mirrored. */
export const Identicon = memo(function Identicon({ address }: { readonly address: Address }) {
  const digits = [...address.slice(2).toLowerCase()].map((digit) => Number.parseInt(digit, 16));
  const [first = 0, second = 0, ...rest] = digits;
  const hue = Math.round(((first * 16 + second) / 256) * 360);
  const cells = rest.slice(0, SIDE * COLUMNS).flatMap((digit, index) => {
    if (digit % 2 === 0) return [];
    const [x, y] = [index % COLUMNS, Math.floor(index / COLUMNS)];
    return x === SIDE - 1 - x ? [`M${x} ${y}h1v1h-1z`] : [`M${x} ${y}h1v1h-1zM${SIDE - 1 - x} ${y}h1v1h-1z`];
  });
  return (
    <svg className="picture" viewBox="-1.5 -1.5 8 8" aria-hidden="true">
      <rect x="-1.5" y="-1.5" width="8" height="8" fill={`hsl(${hue} 55% 90%)`} />
      <path d={cells.join('')} fill={`hsl(${hue} 60% 42%)`} shapeRendering="crispEdges" />
    </svg>
  );
});
