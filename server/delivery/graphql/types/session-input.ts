import { MAX_SPENDERS } from '../../../watch/sessions.ts';
import { builder } from '../builder.ts';

export const SessionInput = builder.inputType('SessionInput', {
  description:
    'The tokens of a wallet to watch: those of lists and those named. The native coin and its wrapped token are always watched and need not be named.',
  fields: (t) => ({
    chainId: t.int({
      required: true,
      description: 'EIP-155 id of a chain in `chains`, else `CHAIN_NOT_SERVED`.',
    }),
    owner: t.field({ type: 'Address', required: true, description: 'The wallet.' }),
    clientId: t.id({
      required: false,
      description:
        "A UUID. With it the session is this client's own, and what is given here becomes its whole list. Without it " +
        'all devices of the wallet share one list, and what is given here is added to it.',
    }),
    tokensListsUrls: t.field({
      type: ['URL'],
      required: false,
      description:
        "Token lists in Uniswap's format (https://tokenlists.org), of which the tokens of this chain are taken. " +
        '`TOKEN_LIST_UNAVAILABLE` where one cannot be had, `TOKEN_LIST_REJECTED` where its address or content cannot be used.',
    }),
    customTokens: t.field({
      type: ['Address'],
      required: false,
      description: 'Token contracts. This and `tokensListsUrls` must not both be empty.',
    }),
    spenders: t.field({
      type: ['Address'],
      required: false,
      description:
        `Whose allowances of the watched tokens are watched, too: at most ${MAX_SPENDERS} a session, else ` +
        '`TOKEN_LIMIT_EXCEEDED`; the native coin is none (`BAD_USER_INPUT`). Left out or null they stay as they are. ' +
        'With a client id these become its spenders, `[]` meaning none; without one they are added.',
    }),
  }),
});
