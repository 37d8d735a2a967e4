/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  fragment BlockFields on Block {\n    number\n    hash\n    timestamp\n  }\n": typeof types.BlockFieldsFragmentDoc,
    "\n  fragment TokenFields on Token {\n    chainId\n    address\n    symbol\n    name\n    decimals\n    logoURI\n    native\n  }\n": typeof types.TokenFieldsFragmentDoc,
    "\n  fragment BalanceFields on Balance {\n    chainId\n    owner\n    token {\n      ...TokenFields\n    }\n    amount\n    formatted\n    previousAmount\n    transactions\n    block {\n      ...BlockFields\n    }\n    status\n    reason\n  }\n": typeof types.BalanceFieldsFragmentDoc,
    "\n  fragment AllowanceFields on Allowance {\n    owner\n    token {\n      ...TokenFields\n    }\n    spender\n    amount\n    previousAmount\n    transactions\n    block {\n      ...BlockFields\n    }\n  }\n": typeof types.AllowanceFieldsFragmentDoc,
    "\n  fragment SessionFields on Session {\n    chainId\n    owner\n    clientId\n    tokens\n    spenders\n    expiresAt\n  }\n": typeof types.SessionFieldsFragmentDoc,
    "\n  mutation CreateSession($input: SessionInput!) {\n    createSession(input: $input) {\n      ...SessionFields\n    }\n  }\n": typeof types.CreateSessionDocument,
    "\n  mutation UpdateSession($input: SessionInput!) {\n    updateSession(input: $input) {\n      ...SessionFields\n    }\n  }\n": typeof types.UpdateSessionDocument,
    "\n  query ReadBalance($owner: Address!, $token: Address!, $chainId: Int, $at: BlockTag) {\n    balance(owner: $owner, token: $token, chainId: $chainId, at: $at) {\n      ...BalanceFields\n    }\n  }\n": typeof types.ReadBalanceDocument,
    "\n  subscription WatchBalances($chainId: Int!, $owner: Address!, $clientId: ID, $after: String) {\n    balances(chainId: $chainId, owner: $owner, clientId: $clientId, after: $after) {\n      kind\n      cause\n      cursor\n      block {\n        ...BlockFields\n      }\n      balances {\n        ...BalanceFields\n      }\n      allowances {\n        ...AllowanceFields\n      }\n      removed\n    }\n  }\n": typeof types.WatchBalancesDocument,
    "\n  subscription WatchWallets($items: [WalletItem!]!, $after: String) {\n    walletBalances(items: $items, after: $after) {\n      chainId\n      kind\n      cause\n      cursor\n      block {\n        ...BlockFields\n      }\n      balances {\n        ...BalanceFields\n        crossed\n      }\n    }\n  }\n": typeof types.WatchWalletsDocument,
    "\n  subscription WatchChain($id: Int!) {\n    chain(id: $id) {\n      chainId\n      head {\n        ...BlockFields\n      }\n      safe {\n        ...BlockFields\n      }\n      finalized {\n        ...BlockFields\n      }\n      reorg {\n        depth\n        from {\n          ...BlockFields\n        }\n        to {\n          ...BlockFields\n        }\n      }\n    }\n  }\n": typeof types.WatchChainDocument,
};
const documents: Documents = {
    "\n  fragment BlockFields on Block {\n    number\n    hash\n    timestamp\n  }\n": types.BlockFieldsFragmentDoc,
    "\n  fragment TokenFields on Token {\n    chainId\n    address\n    symbol\n    name\n    decimals\n    logoURI\n    native\n  }\n": types.TokenFieldsFragmentDoc,
    "\n  fragment BalanceFields on Balance {\n    chainId\n    owner\n    token {\n      ...TokenFields\n    }\n    amount\n    formatted\n    previousAmount\n    transactions\n    block {\n      ...BlockFields\n    }\n    status\n    reason\n  }\n": types.BalanceFieldsFragmentDoc,
    "\n  fragment AllowanceFields on Allowance {\n    owner\n    token {\n      ...TokenFields\n    }\n    spender\n    amount\n    previousAmount\n    transactions\n    block {\n      ...BlockFields\n    }\n  }\n": types.AllowanceFieldsFragmentDoc,
    "\n  fragment SessionFields on Session {\n    chainId\n    owner\n    clientId\n    tokens\n    spenders\n    expiresAt\n  }\n": types.SessionFieldsFragmentDoc,
    "\n  mutation CreateSession($input: SessionInput!) {\n    createSession(input: $input) {\n      ...SessionFields\n    }\n  }\n": types.CreateSessionDocument,
    "\n  mutation UpdateSession($input: SessionInput!) {\n    updateSession(input: $input) {\n      ...SessionFields\n    }\n  }\n": types.UpdateSessionDocument,
    "\n  query ReadBalance($owner: Address!, $token: Address!, $chainId: Int, $at: BlockTag) {\n    balance(owner: $owner, token: $token, chainId: $chainId, at: $at) {\n      ...BalanceFields\n    }\n  }\n": types.ReadBalanceDocument,
    "\n  subscription WatchBalances($chainId: Int!, $owner: Address!, $clientId: ID, $after: String) {\n    balances(chainId: $chainId, owner: $owner, clientId: $clientId, after: $after) {\n      kind\n      cause\n      cursor\n      block {\n        ...BlockFields\n      }\n      balances {\n        ...BalanceFields\n      }\n      allowances {\n        ...AllowanceFields\n      }\n      removed\n    }\n  }\n": types.WatchBalancesDocument,
    "\n  subscription WatchWallets($items: [WalletItem!]!, $after: String) {\n    walletBalances(items: $items, after: $after) {\n      chainId\n      kind\n      cause\n      cursor\n      block {\n        ...BlockFields\n      }\n      balances {\n        ...BalanceFields\n        crossed\n      }\n    }\n  }\n": types.WatchWalletsDocument,
    "\n  subscription WatchChain($id: Int!) {\n    chain(id: $id) {\n      chainId\n      head {\n        ...BlockFields\n      }\n      safe {\n        ...BlockFields\n      }\n      finalized {\n        ...BlockFields\n      }\n      reorg {\n        depth\n        from {\n          ...BlockFields\n        }\n        to {\n          ...BlockFields\n        }\n      }\n    }\n  }\n": types.WatchChainDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment BlockFields on Block {\n    number\n    hash\n    timestamp\n  }\n"): typeof import('./graphql.ts').BlockFieldsFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment TokenFields on Token {\n    chainId\n    address\n    symbol\n    name\n    decimals\n    logoURI\n    native\n  }\n"): typeof import('./graphql.ts').TokenFieldsFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment BalanceFields on Balance {\n    chainId\n    owner\n    token {\n      ...TokenFields\n    }\n    amount\n    formatted\n    previousAmount\n    transactions\n    block {\n      ...BlockFields\n    }\n    status\n    reason\n  }\n"): typeof import('./graphql.ts').BalanceFieldsFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment AllowanceFields on Allowance {\n    owner\n    token {\n      ...TokenFields\n    }\n    spender\n    amount\n    previousAmount\n    transactions\n    block {\n      ...BlockFields\n    }\n  }\n"): typeof import('./graphql.ts').AllowanceFieldsFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment SessionFields on Session {\n    chainId\n    owner\n    clientId\n    tokens\n    spenders\n    expiresAt\n  }\n"): typeof import('./graphql.ts').SessionFieldsFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateSession($input: SessionInput!) {\n    createSession(input: $input) {\n      ...SessionFields\n    }\n  }\n"): typeof import('./graphql.ts').CreateSessionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateSession($input: SessionInput!) {\n    updateSession(input: $input) {\n      ...SessionFields\n    }\n  }\n"): typeof import('./graphql.ts').UpdateSessionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ReadBalance($owner: Address!, $token: Address!, $chainId: Int, $at: BlockTag) {\n    balance(owner: $owner, token: $token, chainId: $chainId, at: $at) {\n      ...BalanceFields\n    }\n  }\n"): typeof import('./graphql.ts').ReadBalanceDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription WatchBalances($chainId: Int!, $owner: Address!, $clientId: ID, $after: String) {\n    balances(chainId: $chainId, owner: $owner, clientId: $clientId, after: $after) {\n      kind\n      cause\n      cursor\n      block {\n        ...BlockFields\n      }\n      balances {\n        ...BalanceFields\n      }\n      allowances {\n        ...AllowanceFields\n      }\n      removed\n    }\n  }\n"): typeof import('./graphql.ts').WatchBalancesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription WatchWallets($items: [WalletItem!]!, $after: String) {\n    walletBalances(items: $items, after: $after) {\n      chainId\n      kind\n      cause\n      cursor\n      block {\n        ...BlockFields\n      }\n      balances {\n        ...BalanceFields\n        crossed\n      }\n    }\n  }\n"): typeof import('./graphql.ts').WatchWalletsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription WatchChain($id: Int!) {\n    chain(id: $id) {\n      chainId\n      head {\n        ...BlockFields\n      }\n      safe {\n        ...BlockFields\n      }\n      finalized {\n        ...BlockFields\n      }\n      reorg {\n        depth\n        from {\n          ...BlockFields\n        }\n        to {\n          ...BlockFields\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').WatchChainDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
