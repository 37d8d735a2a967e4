import { z } from '@hono/zod-openapi';
import { type Address, NATIVE } from '../../chain/types.ts';
import { MAX_LISTS_PER_REQUEST } from '../../watch/tokenlists.ts';
import { MAX_URL_LENGTH } from '../../watch/urlguard.ts';
import { parseAddress, parseToken } from '../address.ts';

/** What the routes take and answer: validated by these, and documented from these. */

const OWNER_EXAMPLE = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045';
const TOKEN_EXAMPLE = '0x6b175474e89094c44da98b954eedeac495271d0f';
const CLIENT_ID_EXAMPLE = '0b8a6c5e-6d0a-4f0e-9a55-1f2d3c4b5a69';
const CURSOR_EXAMPLE = '1.dc6a3be58b58.75714bb410497ba7.10.4.0x92b7';
const LIST_EXAMPLE = 'https://tokens.uniswap.org';
const AMOUNT_EXAMPLE = '1000000000000000000';

// Without flags: a JSON Schema's pattern has none.
const ADDRESS = '0[xX][0-9a-fA-F]{40}';
const CHAIN_ID_DIGITS = 15;

/** A schema of text that becomes an address. */
const addressText = (pattern: string, parse: (text: string) => Address | undefined, expected: string) =>
  z
    .string()
    .regex(new RegExp(`^(${pattern})$`), `expected ${expected}`)
    .transform((text) => parse(text) ?? z.NEVER);

const owner = addressText(ADDRESS, parseAddress, 'an address (0x and 40 hex digits)');
const token = addressText(
  `${ADDRESS}|[nN][aA][tT][iI][vV][eE]`,
  parseToken,
  'a token (0x and 40 hex digits, or native)',
).openapi('Token', {
  description: 'Address of a token, in any case; `native` or 0xeeee…eeee for the native coin.',
  example: TOKEN_EXAMPLE,
});
const clientId = z.guid('expected a UUID').transform((id) => id.toLowerCase());

export const walletParams = z.object({
  chain_id: z
    .string()
    .regex(new RegExp(`^\\d{1,${CHAIN_ID_DIGITS}}$`), 'expected a chain id')
    .transform(Number)
    .openapi({
      param: { name: 'chain_id', in: 'path' },
      type: 'integer',
      minimum: 0,
      maximum: 10 ** CHAIN_ID_DIGITS - 1,
      description: 'EIP-155 chain id.',
      example: 1,
    }),
  owner: owner.openapi({
    param: { name: 'owner', in: 'path' },
    description: 'The wallet, in any case.',
    example: OWNER_EXAMPLE,
  }),
});

export const tokenParams = walletParams.extend({
  token: token.openapi({
    param: { name: 'token', in: 'path', description: 'The token, or the native coin.' },
  }),
});

const clientIdMeta = {
  // Stricter than the format, which some take to allow `urn:uuid:`.
  pattern: z.regexes.guid.source,
  description:
    'Names one client of the wallet, whose token list is its own. Without it all devices of the wallet share one.',
  example: CLIENT_ID_EXAMPLE,
} as const;

export const clientQuery = z.object({
  client_id: clientId.optional().openapi({ param: { name: 'client_id', in: 'query' }, ...clientIdMeta }),
});
export const clientHeaders = z.object({
  'x-client-id': clientId
    .optional()
    .openapi({ param: { name: 'x-client-id', in: 'header' }, ...clientIdMeta }),
});

/** The header wins over the query, which is for those who cannot set headers. */
export function clientIdOf(
  headers: z.output<typeof clientHeaders>,
  query: z.output<typeof clientQuery>,
): string | null {
  return headers['x-client-id'] ?? query.client_id ?? null;
}

const cursorMeta = {
  description:
    'The `id` of the last event received: resumes after it, with a snapshot where that is not possible.',
  example: CURSOR_EXAMPLE,
} as const;
export const streamQuery = clientQuery.extend({
  // One that is appended at every reconnection is repeated: whatever it is, it is no reason to refuse the stream.
  last_event_id: z
    .union([z.string(), z.array(z.string())])
    .transform((given) => [given].flat().at(-1))
    .optional()
    .openapi({ param: { name: 'last_event_id', in: 'query' }, type: 'string', ...cursorMeta }),
});
export const streamHeaders = clientHeaders.extend({
  'last-event-id': z
    .string()
    .optional()
    .openapi({ param: { name: 'last-event-id', in: 'header' }, ...cursorMeta }),
});

