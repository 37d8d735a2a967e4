import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from './cursor.ts';

const cursor = {
  epoch: '0123456789ab',
  stream: 'fedcba9876543210',
  seq: 42,
  number: 19_000_000,
  hash: `0x${'a'.repeat(64)}`,
} as const;

describe('a cursor', () => {
  it('survives the way to a client and back', () => {
    const text = encodeCursor(cursor);
    expect(decodeCursor(text)).toEqual(cursor);
    expect(encodeURIComponent(text)).toBe(text);
  });

  it('that is not ours is no cursor, whatever it is', () => {
    const text = encodeCursor(cursor);
    const others = ['', 'nonsense', ` ${text}`, `${text}0`, text.replace('1.', '2.'), text.toUpperCase()];
    others.push(text.replace('.42.', '.-1.'), text.replace('.42.', '.4e2.'), `1${'.0'.repeat(5)}`, '\0');
    for (const other of others) expect(decodeCursor(other)).toBeUndefined();
  });
});
