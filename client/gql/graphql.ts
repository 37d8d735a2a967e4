/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Whether a balance could be read. */
export type BalanceStatus =
  /** `amount` is what the token answered. */
  | 'OK'
  /** The token gave no usable answer (no contract, a revert, under 32 bytes): see `reason`. */
  | 'UNREADABLE';

/** Which of the blocks of a chain to read at. */
export type BlockTag =
  /** The newest that no reorganisation can remove. `UPSTREAM_UNAVAILABLE` where the endpoints know of none. */
  | 'FINALIZED'
  /** The newest. */
  | 'LATEST'
  /** The newest that a reorganisation is unlikely to remove, as the chain defines it. `UPSTREAM_UNAVAILABLE` where its endpoints know of none. */
  | 'SAFE';

/** The tokens of a wallet to watch: those of lists and those named. The native coin and its wrapped token are always watched and need not be named. */
export type SessionInput = {
  /** EIP-155 id of a chain in `chains`, else `CHAIN_NOT_SERVED`. */
  readonly chainId: number;
  /** A UUID. With it the session is this client's own, and what is given here becomes its whole list. Without it all devices of the wallet share one list, and what is given here is added to it. */
  readonly clientId?: string | number | null | undefined;
  /** Token contracts. This and `tokensListsUrls` must not both be empty. */
  readonly customTokens?: ReadonlyArray<`0x${string}` | 'native'> | null | undefined;
  /** The wallet. */
  readonly owner: `0x${string}` | 'native';
  /** Token lists in Uniswap's format (https://tokenlists.org), of which the tokens of this chain are taken. `TOKEN_LIST_UNAVAILABLE` where one cannot be had, `TOKEN_LIST_REJECTED` where its address or content cannot be used. */
  readonly tokensListsUrls?: ReadonlyArray<string> | null | undefined;
};

/** Why an update was sent. */
export type UpdateCause =
  /** A new block moved balances. */
  | 'EVENT'
  /** A periodic full read found balances that had moved without an event. */
  | 'RECONCILED'
  /** The chain reorganised, and balances are others on the branch that won. */
  | 'REORG'
  /** Tokens were added to the session or left it. */
  | 'SESSION_CHANGED'
  /** The stream was opened or resumed. */
  | 'SUBSCRIBED';

/** How an update is to be folded into what the client knows. */
export type UpdateKind =
  /** Those that changed: set these, delete `removed`, keep the others. */
  | 'DIFF'
  /** Every watched token: replace everything. */
  | 'SNAPSHOT';

export type BlockFieldsFragment = { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string };

export type BalanceFieldsFragment = { readonly chainId: number, readonly owner: `0x${string}`, readonly amount: string | null, readonly formatted: string | null, readonly previousAmount: string | null, readonly transactions: ReadonlyArray<`0x${string}`>, readonly status: BalanceStatus, readonly reason: string | null, readonly token: { readonly chainId: number, readonly address: `0x${string}`, readonly symbol: string | null, readonly name: string | null, readonly decimals: number | null, readonly logoURI: string | null, readonly native: boolean }, readonly block: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string } };

export type SessionFieldsFragment = { readonly chainId: number, readonly owner: `0x${string}`, readonly clientId: string | null, readonly tokens: ReadonlyArray<`0x${string}`>, readonly expiresAt: string | null };

export type CreateSessionMutationVariables = Exact<{
  input: SessionInput;
}>;


export type CreateSessionMutation = { readonly createSession: { readonly chainId: number, readonly owner: `0x${string}`, readonly clientId: string | null, readonly tokens: ReadonlyArray<`0x${string}`>, readonly expiresAt: string | null } };

export type UpdateSessionMutationVariables = Exact<{
  input: SessionInput;
}>;


export type UpdateSessionMutation = { readonly updateSession: { readonly chainId: number, readonly owner: `0x${string}`, readonly clientId: string | null, readonly tokens: ReadonlyArray<`0x${string}`>, readonly expiresAt: string | null } };

export type ReadBalanceQueryVariables = Exact<{
  owner: `0x${string}` | 'native';
  token: `0x${string}` | 'native';
  chainId?: number | null | undefined;
  at?: BlockTag | null | undefined;
}>;


export type ReadBalanceQuery = { readonly balance: { readonly chainId: number, readonly owner: `0x${string}`, readonly amount: string | null, readonly formatted: string | null, readonly previousAmount: string | null, readonly transactions: ReadonlyArray<`0x${string}`>, readonly status: BalanceStatus, readonly reason: string | null, readonly token: { readonly chainId: number, readonly address: `0x${string}`, readonly symbol: string | null, readonly name: string | null, readonly decimals: number | null, readonly logoURI: string | null, readonly native: boolean }, readonly block: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string } } };