/** Of one body, however often each is named: the session's own limit counts each once. */
export const MAX_NAMED_TOKENS = 10_000;

export const sessionBody = z
  .object({
    tokensListsUrls: z
      .array(z.string().openapi({ format: 'uri', maxLength: MAX_URL_LENGTH }))
      .max(MAX_NAMED_TOKENS, `expected at most ${MAX_NAMED_TOKENS} token lists`)
      .nullish()
      .transform((urls) => urls ?? [])
      .openapi({
        maxItems: MAX_LISTS_PER_REQUEST,
        description: 'Token lists (https://tokenlists.org) whose tokens on the chain are watched.',
        example: [LIST_EXAMPLE],
      }),
    customTokens: z
      .array(token)
      .max(MAX_NAMED_TOKENS, `expected at most ${MAX_NAMED_TOKENS} tokens`)
      .nullish()
      .transform((tokens) => tokens ?? [])
      .openapi({
        description: 'Further tokens. The native coin and its wrapped token are always watched.',
        example: [TOKEN_EXAMPLE],
      }),
  })
  .openapi('SessionRequest', {
    description: 'Either kind of source may be left out, not both: at least one list or one token is named.',
  });

export const SESSION_BODY_EXAMPLES = {
  tokens: { summary: 'Tokens by address', value: { customTokens: [TOKEN_EXAMPLE] } },
  lists: { summary: 'All tokens of a list', value: { tokensListsUrls: [LIST_EXAMPLE] } },
  both: {
    summary: 'A list and a token more',
    value: { tokensListsUrls: [LIST_EXAMPLE], customTokens: [TOKEN_EXAMPLE] },
  },
};

export const sessionAnswer = z
  .object({
    chainId: z.int().min(0).openapi({ example: 1 }),
    owner: z
      .string()
      .regex(/^0x[0-9a-fA-F]{40}$/)
      .openapi({ description: 'EIP-55.', example: OWNER_EXAMPLE }),
    tokens: z.int().min(0).openapi({
      description: 'How many tokens are watched, the native coin and its wrapped token included.',
      example: 3,
    }),
  })
  .openapi('Session');

export const SESSION_EXAMPLE = { chainId: 1, owner: OWNER_EXAMPLE, tokens: 3 };

const amount = z.string().regex(/^\d+$/).openapi({ description: "In the token's smallest unit." });

export const balanceAnswer = z
  .object({ balance: amount.openapi({ example: AMOUNT_EXAMPLE }) })
  .openapi('Balance');

export const balancesBody = (maxTokens: number) =>
  z
    .object({
      tokens: z
        .array(token)
        .max(maxTokens, `expected at most ${maxTokens} tokens`)
        .openapi({ example: [TOKEN_EXAMPLE, 'native'] }),
    })
    .openapi('BalancesRequest');

export const BALANCES_BODY_EXAMPLE = { tokens: [TOKEN_EXAMPLE, 'native'] };

export const BALANCES_EXAMPLE = { balances: { [TOKEN_EXAMPLE]: AMOUNT_EXAMPLE, [NATIVE]: '0' } };

/** JSON Schema has it, the types of the metadata have not. */
const LOWER_CASE_KEYS = { propertyNames: { pattern: '^0x[0-9a-f]{40}$' } };

export const balancesAnswer = z
  .object({
    balances: z.record(z.string(), amount).openapi({
      ...LOWER_CASE_KEYS,
      description: 'Amount by lower-case token address. Tokens that cannot be read are left out.',
      example: BALANCES_EXAMPLE.balances,
    }),
  })
  .openapi('Balances');

export const problemAnswer = z
  .object({
    code: z.int().min(400).max(599).openapi({ description: 'The HTTP status.', example: 400 }),
    message: z.string().openapi({
      description: 'Begins with the status in words.',
      example: 'Bad request: tokens_lists_urls && custom_tokens are empty',
    }),
  })
  .openapi('Problem');
