import { expect, test } from 'vitest';
import { createRedactor } from './redactor.ts';

const PLAIN = 'Kq7-planted_secret';
const ODD = 'p%40ss"wo\\rd/+ü&=';
const base64 = (text: string) => Buffer.from(text).toString('base64');

test.each([
  ['as it is', PLAIN, PLAIN],
  ['in the midst of a word', PLAIN, `x${PLAIN}x`],
  ['in another case', PLAIN, PLAIN.toUpperCase()],
  ['in base64', PLAIN, base64(PLAIN)],
  ['in base64, of a header', 'user:planted', `Basic ${base64('user:planted')}`],
  ['twice', PLAIN, `${PLAIN} ${PLAIN}`],
  ['of odd characters', ODD, ODD],
  ['percent-encoded', 'planted/secret ü', encodeURIComponent('planted/secret ü')],
  ['percent-encoded in lower case', 'planted/secret ü', encodeURIComponent('planted/secret ü').toLowerCase()],
  ['decoded', 'planted%2Fsecret', 'planted/secret'],
  ['decoded, in base64', 'planted%2Fsecret', base64('planted/secret')],
  ['not to be decoded', 'planted%secret', 'planted%secret'],
  ['in JSON', ODD, JSON.stringify({ odd: ODD })],
  ['in JSON in JSON', ODD, JSON.stringify({ body: JSON.stringify({ odd: ODD }) })],
  ['in JSON, decoded', 'planted%22secret', JSON.stringify({ odd: 'planted"secret' })],
])('a secret is taken out %s', (_, secret, text) => {
  const redacted = createRedactor([secret])(text);
  expect(redacted).toContain('[secret]');
  for (const part of ['planted', 'wo', base64('planted').slice(0, 6)]) expect(redacted).not.toContain(part);
});

test('a line of JSON stays one, whatever is taken out of it', () => {
  const line = JSON.stringify({
    level: 30,
    time: 1_700_123_456_789,
    ids: [123_456, 1, 123_456],
    head: 123_456,
    said: 'no such key: 123456',
    [PLAIN]: [PLAIN, ODD],
    err: { stack: `a\n${ODD}` },
  });
  const redacted = createRedactor([PLAIN, ODD, '123456'])(line);
  expect(JSON.parse(redacted)).toEqual({
    level: 30,
    time: 1_700_123_456_789,
    ids: [123_456, 1, 123_456],
    head: 123_456,
    said: 'no such key: [secret]',
    '[secret]': ['[secret]', '[secret]'],
    err: { stack: 'a\n[secret]' },
  });
});

test('of a secret that contains another nothing is left over', () => {
  expect(createRedactor(['planted', 'planted-and-more'])('planted-and-more, planted')).toBe(
    '[secret], [secret]',
  );
});

test('what is too short to be a secret is left where it is', () => {
  const redact = createRedactor(['12345', '', 'v2']);
  expect(redact('/v2/12345')).toBe('/v2/12345');
  expect(createRedactor(['123456'])('/v2/123456')).toBe('/v2/[secret]');
});
