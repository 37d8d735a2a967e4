import { expect, test } from 'vitest';
import { NATIVE } from '../../chain/types.ts';
import { parseAddress, parseAmount, parseUrl } from './scalars.ts';

const USDC = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';

test.each([
  ['lower case', USDC, USDC],
  ['EIP-55', '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48', USDC],
  ['a wrong checksum', '0xA0B86991c6218b36c1d19D4a2e9Eb0cE3606eB48', USDC],
  ['upper case, even of the x', '0XA0B86991C6218B36C1D19D4A2E9EB0CE3606EB48', USDC],
  ['the native coin by name', 'native', NATIVE],
  ['the native coin by address', '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE', NATIVE],
])('an address in %s', (_, given, expected) => {
  expect(parseAddress(given)).toBe(expected);
});

test.each([
  ['too short', '0x123', /"0x123" is no Address: expected 0x and 40 hex digits, or "native"/],
  ['without 0x', USDC.slice(2), /expected 0x and 40 hex digits/],
  ['with a digit that is none', USDC.replace('a', 'g'), /expected 0x and 40 hex digits/],
  ['with something after it', `${USDC}\n`, /expected 0x and 40 hex digits/],
  ['a name', 'vitalik.eth', /"vitalik.eth" is no Address/],
  ['a number', 5, /5 is no Address: expected a string/],
  ['nothing', null, /null is no Address/],
  ['a list', ['native'], /^a list is no Address: expected a string/],
  ['an object', { native: true }, /^an object is no Address: expected a string/],
  [
    'lists too deep to follow',
    JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)),
    /^a list is no Address/,
  ],
  ['very long', 'a'.repeat(1000), /^"a{99}… is no Address/],
])('no address: %s', (_, given, message) => {
  expect(() => parseAddress(given)).toThrow(message);
});

test('a URL is absolute', () => {
  expect(parseUrl('https://tokens.example/list.json')).toBe('https://tokens.example/list.json');
  for (const given of ['tokens.example/list.json', '/list.json', '', 7])
    expect(() => parseUrl(given)).toThrow(/is no URL: expected an absolute URL/);
});

const MAX = 2n ** 256n - 1n;

test.each<[string, unknown, bigint]>([
  ['a decimal string', '1000000000000000000', 10n ** 18n],
  ['nothing', '0', 0n],
  ['zeros before it', '007', 7n],
  ['the most', `${MAX}`, MAX],
  ['a number', 5, 5n],
  ['the largest number that is exact', 2 ** 53 - 1, 2n ** 53n - 1n],
])('an amount: %s', (_, given, expected) => {
  expect(parseAmount(given)).toBe(expected);
});

const NO_AMOUNT = /is no BigInt: expected a whole number from 0 to 2\^256-1 as a decimal string/;

test.each<[string, unknown]>([
  ['one past the most', `${MAX + 1n}`],
  ['many digits', '9'.repeat(1_000_000)],
  ['less than nothing', '-1'],
  ['a number less than nothing', -1],
  ['a number that is not exact', 2 ** 53],
  ['half', 0.5],
  ['half as a string', '0.5'],
  ['hexadecimal', '0x12'],
  ['an exponent', '1e18'],
  ['no digit', ''],
  ['white space around it', ' 1\n'],
  ['digits of another script', '١'],
  ['a boolean', true],
  ['null', null],
  ['a list', ['1']],
  ['no number', Number.NaN],
])('no amount: %s', (_, given) => {
  expect(() => parseAmount(given)).toThrow(NO_AMOUNT);
});
