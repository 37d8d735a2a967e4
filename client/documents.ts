import { graphql } from './gql/index.ts';

/** Every operation of the client. `npm run codegen` types them against `schema.graphql`. */

graphql(`
  fragment BlockFields on Block {
    number
    hash
    timestamp
  }
`);

graphql(`
  fragment TokenFields on Token {
    chainId
    address
    symbol
    name
    decimals
    logoURI
    native
  }
`);

graphql(`
  fragment BalanceFields on Balance {
    chainId
    owner
    token {
      ...TokenFields
    }
    amount
    formatted
    previousAmount
    transactions
    block {
      ...BlockFields
    }
    status
    reason
  }
`);

graphql(`
  fragment AllowanceFields on Allowance {
    owner
    token {
      ...TokenFields
    }
    spender
    amount
    previousAmount
    transactions
    block {
      ...BlockFields
    }
  }
`);

graphql(`
  fragment SessionFields on Session {
    chainId
    owner
    clientId
    tokens
    spenders
    expiresAt
  }
`);

export const CreateSession = graphql(`
  mutation CreateSession($input: SessionInput!) {
    createSession(input: $input) {
      ...SessionFields
    }
  }
`);

export const UpdateSession = graphql(`
  mutation UpdateSession($input: SessionInput!) {
    updateSession(input: $input) {
      ...SessionFields
    }
  }
`);

export const ReadBalance = graphql(`
  query ReadBalance($owner: Address!, $token: Address!, $chainId: Int, $at: BlockTag) {
    balance(owner: $owner, token: $token, chainId: $chainId, at: $at) {
      ...BalanceFields
    }
  }
`);

export const WatchBalances = graphql(`
  subscription WatchBalances($chainId: Int!, $owner: Address!, $clientId: ID, $after: String) {
    balances(chainId: $chainId, owner: $owner, clientId: $clientId, after: $after) {
      kind
      cause
      cursor
      block {
        ...BlockFields
      }
      balances {
        ...BalanceFields
      }
      allowances {
        ...AllowanceFields
      }
      removed
    }
  }
`);

export const WatchWallets = graphql(`
  subscription WatchWallets($items: [WalletItem!]!, $after: String) {
    walletBalances(items: $items, after: $after) {
      chainId
      kind
      cause
      cursor
      block {
        ...BlockFields
      }
      balances {
        ...BalanceFields
        crossed
      }
    }
  }
`);

export const WatchChain = graphql(`
  subscription WatchChain($id: Int!) {
    chain(id: $id) {
      chainId
      head {
        ...BlockFields
      }
      safe {
        ...BlockFields
      }
      finalized {
        ...BlockFields
      }
      reorg {
        depth
        from {
          ...BlockFields
        }
        to {
          ...BlockFields
        }
      }
    }
  }
`);
