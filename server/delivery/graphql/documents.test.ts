import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { documentCaches } from './documents.ts';
import { LIMITS } from './limits.ts';

test('documents as large as they may be do not fill the memory, however many come', () => {
  const { documentCache } = documentCaches();
  const tokens = '"native" '.repeat(LIMITS.tokens - 15);
  const document = parse(`{ balances(owner: "native", tokens: [${tokens}]) { amount } }`, {
    maxTokens: LIMITS.tokens,
  });
  for (let i = 0; i < 1000; i++) documentCache.set(`${i}`.padEnd(LIMITS.characters), document);
  expect(documentCache.calculatedSize).toBeLessThanOrEqual(32_000_000);
  expect(documentCache.get('999'.padEnd(LIMITS.characters))).toBe(document);
});

test('small documents are kept by the hundred', () => {
  const { documentCache } = documentCaches();
  const document = parse('{ chains { id } }', { maxTokens: LIMITS.tokens });
  for (let i = 0; i < 500; i++) documentCache.set(`{ chains { id } } # ${i}`, document);
  expect(documentCache.get('{ chains { id } } # 0')).toBe(document);
});
