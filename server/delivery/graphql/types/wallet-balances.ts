import { wordsOf } from '../../../watch/wallets.ts';
import { requestsOfPairs } from '../../gate/price.ts';
import { builder } from '../builder.ts';
import { MAX_ITEMS, walletItems } from '../wallet-items.ts';
import { BalancesUpdate } from './balances-update.ts';
import { AFTER, cursorOf, followed } from './subscription.ts';
import { WalletItem } from './wallet-item.ts';

builder.subscriptionField('walletBalances', (t) =>
  t.field({
    type: BalancesUpdate,
    description:
      'The balances of many wallets on any of the chains, without a session: for each chain a full snapshot, then what ' +
      'changed. Each update concerns one chain, and its cursor all of them. A reader that is slow gets fewer and fresher ' +
      'updates. Errors, which name the item: `BAD_USER_INPUT`, `CHAIN_NOT_SERVED`; `TOKEN_LIMIT_EXCEEDED` past ' +
      'MAX_PAIRS_PER_STREAM pairs of a wallet and a token; `RATE_LIMITED`, where every 1,000 pairs count as a request, ' +
      'and past the share of what is watched that one address has; `CAPACITY_EXCEEDED`.',
    args: {
      items: t.arg({
        type: [WalletItem],
        required: true,
        description: `The wallets: 1 to ${MAX_ITEMS} items, else \`BAD_USER_INPUT\`.`,
      }),
      after: t.arg.string({ required: false, description: AFTER }),
    },
    async subscribe(_root, { items, after }, { service, connection }) {
      const asked = walletItems(items, service.chains);
      await connection.spendRest(requestsOfPairs(wordsOf(asked)));
      const cursor = cursorOf(after, connection);
      const { caller, signal } = connection;
      const updates = await service.wallets.stream(asked, { after: cursor, caller, signal });
      if (cursor !== undefined) connection.caughtUp = () => updates.caughtUp();
      return followed(updates, connection);
    },
    resolve: (update) => update,
  }),
);
