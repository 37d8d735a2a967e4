import type { SessionInput as WatchedSessionInput } from '../../../watch/service.ts';
import { requestsOfSession } from '../../gate/price.ts';
import { builder } from '../builder.ts';
import { badUserInput, type Context, sessionKey } from '../context.ts';
import { spendersOf } from '../spenders.ts';
import { Session } from './session.ts';
import { SessionInput } from './session-input.ts';

const ERRORS =
  'Errors: `BAD_USER_INPUT`, `CHAIN_NOT_SERVED`, `TOKEN_LIMIT_EXCEEDED`, `TOO_MANY_CLIENTS`, `TOKEN_LIST_REJECTED`, `TOKEN_LIST_UNAVAILABLE`';

builder.mutationType({
  description: 'What is watched. Sessions without an open stream go after a while: see `Session.expiresAt`.',
  fields: (t) => ({
    createSession: t.field({
      type: Session,
      description: `Begins to watch tokens of a wallet and their allowances, or changes what is watched where there is a session already. ${ERRORS}.`,
      args: {
        input: t.arg({ type: SessionInput, required: true, description: 'The wallet and its tokens.' }),
      },
      async resolve(_root, { input }, context) {
        const asked = sessionInput(context, input);
        await spendSpenders(context, asked);
        return await context.service.sessions.create(asked, context.connection.caller);
      },
    }),
    updateSession: t.field({
      type: Session,
      description: `Changes which tokens and allowances of a wallet are watched; open streams get what is new as soon as it is read. ${ERRORS}, \`SESSION_NOT_FOUND\`.`,
      args: {
        input: t.arg({ type: SessionInput, required: true, description: 'The wallet and its tokens.' }),
      },
      async resolve(_root, { input }, context) {
        const asked = sessionInput(context, input);
        await spendSpenders(context, asked);
        return await context.service.sessions.update(asked, context.connection.caller);
      },
    }),
  }),
});

function sessionInput(context: Context, input: typeof SessionInput.$inferInput): WatchedSessionInput {
  const key = sessionKey(context, input);
  const tokensListsUrls = input.tokensListsUrls ?? [];
  const customTokens = input.customTokens ?? [];
  if (tokensListsUrls.length === 0 && customTokens.length === 0)
    throw badUserInput('tokensListsUrls and customTokens are both empty');
  return { ...key, tokensListsUrls, customTokens, spenders: spendersOf(input.spenders) };
}

/** Those that it has already are spenders of whatever is added, too. */
async function spendSpenders({ service, connection }: Context, asked: WatchedSessionInput): Promise<void> {
  const known = await service.sessions.find(asked);
  const spenders = Math.max(known?.spenders.length ?? 0, asked.spenders?.length ?? 0);
  await connection.spendRest(requestsOfSession(spenders));
}
