import type { Address } from '@balance-stream/client';
import { memo } from 'react';

const SIDE = 5;
const COLUMNS = 3;

/**
 * A picture that is always the same for an address: five by five, mirrored. All digits count, for an address that is
 * made to be mistaken for another one is like it at its ends.
 */
export const Identicon = memo(function Identicon({ address }: { readonly address: Address }) {
  const hash = hashOf(address.toLowerCase());
  const hue = (hash >>> (SIDE * COLUMNS)) % 360;
  const cells = Array.from({ length: SIDE * COLUMNS }, (_, index) => {
    if (((hash >>> index) & 1) === 0) return '';
    const [x, y] = [index % COLUMNS, Math.floor(index / COLUMNS)];
    return x === SIDE - 1 - x ? `M${x} ${y}h1v1h-1z` : `M${x} ${y}h1v1h-1zM${SIDE - 1 - x} ${y}h1v1h-1z`;
  });
  return (
    <svg className="picture" viewBox="-1.5 -1.5 8 8" aria-hidden="true">
      <rect x="-1.5" y="-1.5" width="8" height="8" fill={`hsl(${hue} 55% 90%)`} />
      <path d={cells.join('')} fill={`hsl(${hue} 60% 42%)`} shapeRendering="crispEdges" />
    </svg>
  );
});

/** FNV-1a, of 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}
