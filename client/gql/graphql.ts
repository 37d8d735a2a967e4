/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
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

/** When a balance is to be told: exactly one of `below`, `above` and `changeOver`, else `BAD_USER_INPUT`. Amounts are in the token's smallest unit. */
export type Condition = {
  /** Crossed when the balance rises from this or less to more than this. */
  readonly above?: string | null | undefined;
  /** Crossed when the balance falls from this or more to less than this. */
  readonly below?: string | null | undefined;
  /** Crossed when the balance differs by more than this from what the subscriber was last sent of it. */
  readonly changeOver?: string | null | undefined;
  /** One of the item's tokens, else `BAD_USER_INPUT`. */
  readonly token: `0x${string}` | 'native';
};

/** What a balance may be asked to be told of alone. */
export type ConditionKind =
  /** It rose from the amount or less to more than the amount. */
  | 'ABOVE'
  /** It fell from the amount or more to less than the amount. */
  | 'BELOW'
  /** It differs by more than the amount from what the subscriber was last sent of it. */
  | 'CHANGE_OVER';

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
  /** Whose allowances of the watched tokens are watched, too: at most 10 a session, else `TOKEN_LIMIT_EXCEEDED`; the native coin is none (`BAD_USER_INPUT`). Left out or null they stay as they are. With a client id these become its spenders, `[]` meaning none; without one they are added. */
  readonly spenders?: ReadonlyArray<`0x${string}` | 'native'> | null | undefined;
  /** Token lists in Uniswap's format (https://tokenlists.org), of which the tokens of this chain are taken. `TOKEN_LIST_UNAVAILABLE` where one cannot be had, `TOKEN_LIST_REJECTED` where its address or content cannot be used. */
  readonly tokensListsUrls?: ReadonlyArray<string> | null | undefined;
};

/** Why an update was sent. */
export type UpdateCause =
  /** A new block moved balances. */
  | 'EVENT'
  /** A periodic full read found balances that had moved without an event. */
  | 'RECONCILED'
  /** The chain reorganised, and balances, or the blocks and transactions that they changed in, are others on the branch that won. An amount that is the same has itself as `previousAmount`. */
  | 'REORG'
  /** Tokens or spenders were added to the session or left it. */
  | 'SESSION_CHANGED'
  /** The stream was opened or resumed. */
  | 'SUBSCRIBED';

/** How an update is to be folded into what the client knows. */
export type UpdateKind =
  /** What changed: set this, delete `removed`, keep the rest. */
  | 'DIFF'
  /** Everything that is watched on its chain: replace all that is known of the chain. */
  | 'SNAPSHOT';

/** Tokens of one wallet on one chain. Items of the same wallet and chain are one. */
export type WalletItem = {
  /** EIP-155 id of a chain in `chains`, else `CHAIN_NOT_SERVED`. */
  readonly chainId: number;
  /** With any, what follows the snapshot of this item are only balances that cross one, and those that become unreadable or readable again. After a reconnect the chains of such items begin with a snapshot, whose `crossed` says what holds. `previousAmount` is what was told last, and `transactions` are those of all changes since. At most 10000 in all items, else `BAD_USER_INPUT`. */
  readonly conditions?: ReadonlyArray<Condition> | null | undefined;
  /** The wallet. */
  readonly owner: `0x${string}` | 'native';
  /** At least one, else `BAD_USER_INPUT`; `"native"` is the native coin. */
  readonly tokens: ReadonlyArray<`0x${string}` | 'native'>;
};

export type BlockFieldsFragment = { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string };

export type TokenFieldsFragment = { readonly chainId: number, readonly address: `0x${string}`, readonly symbol: string | null, readonly name: string | null, readonly decimals: number | null, readonly logoURI: string | null, readonly native: boolean };

export type BalanceFieldsFragment = { readonly chainId: number, readonly owner: `0x${string}`, readonly amount: string | null, readonly formatted: string | null, readonly previousAmount: string | null, readonly transactions: ReadonlyArray<`0x${string}`>, readonly status: BalanceStatus, readonly reason: string | null, readonly token: { readonly chainId: number, readonly address: `0x${string}`, readonly symbol: string | null, readonly name: string | null, readonly decimals: number | null, readonly logoURI: string | null, readonly native: boolean }, readonly block: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string } };

export type AllowanceFieldsFragment = { readonly owner: `0x${string}`, readonly spender: `0x${string}`, readonly amount: string, readonly previousAmount: string | null, readonly transactions: ReadonlyArray<`0x${string}`>, readonly token: { readonly chainId: number, readonly address: `0x${string}`, readonly symbol: string | null, readonly name: string | null, readonly decimals: number | null, readonly logoURI: string | null, readonly native: boolean }, readonly block: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string } };

export type SessionFieldsFragment = { readonly chainId: number, readonly owner: `0x${string}`, readonly clientId: string | null, readonly tokens: ReadonlyArray<`0x${string}`>, readonly spenders: ReadonlyArray<`0x${string}`>, readonly expiresAt: string | null };

