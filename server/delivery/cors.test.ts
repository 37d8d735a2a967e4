import { expect, test } from 'vitest';
import { originMatcher } from './cors.ts';

test.each([
  ['*', 'https://anything.example', true],
  ['*', 'null', true],
  ['https://app.example.org', 'https://app.example.org', true],
  ['https://APP.example.org', 'https://app.example.org', true],
  ['https://app.example.org', 'http://app.example.org', false],
  ['https://app.example.org', 'https://app.example.org:8443', false],
  ['https://app.example.org', 'https://app.example.org.evil.com', false],
  ['https://app.example.org', 'https://appXexample.org', false],
  ['https://*.example.org', 'https://app.example.org', true],
  ['https://*.example.org', 'https://a.b.example.org', true],
  ['https://*.example.org', 'https://example.org', false],
  ['https://*.example.org', 'https://evil-example.org', false],
  ['https://*.example.org', 'https://evil.com/.example.org', false],
  ['https://*.example.org', 'http://app.example.org', false],
  ['https://*-preview.example.org', 'https://pr-7-preview.example.org', true],
  ['https://*', 'https://app.example.org:8443', true],
  ['https://*', 'http://app.example.org', false],
  ['http://localhost:*', 'http://localhost:5173', true],
  ['http://localhost:*', 'http://localhost.evil.com', false],
  ['*.example.org', 'https://app.example.org', true],
  ['*.example.org', 'https://evil-example.org', false],
  ['*://app.example.org', 'http://app.example.org', true],
  ['https://app.*.example.org', 'https://app.eu.example.org', true],
  ['https://*-*-*.example.org', 'https://a-b-c.example.org', true],
  ['https://*-*-*.example.org', 'https://a-b.example.org', false],
  ['https://a*a.example.org', 'https://a.example.org', false],
  ['https://*.example.org', 'https://evil.com?.example.org', false],
  ['https://*.example.org', 'https://evil.com#.example.org', false],
  ['https://*.example.org', 'https://evil.com\\\\.example.org', false],
  ['https://*.example.org', 'https://evil.com@a.example.org', false],
  ['http://localhost:*', 'http://localhost:3000.evil.com', false],
  ['capacitor://*', 'capacitor://localhost', true],
  ['null', 'null', true],
  ['https://*', `https://${'a'.repeat(293)}`, false],
])('%s and %s: %s', (pattern, origin, matches) => {
  expect(originMatcher(['https://other.example', pattern])(origin)).toBe(matches);
});

test('no pattern, no origin', () => {
  expect(originMatcher([])('https://app.example.org')).toBe(false);
});

test('no origin takes long', () => {
  const matches = originMatcher([`https://${'*-'.repeat(20)}*.example.org`]);
  for (const length of [100, 290, 16_000]) expect(matches(`https://${'-'.repeat(length)}`)).toBe(false);
});
