import { expect, test } from 'vitest';
import { createTeller, secretsOfUrls } from './redact.ts';

test.each([
  ['https://eth.example/v2/KEY-in-path', ['KEY-in-path', 'v2']],
  ['https://eth.example/rpc?network=main&key=KEY-in-query', ['KEY-in-query', 'main', 'rpc']],
  ['https://eth.example/?KEY-without-a-name', ['KEY-without-a-name']],
  ['https://eth.example/?key=KEY=with=signs', ['KEY=with=signs']],
  ['wss://user:p%40ss@eth.example', ['p%40ss', 'user', 'user:p@ss']],
  ['https://KEY-as-user@eth.example', ['KEY-as-user', 'KEY-as-user:']],
  ['https://eth.example/#KEY-in-fragment', ['KEY-in-fragment']],
  ['https://eth.example/11155111/KEY', ['KEY']],
  ['https://eth.example/11155112/', ['11155112']],
  ['https://eth.example', []],
])('of %s', (url, secrets) => {
  expect(secretsOfUrls([url]).toSorted()).toEqual(secrets.toSorted());
});

test('what is part of the name of an endpoint is no secret: it is told anyway', () => {
  const urls = ['https://mainnet.example/v3/KEY', 'https://other.example/mainnet'];
  expect(secretsOfUrls(urls)).not.toContain('mainnet');
  expect(secretsOfUrls(urls.slice(1))).toContain('mainnet');
});

test('what an endpoint says is told without its URL, and not at any length', () => {
  const told = createTeller(['https://eth.example/v2/planted-key']);
  expect(told('HTTP 401: no such key: planted-key')).toBe('HTTP 401: no such key: [secret]');
  expect(told('x'.repeat(500))).toBe('x'.repeat(500));
  // Cut after the secrets are out: of a secret at the end no half is left.
  expect(told(`${'x'.repeat(494)}planted-key`)).toBe(`${'x'.repeat(494)}[secre…`);
});
