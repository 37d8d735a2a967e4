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
])('%s and %s: %s', (pattern, origin, matches) => {
  expect(originMatcher(['https://other.example', pattern])(origin)).toBe(matches);
});

test('no pattern, no origin', () => {
  expect(originMatcher([])('https://app.example.org')).toBe(false);
});
