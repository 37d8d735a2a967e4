import type { BalancesError } from '@balance-stream/client';
import type { UseBalancesStatus } from '@balance-stream/client/react';
import { counted, timeOf } from './words.ts';

/** How the page says how things stand between it and the server. */

export const STATE_WORDS = {
  connecting: 'Connecting',
  live: 'Live',
  stale: 'Out of date',
  failed: 'Stopped',
  idle: 'Not watching',
} as const satisfies Record<UseBalancesStatus['state'], string>;

/** A line about the connection, for the tile and for who hears it. */
export function connectionWords({ state, since, retries, via }: UseBalancesStatus): string {
  const tried = retries > 0 ? `, ${counted(retries, 'try', 'tries')}` : '';
  switch (state) {
    case 'live':
      return via === 'rpc' ? `polled from a node since ${timeOf(since)}` : `since ${timeOf(since)}`;
    case 'connecting':
      return `since ${timeOf(since)}${tried}`;
    case 'stale':
      return `since ${timeOf(since)}${tried}, trying again`;
    case 'failed':
      return `at ${timeOf(since)}`;
    case 'idle':
      return 'no wallet is named';
  }
}

/** What went wrong, and what somebody can do about it, whether or not it is tried again meanwhile. */
export interface Advice {
  readonly title: string;
  readonly text: string;
}

const ADVICE: Readonly<Record<string, Advice>> = {
  CONNECTION_FAILED: {
    title: 'The server cannot be reached',
    text: 'Is the server running, and this machine online?',
  },
  UPSTREAM_UNAVAILABLE: {
    title: 'The chain cannot be reached',
    text: 'The server has no answer from the chain’s nodes.',
  },
  BAD_USER_INPUT: { title: 'The server does not understand this', text: 'Change what is to be watched.' },
  CHAIN_NOT_SERVED: { title: 'This chain is not served here', text: 'Choose another chain.' },
  TOKEN_LIST_UNAVAILABLE: {
    title: 'The token list cannot be had',
    text: 'Check its address, or leave it out and name tokens instead.',
  },
  TOKEN_LIST_REJECTED: {
    title: 'The token list cannot be used',
    text: 'Check its address, or leave it out and name tokens instead.',
  },
  TOKEN_LIMIT_EXCEEDED: {
    title: 'Too many tokens',
    text: 'Use a shorter list, or name only the tokens that you want to see.',
  },
  TOO_MANY_CLIENTS: {
    title: 'Too many watch this wallet',
    text: 'Close the page in other browsers, then try again.',
  },
  RATE_LIMITED: { title: 'Too much was asked for', text: 'It takes a while.' },
  CAPACITY_EXCEEDED: { title: 'The server is full', text: 'It takes a while.' },
  UNAUTHENTICATED: { title: 'The server wants an API key', text: 'Enter one that it knows.' },
};

/** Where the server can be reached, and its stream cannot: just after it came back, or behind a proxy. */
export const STREAM_ONLY: Advice = {
  title: 'The stream is cut off',
  text: 'The server is there: changes should come again within half a minute.',
};

export function adviceOn({ code }: BalancesError): Advice {
  return ADVICE[code] ?? { title: 'Something went wrong', text: 'Try again in a while.' };
}
