import { FatalError } from '../../../errors.ts';
import { MAX_LISTS_PER_REQUEST } from '../../../watch/tokenlists.ts';
import { builder } from '../builder.ts';
import { chainOrDefault, sessionKey } from '../context.ts';
import { Balance } from './balance.ts';
import { BlockTag } from './block-tag.ts';
import { Chain } from './chain.ts';
import { Session } from './session.ts';
import { Token } from './token.ts';

const DEFAULT_CHAIN =
  'EIP-155 id of a chain in `chains`, else `CHAIN_NOT_SERVED`. Left out: the first of `chains`.';
const AT = 'The block to read at.';

builder.queryType({
  description: 'One-off reads. What is asked for together, in one request or in many, is read together.',
  fields: (t) => ({
    chains: t.field({
      type: [Chain],
      description: 'The chains served here; the first is the default chain.',
      resolve: (_root, _args, { service }) => [...service.chains.values()],
    }),
    balance: t.field({
      type: Balance,
      description:
        'What a wallet holds of a token now; needs no session. A token that cannot be read is a balance with status ' +
        '`UNREADABLE`, not an error. Errors: `CHAIN_NOT_SERVED`, `UPSTREAM_UNAVAILABLE`.',
      args: {
        owner: t.arg({ type: 'Address', required: true, description: 'The wallet.' }),
        token: t.arg({ type: 'Address', required: true, description: 'The token, or `"native"`.' }),
        chainId: t.arg.int({ required: false, description: DEFAULT_CHAIN }),
        at: t.arg({ type: BlockTag, required: false, defaultValue: 'LATEST', description: AT }),
      },
      async resolve(_root, { owner, token, chainId, at }, context) {
        const chain = chainOrDefault(context, chainId);
        return { chainId: chain.network.id, balance: await chain.balance(owner, token, at ?? 'LATEST') };
      },
    }),
    balances: t.field({
      type: [Balance],
      description:
        'What a wallet holds of several tokens now, in the order asked; needs no session. Errors: `CHAIN_NOT_SERVED`, ' +
        '`TOKEN_LIMIT_EXCEEDED`, `UPSTREAM_UNAVAILABLE`.',
      args: {
        owner: t.arg({ type: 'Address', required: true, description: 'The wallet.' }),
        tokens: t.arg({
          type: ['Address'],
          required: true,
          description: 'The tokens; at most as many as a session may watch.',
        }),
        chainId: t.arg.int({ required: false, description: DEFAULT_CHAIN }),
        at: t.arg({ type: BlockTag, required: false, defaultValue: 'LATEST', description: AT }),
      },
      async resolve(_root, { owner, tokens, chainId, at }, context) {
        const chain = chainOrDefault(context, chainId);
        if (tokens.length > context.maxWatchedTokens)
          throw new FatalError(
            'TOKEN_LIMIT_EXCEEDED',
            `${tokens.length} tokens asked for, at most ${context.maxWatchedTokens} are allowed`,
          );
        const balances = await Promise.all(
          tokens.map((token) => chain.balance(owner, token, at ?? 'LATEST')),
        );
        return balances.map((balance) => ({ chainId: chain.network.id, balance }));
      },
    }),
    tokens: t.field({
      type: [Token],
      description:
        'The tokens that a session of these would watch, each once, for those who name tokens themselves: the native ' +
        'coin and its wrapped token, those of the lists on that chain, and the custom ones. Makes no session, and ' +
        'counts as one that is written. Only what else than `address` and `chainId` is asked of them is read from ' +
        'the chain. Errors: `CHAIN_NOT_SERVED`, `BAD_USER_INPUT`, `TOKEN_LIMIT_EXCEEDED`, `TOKEN_LIST_REJECTED`, ' +
        '`TOKEN_LIST_UNAVAILABLE`.',
      args: {
        chainId: t.arg.int({ required: true, description: 'EIP-155 id of a chain in `chains`.' }),
        tokensListsUrls: t.arg({
          type: ['URL'],
          required: false,
          description:
            `Token lists in Uniswap's format (https://tokenlists.org), at most ${MAX_LISTS_PER_REQUEST}, else ` +
            '`BAD_USER_INPUT`.',
        }),
        customTokens: t.arg({ type: ['Address'], required: false, description: 'Token contracts.' }),
      },
      async resolve(_root, { chainId, tokensListsUrls, customTokens }, { service, connection }) {
        const tokens = await service.tokens.of(
          { chainId, tokensListsUrls: tokensListsUrls ?? [], customTokens: customTokens ?? [] },
          connection.caller,
        );
        connection.read(tokens.length);
        return tokens.map((address) => ({ chainId, address }));
      },
    }),
    session: t.field({
      type: Session,
      nullable: true,
      description:
        'The session of a wallet, or null where there is none. Errors: `CHAIN_NOT_SERVED`, `BAD_USER_INPUT`.',
      args: {
        chainId: t.arg.int({ required: true, description: 'EIP-155 id of a chain in `chains`.' }),
        owner: t.arg({ type: 'Address', required: true, description: 'The wallet.' }),
        clientId: t.arg.id({
          required: false,
          description: 'The UUID it was made with; left out: the shared one.',
        }),
      },
      resolve: async (_root, args, context) =>
        (await context.service.sessions.find(sessionKey(context, args))) ?? null,
    }),
  }),
});