export type WatchBalancesSubscriptionVariables = Exact<{
  chainId: number;
  owner: `0x${string}` | 'native';
  clientId?: string | number | null | undefined;
  after?: string | null | undefined;
}>;


export type WatchBalancesSubscription = { readonly balances: { readonly kind: UpdateKind, readonly cause: UpdateCause, readonly cursor: string, readonly removed: ReadonlyArray<`0x${string}`>, readonly block: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string }, readonly balances: ReadonlyArray<{ readonly chainId: number, readonly owner: `0x${string}`, readonly amount: string | null, readonly formatted: string | null, readonly previousAmount: string | null, readonly transactions: ReadonlyArray<`0x${string}`>, readonly status: BalanceStatus, readonly reason: string | null, readonly token: { readonly chainId: number, readonly address: `0x${string}`, readonly symbol: string | null, readonly name: string | null, readonly decimals: number | null, readonly logoURI: string | null, readonly native: boolean }, readonly block: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string } }> } };

export type WatchChainSubscriptionVariables = Exact<{
  id: number;
}>;


export type WatchChainSubscription = { readonly chain: { readonly chainId: number, readonly head: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string }, readonly safe: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string } | null, readonly finalized: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string } | null, readonly reorg: { readonly depth: number, readonly from: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string }, readonly to: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string } } | null } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const BlockFieldsFragmentDoc = new TypedDocumentString(`
    fragment BlockFields on Block {
  number
  hash
  timestamp
}
    `, {"fragmentName":"BlockFields"}) as unknown as TypedDocumentString<BlockFieldsFragment, unknown>;
export const BalanceFieldsFragmentDoc = new TypedDocumentString(`
    fragment BalanceFields on Balance {
  chainId
  owner
  token {
    chainId
    address
    symbol
    name
    decimals
    logoURI
    native
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
    fragment BlockFields on Block {
  number
  hash
  timestamp
}`, {"fragmentName":"BalanceFields"}) as unknown as TypedDocumentString<BalanceFieldsFragment, unknown>;
export const SessionFieldsFragmentDoc = new TypedDocumentString(`
    fragment SessionFields on Session {
  chainId
  owner
  clientId
  tokens
  expiresAt
}
    `, {"fragmentName":"SessionFields"}) as unknown as TypedDocumentString<SessionFieldsFragment, unknown>;
export const CreateSessionDocument = new TypedDocumentString(`
    mutation CreateSession($input: SessionInput!) {
  createSession(input: $input) {
    ...SessionFields
  }
}
    fragment SessionFields on Session {
  chainId
  owner
  clientId
  tokens
  expiresAt
}`) as unknown as TypedDocumentString<CreateSessionMutation, CreateSessionMutationVariables>;
export const UpdateSessionDocument = new TypedDocumentString(`
    mutation UpdateSession($input: SessionInput!) {
  updateSession(input: $input) {
    ...SessionFields
  }
}
    fragment SessionFields on Session {
  chainId
  owner
  clientId
  tokens
  expiresAt
}`) as unknown as TypedDocumentString<UpdateSessionMutation, UpdateSessionMutationVariables>;
export const ReadBalanceDocument = new TypedDocumentString(`
    query ReadBalance($owner: Address!, $token: Address!, $chainId: Int, $at: BlockTag) {
  balance(owner: $owner, token: $token, chainId: $chainId, at: $at) {
    ...BalanceFields
  }
}
    fragment BlockFields on Block {
  number
  hash
  timestamp
}
fragment BalanceFields on Balance {
  chainId
  owner
  token {
    chainId
    address
    symbol
    name
    decimals
    logoURI
    native
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
}`) as unknown as TypedDocumentString<ReadBalanceQuery, ReadBalanceQueryVariables>;
export const WatchBalancesDocument = new TypedDocumentString(`
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
    removed
  }
}
    fragment BlockFields on Block {
  number
  hash
  timestamp
}
fragment BalanceFields on Balance {
  chainId
  owner
  token {
    chainId
    address
    symbol
    name
    decimals
    logoURI
    native
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
}`) as unknown as TypedDocumentString<WatchBalancesSubscription, WatchBalancesSubscriptionVariables>;
export const WatchChainDocument = new TypedDocumentString(`
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
    fragment BlockFields on Block {
  number
  hash
  timestamp
}`) as unknown as TypedDocumentString<WatchChainSubscription, WatchChainSubscriptionVariables>;
