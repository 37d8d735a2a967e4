import type { Address } from '@balance-stream/client';
import type { ServedChain } from './server.ts';

/** What somebody wants to see, as it was written: in the form, and in the page's address. */
export interface Draft {
  readonly owner: string;
  /** Empty: the server's first. */
  readonly chain: string;
  readonly list: string;
  /** Separated by blanks or commas. */
  readonly tokens: string;
}

/** What is to be watched. */
export interface Wish {
  readonly chainId: number;
  readonly owner: Address;
  readonly tokensListsUrls: readonly string[];
  readonly customTokens: readonly (Address | 'native')[];
}

/** What is wrong with each field, in words that say what to do. */
export type Mistakes = Readonly<Partial<Record<keyof Draft, string>>>;

const FIELDS = ['owner', 'chain', 'list', 'tokens'] as const satisfies readonly (keyof Draft)[];

export function draftOf(search: string): Draft {
  const query = new URLSearchParams(search);
  const [owner = '', chain = '', list = '', tokens = ''] = FIELDS.map(
    (name) => query.get(name)?.trim() ?? '',
  );
  return { owner, chain, list, tokens };
}

/** As the page's address has it: what is empty is left out. */
export function searchOf(draft: Draft): string {
  const query = new URLSearchParams();
  for (const name of FIELDS) if (draft[name]) query.set(name, draft[name]);
  return `?${query}`;
}

export function checked(
  draft: Draft,
  chains: readonly ServedChain[],
): { readonly wish: Wish } | { readonly mistakes: Mistakes } {
  const mistakes: Partial<Record<keyof Draft, string>> = {};
  const owner = draft.owner.trim();
  if (!isAddress(owner)) mistakes.owner = owner ? `${whatIsWrong(owner)} ${EXPECTED}` : EXPECTED;
  const chain = draft.chain ? chains.find(({ id }) => `${id}` === draft.chain) : chains[0];
  if (!chain) mistakes.chain = `Chain ${draft.chain} is not served here. Choose one of the list.`;
  const list = draft.list.trim();
  if (list && !isWebAddress(list))
    mistakes.list = 'This is no web address. It begins with https:// and leads to a list in JSON.';
  const tokens = draft.tokens.split(/[\s,]+/).filter(Boolean);
  const wrong = tokens.find((token) => !isToken(token));
  if (wrong !== undefined)
    mistakes.tokens = `“${short(wrong)}” is no token: ${whatIsWrong(wrong)} Separate addresses by blanks or commas.`;
  if (!chain || !isAddress(owner) || Object.keys(mistakes).length > 0) return { mistakes };
  const customTokens = tokens.filter(isToken);
  return {
    wish: {
      chainId: chain.id,
      owner,
      tokensListsUrls: list ? [list] : [],
      customTokens: list || customTokens.length > 0 ? customTokens : ['native'],
    },
  };
}

const EXPECTED = 'A wallet’s address is 0x and 40 digits from 0 to 9 and a to f.';

function whatIsWrong(text: string): string {
  if (!/^0x/i.test(text)) return 'It does not begin with 0x.';
  const digits = text.slice(2);
  if (!/^[0-9a-f]*$/i.test(digits)) return 'It has other characters in it.';
  return `It has ${digits.length} digits after 0x, not 40.`;
}

function short(text: string): string {
  return text.length > 20 ? `${text.slice(0, 20)}…` : text;
}

function isAddress(text: string): text is Address {
  return /^0x[0-9a-f]{40}$/i.test(text);
}

function isToken(text: string): text is Address | 'native' {
  return text === 'native' || isAddress(text);
}

function isWebAddress(text: string): boolean {
  return /^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : '');
}