export type CreateSessionMutationVariables = Exact<{
  input: SessionInput;
}>;


export type CreateSessionMutation = { readonly createSession: { readonly chainId: number, readonly owner: `0x${string}`, readonly clientId: string | null, readonly tokens: ReadonlyArray<`0x${string}`>, readonly spenders: ReadonlyArray<`0x${string}`>, readonly expiresAt: string | null } };

export type UpdateSessionMutationVariables = Exact<{
  input: SessionInput;
}>;


export type UpdateSessionMutation = { readonly updateSession: { readonly chainId: number, readonly owner: `0x${string}`, readonly clientId: string | null, readonly tokens: ReadonlyArray<`0x${string}`>, readonly spenders: ReadonlyArray<`0x${string}`>, readonly expiresAt: string | null } };

export type ReadBalanceQueryVariables = Exact<{
  owner: `0x${string}` | 'native';
  token: `0x${string}` | 'native';
  chainId?: number | null | undefined;
  at?: BlockTag | null | undefined;
}>;


export type ReadBalanceQuery = { readonly balance: { readonly chainId: number, readonly owner: `0x${string}`, readonly amount: string | null, readonly formatted: string | null, readonly previousAmount: string | null, readonly transactions: ReadonlyArray<`0x${string}`>, readonly status: BalanceStatus, readonly reason: string | null, readonly token: { readonly chainId: number, readonly address: `0x${string}`, readonly symbol: string | null, readonly name: string | null, readonly decimals: number | null, readonly logoURI: string | null, readonly native: boolean }, readonly block: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string } } };

export type ReadBalancesQueryVariables = Exact<{
  owner: `0x${string}` | 'native';
  tokens: ReadonlyArray<`0x${string}` | 'native'> | `0x${string}` | 'native';
  chainId?: number | null | undefined;
  at?: BlockTag | null | undefined;
}>;


export type ReadBalancesQuery = { readonly balances: ReadonlyArray<{ readonly chainId: number, readonly owner: `0x${string}`, readonly amount: string | null, readonly formatted: string | null, readonly previousAmount: string | null, readonly transactions: ReadonlyArray<`0x${string}`>, readonly status: BalanceStatus, readonly reason: string | null, readonly token: { readonly chainId: number, readonly address: `0x${string}`, readonly symbol: string | null, readonly name: string | null, readonly decimals: number | null, readonly logoURI: string | null, readonly native: boolean }, readonly block: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string } }> };

export type ReadChainsQueryVariables = Exact<{ [key: string]: never; }>;


export type ReadChainsQuery = { readonly chains: ReadonlyArray<{ readonly id: number }> };

export type ListTokensQueryVariables = Exact<{
  chainId: number;
  tokensListsUrls?: ReadonlyArray<string> | string | null | undefined;
}>;


export type ListTokensQuery = { readonly tokens: ReadonlyArray<{ readonly address: `0x${string}` }> };

export type WatchBalancesSubscriptionVariables = Exact<{
  chainId: number;
  owner: `0x${string}` | 'native';
  clientId?: string | number | null | undefined;
  after?: string | null | undefined;
}>;


export type WatchBalancesSubscription = { readonly balances: { readonly kind: UpdateKind, readonly cause: UpdateCause, readonly cursor: string, readonly removed: ReadonlyArray<`0x${string}`>, readonly block: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string }, readonly balances: ReadonlyArray<{ readonly chainId: number, readonly owner: `0x${string}`, readonly amount: string | null, readonly formatted: string | null, readonly previousAmount: string | null, readonly transactions: ReadonlyArray<`0x${string}`>, readonly status: BalanceStatus, readonly reason: string | null, readonly token: { readonly chainId: number, readonly address: `0x${string}`, readonly symbol: string | null, readonly name: string | null, readonly decimals: number | null, readonly logoURI: string | null, readonly native: boolean }, readonly block: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string } }>, readonly allowances: ReadonlyArray<{ readonly owner: `0x${string}`, readonly spender: `0x${string}`, readonly amount: string, readonly previousAmount: string | null, readonly transactions: ReadonlyArray<`0x${string}`>, readonly token: { readonly chainId: number, readonly address: `0x${string}`, readonly symbol: string | null, readonly name: string | null, readonly decimals: number | null, readonly logoURI: string | null, readonly native: boolean }, readonly block: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string } }> } };

export type WatchWalletsSubscriptionVariables = Exact<{
  items: ReadonlyArray<WalletItem> | WalletItem;
  after?: string | null | undefined;
}>;


export type WatchWalletsSubscription = { readonly walletBalances: { readonly chainId: number, readonly kind: UpdateKind, readonly cause: UpdateCause, readonly cursor: string, readonly block: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string }, readonly balances: ReadonlyArray<{ readonly crossed: ReadonlyArray<ConditionKind>, readonly chainId: number, readonly owner: `0x${string}`, readonly amount: string | null, readonly formatted: string | null, readonly previousAmount: string | null, readonly transactions: ReadonlyArray<`0x${string}`>, readonly status: BalanceStatus, readonly reason: string | null, readonly token: { readonly chainId: number, readonly address: `0x${string}`, readonly symbol: string | null, readonly name: string | null, readonly decimals: number | null, readonly logoURI: string | null, readonly native: boolean }, readonly block: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string } }> } };

