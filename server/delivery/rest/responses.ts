import type { ZodType } from 'zod';
import { problem } from '../answer.ts';
import { problemAnswer } from './schemas.ts';

/** What the documentation says of each status. */
const FAILURES = {
  400: ['Something asked for is malformed, too much, or cannot be had.', 'owner: expected an address'],
  401: ['The server asks for a key, and none that it knows was sent.', 'the API key is not known here'],
  404: ['The chain is not served, or there is no such session.', 'chain 5 is not served'],
  413: ['The body is too large.', 'the body is over 1048576 bytes'],
  429: [
    'Too many requests this minute, or clients of the wallet, or streams of the address.',
    'more than 600 requests in a minute: try again in 7 s',
  ],
  500: ['A fault of the server, which is logged there.', undefined],
  503: [
    'The endpoints of the chain do not answer, or the server has no room for more.',
    'the chain cannot be read at the moment',
  ],
} as const;

type FailureStatus = keyof typeof FAILURES;

export function failures<S extends FailureStatus>(...statuses: S[]) {
  const entries = statuses.map((status) => {
    const [description, example] = FAILURES[status];
    const content = { 'application/json': { schema: problemAnswer, example: problem(status, example) } };
    return [status, { description, content }] as const;
  });
  return Object.fromEntries(entries) as Record<S, (typeof entries)[number][1]>;
}

export function success<T extends ZodType>(description: string, schema: T) {
  return { 200: { description, content: { 'application/json': { schema } } } };
}
