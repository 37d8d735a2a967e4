import type { ZodType } from 'zod';
import { problem } from '../answer.ts';
import { problemAnswer } from './schemas.ts';

const RETRY_AFTER = {
  'Retry-After': {
    description: 'Seconds after which asking again makes sense.',
    schema: { type: 'integer', minimum: 0 },
    example: 3,
  },
} as const;

/** The headers that come with a status. */
const HEADERS = {
  401: {
    'WWW-Authenticate': {
      description: 'How to bring a key.',
      required: true,
      schema: { type: 'string' },
      example: 'Bearer',
    },
  },
  429: RETRY_AFTER,
  503: RETRY_AFTER,
} as const;

/** What routes refuse, by name: the status, when, and what the message says after the status in words. */
const REFUSALS = {
  malformed: [
    400,
    'A parameter or a field is malformed',
    'owner: expected an address (0x and 40 hex digits)',
  ],
  nothingNamed: [400, 'No token is named', 'tokens_lists_urls && custom_tokens are empty'],
  tooManyTokens: [
    400,
    'The session would hold too many tokens',
    '1002 tokens exceed the limit of 1000 tokens a session',
  ],
  badTokenList: [
    400,
    'A token list cannot be had, or not be used',
    'token list https://lists.example/all.json: answered with status 404',
  ],
  unreadable: [
    400,
    'The token cannot be read',
    'token 0x00000000000000000000000000000000000000aa cannot be read: balanceOf reverted',
  ],
  noKey: [401, 'No API key was sent, or an unknown one', 'the API key is not known here'],
  foreignOrigin: [
    403,
    'A page of an origin that is not in `ALLOWED_ORIGINS`',
    'pages of this origin are not allowed',
  ],
  chainNotServed: [404, 'The chain is not served', 'chain 5 is not served'],
  servedApart: [404, 'They are served apart, at `METRICS_BIND`', 'no such route'],
  noSession: [404, 'There is no such session', 'no session: create one first'],
  tooLarge: [413, 'The body is too large', 'the body is over 1048576 bytes'],
  noHandshake: [426, 'No handshake of a WebSocket', 'this is a WebSocket: connect with ws: or wss:'],
  tooOften: [
    429,
    'Too many requests of this key or address',
    'more than 600 requests in a minute: try again in 7 s',
  ],
  tooManyStreams: [
    429,
    'Too many streams of this address',
    '1000 streams of this address are open, which is the limit',
  ],
  tooManyClients: [
    429,
    'Too many client ids of this wallet are streaming',
    '5 clients of this wallet are streaming already, which is the limit',
  ],
  fault: [500, 'A fault of the server, which is logged there', undefined],
  upstreamDown: [503, 'No endpoint of the chain answers', 'the chain cannot be read at the moment'],
  full: [
    503,
    'The server has no room for more',
    'this server watches no more than 20000 sessions: try again in 10 s',
  ],
  fullOfStreams: [
    503,
    'The server has no room for more streams',
    'as many streams are open as this server takes',
  ],
} as const;

type Refusal = keyof typeof REFUSALS;
type StatusOf<R extends Refusal> = (typeof REFUSALS)[R][0];

/** Each status of these refusals, with all of them as examples. */
export function failures<R extends Refusal>(...names: R[]) {
  const statuses = [...new Set(names.map((name) => REFUSALS[name][0]))];
  const entries = statuses.map((status) => {
    const examples = Object.fromEntries(
      names.flatMap((name) => {
        const [of, summary, detail] = REFUSALS[name];
        return of === status ? [[name, { summary, value: problem(status, detail) }] as const] : [];
      }),
    );
    const description = `${Object.values(examples)
      .map(({ summary }) => summary)
      .join('; ')}.`;
    const content = { 'application/json': { schema: problemAnswer, examples } };
    return [
      status,
      {
        description,
        content,
        ...(status in HEADERS && { headers: HEADERS[status as keyof typeof HEADERS] }),
      },
    ] as const;
  });
  return Object.fromEntries(entries) as Record<StatusOf<R>, (typeof entries)[number][1]>;
}

export function success<T extends ZodType>(description: string, schema: T, example: unknown) {
  return { 200: { description, content: { 'application/json': { schema, example } } } };
}
