import { hash as digest, randomBytes } from 'node:crypto';
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

const FORMAT =
  /^(2\.([0-9a-f]{1,32})\.([0-9a-f]{1,32})\.(\d{1,15})\.(\d{1,15})\.(0x[0-9a-f]{64}))\.([0-9a-f]{16})$/;
/** What a cursor says is believed: one with a later number than its own would pass over changes. */
const SECRET = randomBytes(32).toString('hex');

/** Plain ASCII without spaces, commas or quotes: it travels in headers, URLs and JSON as it is. */
export function encodeCursor({ epoch, stream, seq, number, hash }: Cursor): string {
  const text = `2.${epoch}.${stream}.${seq}.${number}.${hash}`;
  return `${text}.${sealOf(text)}`;
}

/** Undefined for anything that is no cursor of this process, as it was: what cannot be resumed from gets a snapshot. */
export function decodeCursor(text: string): Cursor | undefined {
  const [, sealed, epoch, stream, seq, number, hash, seal] = FORMAT.exec(text) ?? [];
  if (!sealed || seal !== sealOf(sealed)) return undefined;
  if (!epoch || !stream || !seq || !number || !hash) return undefined;
  return { epoch, stream, seq: Number(seq), number: Number(number), hash: hash as Hash };
}

const SEPARATOR = '~';
/** Of one stream: more chains than any process serves. */
const MOST_CURSORS = 100;

/** Where a subscriber stands on several chains, as one. */
export function joinCursors(cursors: readonly string[]): string {
  return cursors.join(SEPARATOR);
}

/** The cursors that one was joined of. */
export function splitCursors(text: string): string[] {
  return text.split(SEPARATOR, MOST_CURSORS);
}

/** Twice, as HMAC does it, so that nobody goes on from a seal; by Node's own HMAC it takes ten times as long. */
function sealOf(text: string): string {
  return digest('sha256', SECRET + digest('sha256', SECRET + text)).slice(0, 16);
}

export function blockOf({ number, hash }: Cursor): BlockRef {
  return { number, hash, timestamp: 0 };
}
