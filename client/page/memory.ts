import type { Draft } from './wish.ts';

/** What this browser remembers. Where it may not keep anything the page works without. */

const KEY = 'key';
const RECENT = 'balance-stream:recent';
const MOST_RECENT = 6;

/** The API key, for as long as the tab is there: never in the page's address, nor for other tabs. */
export function rememberedKey(): string {
  return attempt(() => sessionStorage.getItem(KEY)) ?? '';
}

export function rememberKey(key: string): void {
  attempt(() => (key ? sessionStorage.setItem(KEY, key) : sessionStorage.removeItem(KEY)));
}

/** What was watched last, the newest first. */
export function recent(): readonly Draft[] {
  const kept: unknown = attempt(() => JSON.parse(localStorage.getItem(RECENT) ?? '[]'));
  return Array.isArray(kept) ? kept.filter(isDraft) : [];
}

export function remember(draft: Draft): void {
  const others = recent().filter(({ owner, chain }) => idOf({ owner, chain }) !== idOf(draft));
  attempt(() => localStorage.setItem(RECENT, JSON.stringify([draft, ...others].slice(0, MOST_RECENT))));
}

export function forgetRecent(): void {
  attempt(() => localStorage.removeItem(RECENT));
}

function idOf({ owner, chain }: Pick<Draft, 'owner' | 'chain'>): string {
  return `${chain} ${owner}`.toLowerCase();
}

function isDraft(kept: unknown): kept is Draft {
  if (typeof kept !== 'object' || kept === null) return false;
  return ['owner', 'chain', 'list', 'tokens'].every(
    (name) => typeof (kept as Record<string, unknown>)[name] === 'string',
  );
}

function attempt<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}
