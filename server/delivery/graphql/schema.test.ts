import {
  buildSchema,
  findBreakingChanges,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { expect, test } from 'vitest';
import { schema } from './schema.ts';

const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);

test('every type, field, argument and enum value says what it is', () => {
  const silent = types.flatMap((type) => {
    const fields = isObjectType(type) || isInputObjectType(type) ? Object.values(type.getFields()) : [];
    const args = fields.flatMap((field) => ('args' in field ? field.args : []));
    const values = isEnumType(type) ? type.getValues() : [];
    return [type, ...fields, ...args, ...values].filter(({ description }) => !description);
  });
  expect(silent.map(String)).toEqual([]);
});

/** What other programs rely on. The schema may say more, not less. */
const CONTRACT = `
  scalar Address  scalar BigInt  scalar Hash  scalar DateTime  scalar URL
  type Query {
    chains: [Chain!]!
    balance(owner: Address!, token: Address!, chainId: Int, at: BlockTag = LATEST): Balance!
    balances(owner: Address!, tokens: [Address!]!, chainId: Int, at: BlockTag = LATEST): [Balance!]!
    session(chainId: Int!, owner: Address!, clientId: ID): Session
  }
  type Mutation {
    createSession(input: SessionInput!): Session!
    updateSession(input: SessionInput!): Session!
  }
  type Subscription {
    balances(chainId: Int!, owner: Address!, clientId: ID, after: String): BalancesUpdate!
    walletBalances(items: [WalletItem!]!, after: String): BalancesUpdate!
    chain(id: Int!): ChainUpdate!
  }
  type ChainUpdate { chainId: Int!  head: Block!  safe: Block  finalized: Block  reorg: Reorg }
  type Reorg { depth: Int!  from: Block!  to: Block! }
  enum BlockTag { LATEST SAFE FINALIZED }
  input WalletItem { chainId: Int!  owner: Address!  tokens: [Address!]!  conditions: [Condition!] }
  input Condition { token: Address!  below: BigInt  above: BigInt  changeOver: BigInt }
  input SessionInput {
    chainId: Int!  owner: Address!  clientId: ID  tokensListsUrls: [URL!]  customTokens: [Address!]
    spenders: [Address!]
  }
  type Session {
    chainId: Int!  owner: Address!  clientId: ID  tokens: [Address!]!  spenders: [Address!]!  expiresAt: DateTime
  }
  type BalancesUpdate {
    kind: UpdateKind!  cause: UpdateCause!  cursor: String!  block: Block!  balances: [Balance!]!
    allowances: [Allowance!]!  removed: [Address!]!
  }
  enum UpdateKind { SNAPSHOT DIFF }
  enum UpdateCause { SUBSCRIBED SESSION_CHANGED EVENT RECONCILED REORG }
  type Balance {
    chainId: Int!  owner: Address!  token: Token!  amount: BigInt  formatted: String  previousAmount: BigInt
    transactions: [Hash!]!  block: Block!  status: BalanceStatus!  reason: String
    crossed: [ConditionKind!]!
  }
  enum ConditionKind { BELOW ABOVE CHANGE_OVER }
  type Allowance { token: Token!  spender: Address!  amount: BigInt!  previousAmount: BigInt }
  enum BalanceStatus { OK UNREADABLE }
  type Token {
    chainId: Int!  address: Address!  symbol: String  name: String  decimals: Int  logoURI: String
    native: Boolean!
  }
  type Block { number: BigInt!  hash: Hash!  timestamp: DateTime! }
  type Chain { id: Int!  name: String!  head: Block  healthy: Boolean! }
`;

test('the contract holds', () => {
  const contract = buildSchema(CONTRACT);
  expect(findBreakingChanges(contract, schema)).toEqual([]);
  const nowNullable = findBreakingChanges(schema, contract).filter(
    ({ type }) => type === 'FIELD_CHANGED_KIND',
  );
  expect(nowNullable).toEqual([]);
});
