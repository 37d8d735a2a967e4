import type { BlockRef, Hash } from '../chain/types.ts';

/**
 * Where a subscriber stands. `seq` counts the changes of one ledger, named by `epoch`; `stream` says what was
 * being watched. The block is the last one through which nothing of the wallet was waiting to be read.
 */
export interface Cursor {
  readonly epoch: string;
  readonly stream: string;
  readonly seq: number;
  readonly number: number;
  readonly hash: Hash;
}

const FORMAT = /^1\.([0-9a-f]{1,32})\.([0-9a-f]{1,32})\.(\d{1,15})\.(\d{1,15})\.(0x[0-9a-f]{64})$/;

/** Plain ASCII without spaces, commas or quotes: it travels in headers, URLs and JSON as it is. */
export function encodeCursor({ epoch, stream, seq, number, hash }: Cursor): string {
  return `1.${epoch}.${stream}.${seq}.${number}.${hash}`;
}

/** Undefined for anything that is no cursor of ours: what cannot be resumed from gets a snapshot. */
export function decodeCursor(text: string): Cursor | undefined {
  const [, epoch, stream, seq, number, hash] = FORMAT.exec(text) ?? [];
  if (!epoch || !stream || !seq || !number || !hash) return undefined;
  return { epoch, stream, seq: Number(seq), number: Number(number), hash: hash as Hash };
}

export function blockOf({ number, hash }: Cursor): BlockRef {
  return { number, hash, timestamp: 0 };
}
