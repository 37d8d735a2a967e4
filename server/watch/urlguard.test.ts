import { expect, test } from 'vitest';
import { checkUrl } from './urlguard.ts';

const strict = { allowPrivate: false, blockedDomains: ['evil.example', '*.bad.example', 'BÜCHER.example'] };

test.each([
  ['https://lists.example/a.json', 'https://lists.example/a.json'],
  ['https://LISTS.example/a.json#fragment', 'https://lists.example/a.json'],
  ['https://notevil.example/', 'https://notevil.example/'],
  ['https://evil.example.org/', 'https://evil.example.org/'],
])('%s may be fetched', (text, href) => {
  expect(checkUrl(text, strict).href).toBe(href);
});

test.each([
  ['no address', 'is not a URL'],
  ['http://lists.example/', 'only https: addresses are fetched'],
  ['file:///etc/passwd', 'only https: addresses are fetched'],
  ['data:application/json,{}', 'only https: addresses are fetched'],
  ['https://key@lists.example/', 'must not carry credentials'],
  ['https://evil.example/', 'the domain evil.example is blocked'],
  ['https://EVIL.example./', 'the domain evil.example is blocked'],
  ['https://a.b.evil.example/', 'the domain evil.example is blocked'],
  ['https://a.bad.example/', 'the domain *.bad.example is blocked'],
  ['https://bad.example/', 'the domain *.bad.example is blocked'],
  ['https://xn--bcher-kva.example/', 'the domain BÜCHER.example is blocked'],
])('%s is refused: %s', (text, reason) => {
  expect(() => checkUrl(text, strict)).toThrow(
    expect.objectContaining({ code: 'TOKEN_LIST_REJECTED', message: expect.stringContaining(reason) }),
  );
});

test('http: is for those who run the list themselves', () => {
  expect(checkUrl('http://127.0.0.1:1/a', { allowPrivate: true, blockedDomains: [] }).port).toBe('1');
});

test('credentials are not repeated', () => {
  expect(() => checkUrl('https://user:secret@lists.example/', strict)).toThrow(
    'token list https://lists.example/: must not carry credentials',
  );
});
