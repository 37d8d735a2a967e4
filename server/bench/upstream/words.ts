/** ABI words as bare hex (no 0x): the synthetic node answers by joining strings. */
export const ZERO_WORD = '0'.repeat(64);

export function word(value: bigint | number): string {
  return value.toString(16).padStart(64, '0');
}

export function addressWord(address: string): string {
  return address.slice(2).padStart(64, '0');
}

/** Bytes of a multiple of 32, zero-filled on the right. */
export function padded(hex: string): string {
  return hex.padEnd(Math.ceil(hex.length / 64) * 64, '0');
}

/** `abi.encode(string)`. */
export function encodedString(text: string): string {
  const hex = Buffer.from(text).toString('hex');
  return word(32) + word(hex.length / 2) + padded(hex);
}

export function quantity(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
