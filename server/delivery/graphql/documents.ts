import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/**
 * Parsed documents, kept because clients send the same ones again and again. They are strangers' and there is
 * no end to them, so what is kept is bounded by its size and not only by its number; documents that do not
 * parse are not kept at all.
 */
const MAX_BYTES = 32_000_000;
const MAX_DOCUMENTS = 1000;
/** What a token's nodes and places take in memory, about. */
const BYTES_PER_TOKEN = 1000;

export function documentCaches() {
  return {
    documentCache: new LRUCache<string, DocumentNode>({
      max: MAX_DOCUMENTS,
      maxSize: MAX_BYTES,
      sizeCalculation: ({ tokenCount = 0 }, source) => 2 * source.length + BYTES_PER_TOKEN * (tokenCount + 1),
    }),
    errorCache: { get: () => undefined, set: () => {} },
  };
}
