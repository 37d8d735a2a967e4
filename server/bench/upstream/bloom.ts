import { hexToBytes, keccak256 } from 'viem';
import type { Hex } from '../../chain/types.ts';

/** A block's log bloom (yellow paper, 4.3.1): three bits of 2,048 for each address and topic. */
export function logsBloom(logs: Iterable<{ address: Hex; topics: readonly Hex[] }>): Hex {
  const bloom = new Uint8Array(256);
  for (const { address, topics } of logs)
    for (const value of [address, ...topics])
      for (const bit of bitsOf(value)) {
        const index = 255 - (bit >> 3);
        bloom[index] = (bloom[index] ?? 0) | (1 << (bit & 7));
      }
  return `0x${Buffer.from(bloom).toString('hex')}`;
}

const known = new Map<Hex, readonly number[]>();

function bitsOf(value: Hex): readonly number[] {
  const cached = known.get(value);
  if (cached) return cached;
  const hash = Buffer.from(hexToBytes(keccak256(value)));
  const bits = [0, 2, 4].map((offset) => hash.readUInt16BE(offset) & 2047);
  known.set(value, bits);
  return bits;
}
