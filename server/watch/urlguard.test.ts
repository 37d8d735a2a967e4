import { expect, test } from 'vitest';
import { isPublic } from './public-address.ts';
import { checkUrl, MAX_URL_LENGTH, withoutSecrets } from './urlguard.ts';

const blockedDomains = ['evil.example', '*.bad.example', '.Worse.example.', 'BÜCHER.example', '9.9.9.9'];
const strict = { allowPrivate: false, blockedDomains, isPublic };
const lax = { allowPrivate: true, blockedDomains, isPublic };
/** An address of that many characters. */
const long = (length: number) => 'https://lists.example/'.padEnd(length, 'a');

test.each([
  ['https://lists.example/a.json', 'https://lists.example/a.json'],
  ['https://LISTS.example/a.json#fragment', 'https://lists.example/a.json'],
  ['https://notevil.example/', 'https://notevil.example/'],
  ['https://evil.example.org/', 'https://evil.example.org/'],
  ['https://lists.example./a.json', 'https://lists.example/a.json'],
  ['https://lists.example:443/', 'https://lists.example/'],
  ['https://lists.example:1024/', 'https://lists.example:1024/'],
  ['https://lists.example:65535/', 'https://lists.example:65535/'],
  ['https://134744072/', 'https://8.8.8.8/'],
  ['https://[2606:4700:0::1111]/?a=b', 'https://[2606:4700::1111]/?a=b'],
  ['https://bücher.example.org/', 'https://xn--bcher-kva.example.org/'],
  [long(MAX_URL_LENGTH), long(MAX_URL_LENGTH)],
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
  ['https://a.worse.example/', 'the domain .Worse.example. is blocked'],
  ['https://0x09090909/', 'the domain 9.9.9.9 is blocked'],
  ['https://lists.example:1023/', 'port 1023 is neither the default one nor above 1023'],
  ['https://10.0.0.1/', 'its address is not public'],
  ['https://router/', 'expected the name of a host on the public internet'],
  [long(MAX_URL_LENGTH + 1), 'is longer than 4096 characters'],
])('%s is refused: %s', (text, reason) => {
  expect(() => checkUrl(text, strict)).toThrow(
    expect.objectContaining({ code: 'TOKEN_LIST_REJECTED', message: expect.stringContaining(reason) }),
  );
});

test.each(['http://127.0.0.1:8080/a', 'http://localhost:8080/a', 'http://lists/a', 'https://[::1]:8443/a'])(
  '%s is for those who run the list themselves',
  (text) => {
    expect(checkUrl(text, lax).href).toBe(text);
  },
);

test.each([
  ['ftp://127.0.0.1/', 'only https: addresses are fetched'],
  ['http://127.0.0.1:22/', 'port 22'],
  ['http://user@127.0.0.1/', 'must not carry credentials'],
  ['http://evil.example/', 'the domain evil.example is blocked'],
])('%s is refused to them as well', (text, reason) => {
  expect(() => checkUrl(text, lax)).toThrow(reason);
});

test.each([
  ['https://user:secret@lists.example/', 'https://lists.example/: must not carry credentials'],
  ['https://user:secret@[lists.example/', 'https://[lists.example/: is not a URL'],
  ['https:user:secret@[lists.example/', 'https:[lists.example/: is not a URL'],
  ['https://user:se@cret@:lists.example/', 'https://:lists.example/: is not a URL'],
  ['user:secret@lists.example', 'user:lists.example: only https: addresses are fetched'],
])('the credentials in %s are not repeated', (text, message) => {
  expect(() => checkUrl(text, strict)).toThrow(expect.objectContaining({ message: `token list ${message}` }));
});

test('a query is named to who asked, who may have sent two that differ in nothing else; nobody else is told', () => {
  const url = 'https://lists.example:1/a.json?key=mine';
  expect(() => checkUrl(url, strict)).toThrow(`token list ${url}: `);
  expect(withoutSecrets(new URL(url))).toBe('https://lists.example:1/a.json');
});

test('an address of a megabyte is not repeated in full', () => {
  const refusal = () => checkUrl('https://'.padEnd(1_000_000, 'a@['), strict);
  expect(refusal).toThrow(expect.objectContaining({ message: expect.stringMatching(/^.{1,2100}$/) }));
});
