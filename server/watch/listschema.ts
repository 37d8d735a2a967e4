import { z } from 'zod';
import type { Address } from '../chain/types.ts';
import { rejected } from './urlguard.ts';

export interface TokenListEntry {
  readonly chainId: number;
  readonly address: Address;
  readonly name: string;
  readonly symbol: string;
  readonly decimals: number;
  readonly logoURI: string | null;
}

/** Entries of one list, whatever their chain. */
export const MAX_LIST_ENTRIES = 10_000;
/** Of brackets. Published lists have 5; parsing millions would hold up everybody for seconds. */
export const MAX_DEPTH = 100;
/** Of everything in it. A list of 10,000 has a quarter of it; the parser is at it for a quarter of a second. */
export const MAX_VALUES = 500_000;
/** Generous where published lists are; what is longer is not a name. */
const MAX_NAME = 256;
const MAX_SYMBOL = 64;
const MAX_LOGO_URI = 2048;

const versionPart = z.int().min(0);

/** What is needed of it. https://github.com/Uniswap/token-lists/blob/main/src/tokenlist.schema.json */
const listSchema = z.object({
  name: z.string().min(1).max(MAX_NAME),
  timestamp: z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'expected a date and time'),
  version: z.object({ major: versionPart, minor: versionPart, patch: versionPart }),
  // Counted before they are looked at: millions of them, all wrong, would be millions of findings.
  tokens: z
    .array(z.unknown())
    .max(MAX_LIST_ENTRIES, `expected at most ${MAX_LIST_ENTRIES} tokens`)
    .pipe(
      z.array(
        z.object({
          chainId: z.int().min(1),
          address: z
            .string()
            .regex(/^0x[0-9a-fA-F]{40}$/, 'expected an address (0x and 40 hex digits)')
            .transform((text) => text.toLowerCase() as Address),
          name: z.string().max(MAX_NAME),
          symbol: z.string().max(MAX_SYMBOL),
          decimals: z.int().min(0).max(255),
          logoURI: z
            .string()
            .nullish()
            .transform((uri) => (uri && uri.length <= MAX_LOGO_URI ? uri : null)),
        }),
      ),
    ),
});

/** The entries of a list's text. Throws TOKEN_LIST_REJECTED, naming the URL and where the list is wrong. */
export function parseTokenList(url: string, text: string): readonly TokenListEntry[] {
  let json: unknown;
  const excess = excessOf(text);
  if (excess) throw rejected(url, excess);
  try {
    json = JSON.parse(text);
  } catch {
    throw rejected(url, 'is not JSON');
  }
  const parsed = listSchema.safeParse(json);
  if (parsed.success) return parsed.data.tokens;
  const issue = parsed.error.issues[0];
  const path = z.core.toDotPath(issue?.path ?? []);
  throw rejected(url, `${path === '' ? 'the list itself' : path}: ${issue?.message}`);
}

/** What there is too much of to parse it, strings aside. What is no JSON may be told either. */
function excessOf(text: string): string | undefined {
  let depth = 0;
  let values = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quoted && char === '\\') at++;
    else if (char === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (char === '[' || char === '{') {
      if (++depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH} levels`;
      values++;
    } else if (char === ']' || char === '}') depth--;
    else if (char === ',') values++;
    if (values > MAX_VALUES) return `holds more than ${MAX_VALUES} values`;
  }
  return undefined;
}
