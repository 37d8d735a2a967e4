import { builder } from './builder.ts';
import './scalars.ts';
import './types/query.ts';
import './types/mutation.ts';
import './types/subscription.ts';
import './types/wallet-balances.ts';

/** The schema of the contract. `schema.graphql` is its printed form. */
export const schema = builder.toSchema({ sortSchema: false });
