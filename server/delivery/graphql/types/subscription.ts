import { servedChain } from '../../../watch/served.ts';
import { requestsOfSession } from '../../gate/price.ts';
import { builder } from '../builder.ts';
import type { Connection, StreamUpdate } from '../connection.ts';
import { badUserInput, sessionKey } from '../context.ts';
import { BalancesUpdate } from './balances-update.ts';
import { ChainUpdate } from './chain-update.ts';

export const AFTER =
  'The cursor of the last update that was received: only what changed since is sent, or a snapshot where that cannot ' +
  'be proven; a comment of the stream, `:caught-up` and the chain ids, then says that all of it was told. Left out: the ' +
  '`Last-Event-ID` header, if there is one.';

builder.subscriptionType({
  description: 'Streams. Over HTTP ask with `Accept: text/event-stream` (graphql-sse, distinct connections).',
  fields: (t) => ({
    balances: t.field({
      type: BalancesUpdate,
      description:
        'The balances of a session: a full snapshot first, then what changed. A reader that is slow gets fewer and ' +
        'fresher updates. Errors: `CHAIN_NOT_SERVED`, `BAD_USER_INPUT`, `SESSION_NOT_FOUND`.',
      args: {
        chainId: t.arg.int({ required: true, description: 'EIP-155 id of a chain in `chains`.' }),
        owner: t.arg({ type: 'Address', required: true, description: 'The wallet.' }),
        clientId: t.arg.id({
          required: false,
          description: 'The UUID that the session was made with; left out: the shared one.',
        }),
        after: t.arg.string({
          required: false,
          description: AFTER,
        }),
      },
      async subscribe(_root, { after, ...args }, context) {
        const { service, connection } = context;
        const key = sessionKey(context, args);
        const session = await service.sessions.find(key);
        await connection.spendRest(requestsOfSession(session?.spenders.length ?? 0));
        const cursor = cursorOf(after, connection);
        const updates = await service.sessions.stream(key, { after: cursor, signal: connection.signal });
        if (cursor !== undefined) connection.caughtUp = () => updates.caughtUp();
        return followed(updates, connection);
      },
      resolve: (update) => update,
    }),
    chain: t.field({
      type: ChainUpdate,
      description:
        'How far a chain has come: where it stands first, then again whenever its head, its safe or its finalized ' +
        'block changes. A reader that is slow gets fewer and fresher updates, and no reorganisation less. There is no ' +
        'cursor: what happened between two streams is not told. Errors: `CHAIN_NOT_SERVED`.',
      args: { id: t.arg.int({ required: true, description: 'EIP-155 id of a chain in `chains`.' }) },
      subscribe: (_root, { id }, { service, connection }) =>
        followed(servedChain(service.chains, id).follow(connection.signal), connection),
      resolve: (update) => update,
    }),
  }),
});

/** Of a hundred chains. A stream keeps it for as long as it is there. */
const MAX_CURSOR_CHARACTERS = 20_000;

/** Where to go on. Throws BAD_USER_INPUT for what is longer than any cursor. */
export function cursorOf(after: string | null | undefined, { lastEventId }: Connection): string | undefined {
  if (after && after.length > MAX_CURSOR_CHARACTERS)
    throw badUserInput(`after: expected at most ${MAX_CURSOR_CHARACTERS} characters, found ${after.length}`);
  return after ?? lastEventId;
}

/** Leaves each update with the connection, and ends both at once when the reader returns. */
export function followed<T extends StreamUpdate>(
  updates: AsyncIterableIterator<T>,
  connection: Connection,
): AsyncIterableIterator<T> {
  return {
    async next() {
      try {
        const result = await updates.next();
        if (!result.done) connection.update = result.value;
        return result;
      } catch (error) {
        if (!connection.signal.aborted) throw error;
        return { done: true, value: undefined };
      }
    },
    async return() {
      connection.end();
      await updates.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
