import { encodeAbiParameters, type Hex, stringToHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { decimalsOf, textOf } from './metadata.ts';

const MOST = 64;
const answered = (data: Hex) => ({ success: true, data });
const string = (text: string) => answered(encodeAbiParameters([{ type: 'string' }], [text]));
const bytes32 = (text: string) => answered(stringToHex(text, { size: 32 }));
const uint = (value: bigint) => answered(encodeAbiParameters([{ type: 'uint256' }], [value]));

describe('what a token says of itself', () => {
  it.each([
    ['a string', string('USDC'), 'USDC'],
    ['a string of many scripts', string('金 ΩΜΕΓΑ 🪙'), '金 ΩΜΕΓΑ 🪙'],
    ['bytes32, as MKR has', bytes32('MKR'), 'MKR'],
    ['bytes32 that is full', bytes32('x'.repeat(32)), 'x'.repeat(32)],
    ['as long as may be', string('x'.repeat(MOST)), 'x'.repeat(MOST)],
    ['longer than that', string('x'.repeat(MOST + 1)), 'x'.repeat(MOST)],
    ['10 kB', string('é'.repeat(10_000)), 'é'.repeat(MOST)],
    ['spaces around it', string('  A B \n'), 'A B'],
    ['control characters and overrides of direction', string('\0A\u202eB\u200b\u0007C\ufeff'), 'ABC'],
    ['nothing', string(''), null],
    ['nothing but what is cleaned away', string('\u202e\0 '), null],
    ['no answer', answered('0x'), null],
    ['a revert', { success: false, data: '0x' as Hex }, null],
    ['less than a word', answered('0x1234'), null],
    ['an offset into nowhere', answered(`0x${'f'.repeat(128)}`), null],
    [
      'a length past its end',
      answered(`0x${'20'.padStart(64, '0')}${'ff'.padStart(64, '0')}${'41'.repeat(4)}`),
      'AAAA',
    ],
    [
      'bytes that are no UTF-8',
      answered(`0x${'20'.padStart(64, '0')}${'03'.padStart(64, '0')}${'ff41ff'.padEnd(64, '0')}`),
      'A',
    ],
  ])('as text: %s', (_, result, expected) => {
    expect(textOf(result, MOST)).toBe(expected);
  });

  it.each([
    ['18', uint(18n), 18],
    ['0', uint(0n), 0],
    ['77, the most that an amount has places for', uint(77n), 77],
    ['78', uint(78n), null],
    ['300', uint(300n), null],
    ['all bits', uint(2n ** 256n - 1n), null],
    ['no answer', answered('0x'), null],
    ['a revert', { success: false, data: '0x' as Hex }, null],
  ])('as decimals: %s', (_, result, expected) => {
    expect(decimalsOf(result)).toBe(expected);
  });
});
