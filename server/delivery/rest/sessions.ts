import { createRoute } from '@hono/zod-openapi';
import { FatalError } from '../../errors.ts';
import { servedChain } from '../../watch/served.ts';
import { checksum } from '../address.ts';
import { admission } from './admission.ts';
import type { RestApp, RestOptions } from './context.ts';
import { failures, success } from './responses.ts';
import {
  clientHeaders,
  clientIdOf,
  clientQuery,
  SESSION_BODY_EXAMPLES,
  SESSION_EXAMPLE,
  sessionAnswer,
  sessionBody,
  walletParams,
} from './schemas.ts';
import { KEYED } from './security.ts';

const route = (
  method: 'post' | 'put',
  texts: { operationId: string; summary: string; description: string },
) =>
  createRoute({
    ...texts,
    method,
    path: '/{chain_id}/sessions/{owner}',
    tags: ['sessions'],
    security: KEYED,
    request: {
      params: walletParams,
      query: clientQuery,
      headers: clientHeaders,
      body: {
        required: true,
        content: { 'application/json': { schema: sessionBody, examples: SESSION_BODY_EXAMPLES } },
      },
    },
    responses: {
      ...success('The session as it stands.', sessionAnswer, SESSION_EXAMPLE),
      ...failures('malformed', 'nothingNamed', 'tooManyTokens', 'badTokenList', 'noKey'),
      ...(method === 'put'
        ? failures('chainNotServed', 'noSession', 'tooOften')
        : failures('chainNotServed', 'tooManyClients', 'tooOften')),
      ...failures('tooLarge', 'fault', 'full'),
    },
  });

const create = route('post', {
  operationId: 'createSession',
  summary: 'Names the tokens to watch for a wallet.',
  description:
    'Without a client id the tokens are added to the list that all devices of the wallet share; with one they ' +
    "become that client's list.",
});

const update = route('put', {
  operationId: 'updateSession',
  summary: 'As POST, where a session is known to exist.',
  description:
    'Open streams of the session go on, with the tokens as they are now. 404 where there is no session.',
});

/** `POST` and `PUT /{chain_id}/sessions/{owner}`. */
export function addSessions(app: RestApp, { service, gate }: RestOptions): void {
  const middleware = admission(gate);
  for (const [route, write] of [
    [create, 'create'],
    [update, 'update'],
  ] as const)
    app.openapi({ ...route, middleware }, async (context) => {
      const { chain_id: chainId, owner } = context.req.valid('param');
      const clientId = clientIdOf(context.req.valid('header'), context.req.valid('query'));
      const { tokensListsUrls, customTokens } = context.req.valid('json');
      servedChain(service.chains, chainId);
      if (tokensListsUrls.length === 0 && customTokens.length === 0)
        throw new FatalError('BAD_USER_INPUT', 'tokens_lists_urls && custom_tokens are empty');
      const input = { chainId, owner, clientId, tokensListsUrls, customTokens };
      const { tokens } = await service.sessions[write](input, context.var.caller);
      return context.json({ chainId, owner: checksum(owner), tokens: tokens.length }, 200);
    });
}
