import { z } from 'zod';
import type { Hex } from './types.ts';

/** A number as JSON-RPC writes it: hex without leading zeros. */
export function toQuantity(value: number): Hex {
  return `0x${value.toString(16)}`;
}

/** Hex of so many digits as an endpoint may write it: in any case. Lower-case inside. */
export function hexOf(digits: number) {
  return z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${digits}}$`))
    .transform((text) => text.toLowerCase() as Hex);
}
