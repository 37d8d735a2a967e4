import { z } from 'zod';
import type { Address } from '../../chain/types.ts';
import { type ErrorCode, FatalError } from '../../errors.ts';
import { parseAddress, parseToken } from '../address.ts';
import { type AskedPair, idOf, type Pair, pairsOf } from './pairs.ts';

/** What clients send: read, checked, and put into our terms. */
export type Command = Subscribe | Unsubscribe;

export interface Subscribe {
  readonly type: 'balance';
  readonly subscriptionId: string;
  readonly pairs: ReadonlyMap<string, Pair>;
  /** Undefined: as it was. */
  readonly tracking: boolean | undefined;
}

export interface Unsubscribe {
  readonly type: 'unsubscribe';
  readonly subscriptionId: string;
  readonly tracking: boolean | undefined;
}

/** What is wrong at a place of the payload, in zod's terms. */
export interface Detail {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export class MessageError extends FatalError {
  readonly details: readonly Detail[];

  constructor(message: string, details: readonly Detail[] = [], code: ErrorCode = 'BAD_USER_INPUT') {
    super(code, message);
    this.details = details;
  }
}

/** A message before anything in it is believed. */
export interface Message {
  readonly authorization: string | undefined;
  /** Where it can be read, for the client to know of which message an error is. */
  readonly subscriptionId: string | undefined;
  /** Throws MessageError. */
  command(served: ReadonlyMap<number, unknown>): Command;
}

const MOST_ITEMS = 999;
const MOST_ID_CHARACTERS = 200;
/** Of a thousand mistakes the first hundred tell as much. */
const MOST_DETAILS = 100;
const MOST_SHOWN = 100;

/** Never throws: what is wrong with it is said when it is to be obeyed. */
export function readMessage(data: Buffer, isBinary: boolean): Message {
  const parsed = isBinary ? undefined : parse(data);
  const { type, authorization, payload } = isObject(parsed) ? parsed : {};
  return {
    authorization: typeof authorization === 'string' ? authorization : undefined,
    subscriptionId: isObject(payload) ? shortText(payload.subscriptionId) : undefined,
    command(served) {
      if (isBinary) throw new MessageError('Binary messages are not understood: send JSON as text');
      if (parsed === undefined) throw new MessageError('The message is not JSON');
      if (!isObject(parsed)) throw new MessageError('The message is no JSON object');
      if (authorization !== undefined && authorization !== null && typeof authorization !== 'string')
        throw new MessageError(
          'Invalid authorization: expected an API key, with or without Bearer before it',
        );
      if (type === 'balance') return subscribe(payload, served);
      if (type === 'unsubscribe') return unsubscribe(payload);
      throw new MessageError(
        type === undefined
          ? 'The message has no type: expected "balance" or "unsubscribe"'
          : `Unknown type ${show(type)}: expected "balance" or "unsubscribe"`,
      );
    },
  };
}

const subscriptionId = z
  .string()
  .min(1, 'expected a subscription id')
  .max(MOST_ID_CHARACTERS, `expected at most ${MOST_ID_CHARACTERS} characters`);
const tracking = z.boolean().nullish();

const unsubscribeSchema = z.object({ subscriptionId, subscriptionTracking: tracking });

function unsubscribe(payload: unknown): Unsubscribe {
  const result = unsubscribeSchema.safeParse(payload);
  if (!result.success) throw invalid('Invalid payload for unsubscribe', result.error);
  const { subscriptionId, subscriptionTracking } = result.data;
  return { type: 'unsubscribe', subscriptionId, tracking: subscriptionTracking ?? undefined };
}

const itemSchema = z
  .object({
    wallet: z.string().regex(/^0x[0-9a-f]{40}$/i, 'expected an address: 0x and 40 hex digits'),
    token: z
      .string()
      .regex(/^(native|0x[0-9a-f]{40})$/i, 'expected an address (0x and 40 hex digits) or "native"'),
    blockchain: z.string().regex(/^evm:(0|[1-9]\d{0,14})$/, 'expected evm: and the id of a chain, as evm:1'),
  })
  .transform(
    ({ wallet, token, blockchain }): AskedPair => ({
      // What they are has just been seen.
      owner: parseAddress(wallet) as Address,
      token: parseToken(token) as Address,
      chainId: Number(blockchain.slice('evm:'.length)),
    }),
  );

const subscribeSchema = z.object({
  // Counted before any is looked at.
  items: z
    .array(z.unknown())
    .min(1, 'expected at least one item')
    .max(MOST_ITEMS, `expected fewer than ${MOST_ITEMS + 1} items`)
    .pipe(z.array(itemSchema)),
  subscriptionId: subscriptionId.nullish(),
  subscriptionTracking: tracking,
});

function subscribe(payload: unknown, served: ReadonlyMap<number, unknown>): Subscribe {
  const result = subscribeSchema.safeParse(payload);
  if (!result.success) throw invalid(INVALID_SUBSCRIPTION, result.error);
  const { items, subscriptionId, subscriptionTracking } = result.data;
  const strangers = items.flatMap(({ chainId }, index) =>
    served.has(chainId)
      ? []
      : [{ code: 'custom', path: ['items', index, 'blockchain'], message: notServed(chainId, served) }],
  );
  if (strangers.length > 0)
    throw new MessageError(INVALID_SUBSCRIPTION, strangers.slice(0, MOST_DETAILS), 'CHAIN_NOT_SERVED');
  const pairs = pairsOf(items);
  return {
    type: 'balance',
    subscriptionId: subscriptionId ?? idOf(pairs.keys()),
    pairs,
    tracking: subscriptionTracking ?? undefined,
  };
}

const INVALID_SUBSCRIPTION = 'Invalid payload for balance subscription';

function notServed(chainId: number, served: ReadonlyMap<number, unknown>): string {
  return `evm:${chainId} is not served here, only ${[...served.keys()].map((id) => `evm:${id}`).join(', ')}`;
}

function invalid(message: string, { issues }: z.ZodError): MessageError {
  const details = issues.slice(0, MOST_DETAILS).map(({ code, path, message }) => ({ code, path, message }));
  return new MessageError(message, details);
}

function parse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shortText(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= MOST_ID_CHARACTERS ? value : undefined;
}

/** Lists and objects are only named: they may be nested deeper than anything can follow. */
function show(value: unknown): string {
  if (typeof value === 'object')
    return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object';
  const text = JSON.stringify(value);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}
