import { createRoute } from '@hono/zod-openapi';
import { FatalError } from '../../errors.ts';
import { servedChain } from '../../watch/served.ts';
import { admission } from './admission.ts';
import type { RestApp, RestOptions } from './context.ts';
import { amounts } from './encode.ts';
import { failures, success } from './responses.ts';
import {
  BALANCES_BODY_EXAMPLE,
  BALANCES_EXAMPLE,
  balanceAnswer,
  balancesAnswer,
  balancesBody,
  tokenParams,
  walletParams,
} from './schemas.ts';
import { KEYED } from './security.ts';

const one = createRoute({
  method: 'get',
  path: '/{chain_id}/balance/{owner}/{token}',
  operationId: 'balance',
  tags: ['balances'],
  summary: 'One balance at the newest block; no session.',
  description: 'Reads that are asked for together, by whomever, are one request to the chain.',
  security: KEYED,
  request: { params: tokenParams },
  responses: {
    ...success('The balance.', balanceAnswer, { balance: '1000000000000000000' }),
    ...failures('malformed', 'unreadable', 'noKey', 'chainNotServed', 'tooOften', 'fault', 'upstreamDown'),
  },
});

const many = (maxTokens: number) =>
  createRoute({
    method: 'post',
    path: '/{chain_id}/balances/{owner}',
    operationId: 'balances',
    tags: ['balances'],
    summary: 'Many balances at the newest block; no session.',
    description: 'A token that cannot be read is left out, and costs the others nothing.',
    security: KEYED,
    request: {
      params: walletParams,
      body: {
        required: true,
        content: { 'application/json': { schema: balancesBody(maxTokens), example: BALANCES_BODY_EXAMPLE } },
      },
    },
    responses: {
      ...success('The balances.', balancesAnswer, BALANCES_EXAMPLE),
      ...failures('malformed', 'noKey', 'chainNotServed', 'tooLarge', 'tooOften', 'fault', 'upstreamDown'),
    },
  });

/** `GET /{chain_id}/balance/{owner}/{token}` and `POST /{chain_id}/balances/{owner}`. */
export function addBalances(app: RestApp, { service, config, gate }: RestOptions): void {
  const middleware = admission(gate);
  app.openapi({ ...one, middleware }, async (context) => {
    const { chain_id: chainId, owner, token } = context.req.valid('param');
    const chain = servedChain(service.chains, chainId);
    using _room = gate.read(context.var.caller, 1);
    const { amount, reason } = await chain.balance(owner, token);
    if (amount === null)
      throw new FatalError('BAD_USER_INPUT', `token ${token} cannot be read: ${reason ?? 'no reason given'}`);
    return context.json({ balance: amount.toString() }, 200);
  });

  app.openapi({ ...many(config.maxWatchedTokens), middleware }, async (context) => {
    const { chain_id: chainId, owner } = context.req.valid('param');
    const chain = servedChain(service.chains, chainId);
    const tokens = new Set(context.req.valid('json').tokens);
    using _room = gate.read(context.var.caller, tokens.size);
    const balances = await Promise.all([...tokens].map((token) => chain.balance(owner, token)));
    return context.json({ balances: amounts(balances) }, 200);
  });
}
