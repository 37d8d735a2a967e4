import { z } from '@hono/zod-openapi';
import type { Address } from '../../chain/types.ts';
import { parseAddress, parseToken } from '../address.ts';

/** What the routes take and answer: validated by these, and documented from these. */

const OWNER_EXAMPLE = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045';
const TOKEN_EXAMPLE = '0x6b175474e89094c44da98b954eedeac495271d0f';
const CLIENT_ID_EXAMPLE = '0b8a6c5e-6d0a-4f0e-9a55-1f2d3c4b5a69';
const ADDRESS_PATTERN = '^0x[0-9a-fA-F]{40}$';
const TOKEN_PATTERN = `${ADDRESS_PATTERN}|^native$`;

/** A schema of text that becomes an address; `parse` says which texts do. */
const addressText = (parse: (text: string) => Address | undefined, expected: string) =>
  z.string().transform((text, context): Address => {
    const address = parse(text);
    if (address) return address;
    context.addIssue({ code: 'custom', message: `expected ${expected}` });
    return z.NEVER;
  });

const owner = addressText(parseAddress, 'an address (0x and 40 hex digits)');
const token = addressText(parseToken, 'a token (0x and 40 hex digits, or native)').openapi('Token', {
  type: 'string',
  pattern: TOKEN_PATTERN,
  description: 'Address of a token, in any case; `native` or 0xeeee…eeee for the native coin.',
  example: TOKEN_EXAMPLE,
});
const clientId = z.guid('expected a UUID').transform((id) => id.toLowerCase());

export const walletParams = z.object({
  chain_id: z
    .string()
    .regex(/^\d{1,15}$/, 'expected a chain id')
    .transform(Number)
    .openapi({
      param: { name: 'chain_id', in: 'path' },
      type: 'integer',
      minimum: 0,
      description: 'EIP-155 chain id.',
      example: 1,
    }),
  owner: owner.openapi({
    param: { name: 'owner', in: 'path' },
    type: 'string',
    pattern: ADDRESS_PATTERN,
    description: 'The wallet, in any case.',
    example: OWNER_EXAMPLE,
  }),
});

export const tokenParams = walletParams.extend({
  token: token.openapi({ param: { name: 'token', in: 'path' } }),
});

const clientIdMeta = {
  type: 'string',
  format: 'uuid',
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

export const sessionBody = z
  .object({
    tokensListsUrls: z
      .array(z.string())
      .nullish()
      .transform((urls) => urls ?? [])
      .openapi({
        type: 'array',
        items: { type: 'string', format: 'uri' },
        description: 'Token lists (https://tokenlists.org) whose tokens on the chain are watched.',
        example: ['https://tokens.uniswap.org'],
      }),
    customTokens: z
      .array(token)
      .nullish()
      .transform((tokens) => tokens ?? [])
      .openapi({
        type: 'array',
        items: { $ref: '#/components/schemas/Token' },
        description: 'Further tokens. The native coin and its wrapped token are always watched.',
        example: [TOKEN_EXAMPLE],
      }),
  })
  .openapi('SessionRequest');

export const sessionAnswer = z
  .object({
    chainId: z.int().openapi({ example: 1 }),
    owner: z.string().openapi({ description: 'EIP-55.', example: OWNER_EXAMPLE }),
    tokens: z.int().openapi({
      description: 'How many tokens are watched, the native coin and its wrapped token included.',
      example: 3,
    }),
  })
  .openapi('Session');

const amount = z.string().regex(/^\d+$/);

export const balanceAnswer = z
  .object({
    balance: amount.openapi({ description: "In the token's smallest unit.", example: '1000000000000000000' }),
  })
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

export const balancesAnswer = z
  .object({
    balances: z.record(z.string().regex(/^0x[0-9a-f]{40}$/), amount).openapi({
      description:
        "Amount by lower-case token address, in the token's smallest unit. Tokens that cannot be read are left out.",
      example: { [TOKEN_EXAMPLE]: '1000000000000000000' },
    }),
  })
  .openapi('Balances');

export const problemAnswer = z
  .object({
    code: z.int().openapi({ description: 'The HTTP status.', example: 400 }),
    message: z.string().openapi({ example: 'Bad request: tokens_lists_urls && custom_tokens are empty' }),
  })
  .openapi('Problem');
