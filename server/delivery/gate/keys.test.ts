import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Keys, keyOf } from './keys.ts';

const request = (headers: IncomingMessage['headers'], url = '/') => ({ headers, url }) as IncomingMessage;

test.each<[string, IncomingMessage['headers'], string | undefined, string | undefined]>([
  ['a bearer token', { authorization: 'Bearer abc' }, undefined, 'abc'],
  ['in any case', { authorization: 'BEARER abc' }, undefined, 'abc'],
  ['another scheme is not for us', { authorization: 'Basic abc' }, undefined, undefined],
  ['a header', { 'x-api-key': 'abc' }, undefined, 'abc'],
  ['the query', {}, '/graphql?query=x&api_key=abc', 'abc'],
  ['the query, encoded', {}, '/?api_key=a%2Bb%20c', 'a+b c'],
  ['the query, encoded wrongly', {}, '/?api_key=%zz', '%zz'],
  ['the first of two', {}, '/?api_key=abc&api_key=def', 'abc'],
  ['a bearer token before a header', { authorization: 'Bearer abc', 'x-api-key': 'def' }, undefined, 'abc'],
  ['a header before the query', { 'x-api-key': 'abc' }, '/?api_key=def', 'abc'],
  ['nothing', {}, '/api_key=abc', undefined],
  ['nothing in it', { authorization: 'Bearer', 'x-api-key': '' }, '/?api_key=', undefined],
])('%s', (_, headers, url, expected) => {
  expect(keyOf(request(headers, url))).toBe(expected);
});

test('whatever is sent, it is a key or none', () => {
  const text = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(text, text, text, (authorization, key, query) => {
      const sent = keyOf(request({ authorization, 'x-api-key': key }, `/?${query}`));
      expect(['string', 'undefined']).toContain(typeof sent);
      if (sent !== undefined) expect(new Keys(['abc', 'def']).nameOf(sent)).toBe(undefined);
    }),
  );
});

describe('a key', () => {
  const keys = new Keys(['abc', 'def']);

  test('has a name that is not itself', () => {
    const names = [keys.nameOf('abc'), keys.nameOf('def')];
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^[0-9a-f]{12}$/);
  });

  test.each(['', 'ab', 'abcd', 'ABC', 'abc,def', ' abc'])('%j is none of ours', (key) => {
    expect(keys.nameOf(key)).toBe(undefined);
  });

  test('is asked for where there are any', () => {
    expect([new Keys([]).areAsked, keys.areAsked]).toEqual([false, true]);
  });
});
