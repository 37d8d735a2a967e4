import type { Update } from '../../../watch/update.ts';
import { builder } from '../builder.ts';
import { Allowance } from './allowance.ts';
import { Balance } from './balance.ts';
import { Block } from './block.ts';
import { UpdateCause } from './update-cause.ts';
import { UpdateKind } from './update-kind.ts';

export const BalancesUpdate = builder.objectRef<Update>('BalancesUpdate').implement({
  description: 'What a stream of balances delivers: everything once, from then on what changed.',
  fields: (t) => ({
    chainId: t.exposeInt('chainId', {
      description: 'EIP-155 id of the chain that all of it concerns.',
    }),
    kind: t.expose('kind', { type: UpdateKind, description: 'Whether to replace or to merge.' }),
    cause: t.expose('cause', { type: UpdateCause, description: 'Why it was sent.' }),
    cursor: t.exposeString('cursor', {
      description:
        'Opaque. Given back as `after` it resumes behind this update, on all chains of the stream; over ' +
        '`text/event-stream` it is also the `id` of the event.',
    }),
    block: t.expose('block', { type: Block, description: 'As of which the update is true.' }),
    balances: t.field({
      type: [Balance],
      description:
        'In a `SNAPSHOT` every watched balance of the chain, zeros included; in a `DIFF` those that changed, or, of ' +
        'items with conditions, those that crossed one.',
      resolve: ({ chainId, balances }, _, { turns }) =>
        turns.of(balances.map((balance) => ({ chainId, balance }))),
    }),
    allowances: t.field({
      type: [Allowance],
      description:
        'What spenders may take: in a `SNAPSHOT` of every watched token to every spender of the session, zeros ' +
        'included; in a `DIFF` those that changed. One that cannot be read is left out, and one that no longer can be ' +
        'is taken back by a `SNAPSHOT` without it.',
      resolve: ({ chainId, allowances }, _, { turns }) =>
        turns.of(allowances.map((allowance) => ({ chainId, allowance }))),
    }),
    removed: t.expose('removed', {
      type: ['Address'],
      description: 'Tokens that are no longer in the session, and their allowances with them.',
    }),
  }),
});