export type WatchChainSubscriptionVariables = Exact<{
  id: number;
}>;


export type WatchChainSubscription = { readonly chain: { readonly chainId: number, readonly head: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string }, readonly safe: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string } | null, readonly finalized: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string } | null, readonly reorg: { readonly depth: number, readonly from: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string }, readonly to: { readonly number: string, readonly hash: `0x${string}`, readonly timestamp: string } } | null } };

/** The text of an operation, which knows of what type its variables and its result are. */
export type TypedDocumentString<TResult, TVariables> = string & {
  readonly __apiType?: (variables: TVariables) => TResult;
};
export const CreateSessionDocument =
  'mutation CreateSession($input:SessionInput!){createSession(input:$input){...SessionFields}}fragment SessionFields on Session{chainId owner clientId tokens spenders expiresAt}' as TypedDocumentString<CreateSessionMutation, CreateSessionMutationVariables>;
export const UpdateSessionDocument =
  'mutation UpdateSession($input:SessionInput!){updateSession(input:$input){...SessionFields}}fragment SessionFields on Session{chainId owner clientId tokens spenders expiresAt}' as TypedDocumentString<UpdateSessionMutation, UpdateSessionMutationVariables>;
export const ReadBalanceDocument =
  'query ReadBalance($owner:Address!$token:Address!$chainId:Int$at:BlockTag){balance(owner:$owner token:$token chainId:$chainId at:$at){...BalanceFields}}fragment BlockFields on Block{number hash timestamp}fragment TokenFields on Token{chainId address symbol name decimals logoURI native}fragment BalanceFields on Balance{chainId owner token{...TokenFields}amount formatted previousAmount transactions block{...BlockFields}status reason}' as TypedDocumentString<ReadBalanceQuery, ReadBalanceQueryVariables>;
export const ReadBalancesDocument =
  'query ReadBalances($owner:Address!$tokens:[Address!]!$chainId:Int$at:BlockTag){balances(owner:$owner tokens:$tokens chainId:$chainId at:$at){...BalanceFields}}fragment BlockFields on Block{number hash timestamp}fragment TokenFields on Token{chainId address symbol name decimals logoURI native}fragment BalanceFields on Balance{chainId owner token{...TokenFields}amount formatted previousAmount transactions block{...BlockFields}status reason}' as TypedDocumentString<ReadBalancesQuery, ReadBalancesQueryVariables>;
export const ReadChainsDocument =
  'query ReadChains{chains{id}}' as TypedDocumentString<ReadChainsQuery, ReadChainsQueryVariables>;
export const ListTokensDocument =
  'query ListTokens($chainId:Int!$tokensListsUrls:[URL!]){tokens(chainId:$chainId tokensListsUrls:$tokensListsUrls){address}}' as TypedDocumentString<ListTokensQuery, ListTokensQueryVariables>;
export const WatchBalancesDocument =
  'subscription WatchBalances($chainId:Int!$owner:Address!$clientId:ID$after:String){balances(chainId:$chainId owner:$owner clientId:$clientId after:$after){kind cause cursor block{...BlockFields}balances{...BalanceFields}allowances{...AllowanceFields}removed}}fragment BlockFields on Block{number hash timestamp}fragment TokenFields on Token{chainId address symbol name decimals logoURI native}fragment BalanceFields on Balance{chainId owner token{...TokenFields}amount formatted previousAmount transactions block{...BlockFields}status reason}fragment AllowanceFields on Allowance{owner token{...TokenFields}spender amount previousAmount transactions block{...BlockFields}}' as TypedDocumentString<WatchBalancesSubscription, WatchBalancesSubscriptionVariables>;
export const WatchWalletsDocument =
  'subscription WatchWallets($items:[WalletItem!]!$after:String){walletBalances(items:$items after:$after){chainId kind cause cursor block{...BlockFields}balances{...BalanceFields crossed}}}fragment BlockFields on Block{number hash timestamp}fragment TokenFields on Token{chainId address symbol name decimals logoURI native}fragment BalanceFields on Balance{chainId owner token{...TokenFields}amount formatted previousAmount transactions block{...BlockFields}status reason}' as TypedDocumentString<WatchWalletsSubscription, WatchWalletsSubscriptionVariables>;
export const WatchChainDocument =
  'subscription WatchChain($id:Int!){chain(id:$id){chainId head{...BlockFields}safe{...BlockFields}finalized{...BlockFields}reorg{depth from{...BlockFields}to{...BlockFields}}}}fragment BlockFields on Block{number hash timestamp}' as TypedDocumentString<WatchChainSubscription, WatchChainSubscriptionVariables>;
