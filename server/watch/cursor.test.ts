import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor, joinCursors, splitCursors } from './cursor.ts';

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
    const others = ['', 'nonsense', ` ${text}`, `${text}0`, text.replace('2.', '1.'), text.toUpperCase()];
    others.push(text.replace('.42.', '.-1.'), text.replace('.42.', '.4e2.'), `1${'.0'.repeat(5)}`, '\0');
    for (const other of others) expect(decodeCursor(other)).toBeUndefined();
  });

  it('is read as it was written, whatever it says', () => {
    const hex = (least: number, most: number) =>
      fc.stringMatching(new RegExp(`^[0-9a-f]{${least},${most}}$`));
    const whole = fc.nat(999_999_999_999_999);
    const given = fc.record({
      epoch: hex(1, 32),
      stream: hex(1, 32),
      seq: whole,
      number: whole,
      hash: hex(64, 64).map((digits) => `0x${digits}` as const),
    });
    fc.assert(
      fc.property(given, (one) => {
        expect(decodeCursor(encodeCursor(one))).toEqual(one);
      }),
    );
  });

  it('that was tampered with, anywhere, is none', () => {
    const text = encodeCursor(cursor);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ unit: 'grapheme-ascii', maxLength: 3 }), (at, put) => {
        const other = text.slice(0, at) + put + text.slice(at + 1);
        fc.pre(other !== text);
        expect(decodeCursor(other)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  it('of one place in the seal of another is none', () => {
    const later = encodeCursor({ ...cursor, seq: 43 });
    const seal = encodeCursor(cursor).slice(-16);
    expect(decodeCursor(later.slice(0, -16) + seal)).toBeUndefined();
  });

  it('is a cursor or nothing, whatever the text', () => {
    const near = fc.stringMatching(
      /^2\.[0-9a-f]{0,40}\.[0-9a-f]{0,40}\.\d{0,20}\.\d{0,20}\.0x[0-9a-f]{60,66}\.[0-9a-f]{14,18}$/,
    );
    const text = fc.oneof(fc.string({ unit: 'binary' }), near);
    fc.assert(
      fc.property(text, (other) => {
        expect(decodeCursor(other)).toBeUndefined();
      }),
    );
  });
});

describe('the cursor of a stream over several chains', () => {
  it('is those of its chains', () => {
    const parts = [encodeCursor(cursor), encodeCursor({ ...cursor, seq: 7 })];
    expect(splitCursors(joinCursors(parts))).toEqual(parts);
  });

  it('travels in headers, URLs and JSON as it is', () => {
    const joined = joinCursors([encodeCursor(cursor), encodeCursor(cursor)]);
    expect(joined).toMatch(/^[\x21-\x7e]+$/);
    expect(encodeURIComponent(joined)).toBe(joined);
    expect(JSON.stringify(joined)).toBe(`"${joined}"`);
  });

  it('is looked at no further than there can be chains', () => {
    expect(splitCursors('~'.repeat(1_000_000))).toHaveLength(100);
  });
});
