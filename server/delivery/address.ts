import { getAddress } from 'viem';
import { type Address, NATIVE } from '../chain/types.ts';

/** An address in any case, a wrong checksum included, as it is kept inside; undefined where it is none. */
export function parseAddress(text: string): Address | undefined {
  return /^0x[0-9a-f]{40}$/i.test(text) ? (text.toLowerCase() as Address) : undefined;
}

/** As parseAddress, and `native` for the native coin. */
export function parseToken(text: string): Address | undefined {
  return text.toLowerCase() === 'native' ? NATIVE : parseAddress(text);
}

/** EIP-55. */
export function checksum(address: Address): Address {
  return getAddress(address);
}
