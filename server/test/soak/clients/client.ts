import type { Address } from '../../../chain/types.ts';

/** One way of using the service, and what one user of it holds. */
export interface SoakClient extends AsyncDisposable {
  /** Its kind, and a number where there are several. */
  readonly name: string;
  readonly kind: ClientKind;
  readonly owner: Address;
  /** What it holds of a token: null where it was told that it cannot be read, undefined where it knows nothing. */
  holds(token: Address): bigint | null | undefined;
  /** What it must hold by now, and nothing else where it is told of what has left. */
  readonly tokens: ReadonlySet<Address>;
  /** Everything it holds; undefined where its door does not tell it what has left. */
  readonly held: Iterable<Address> | undefined;
  /** What it was told of allowances; undefined where it asks for none. */
  readonly allowances?: HeldAllowances | undefined;
  readonly updates: number;
  /** How often it opened a stream. */
  readonly connections: number;
  /** What it was sent and should never have been. */
  readonly problems: readonly string[];
}

export interface HeldAllowances {
  /** Who may spend: of every token but the native coin it must know what. */
  readonly spenders: readonly Address[];
  /** Undefined where it cannot be read, or nothing is known. */
  of(token: Address, spender: Address): bigint | undefined;
}

export const CLIENT_KINDS = [
  'GraphQL client',
  'GraphQL client of two watches',
  'GraphQL client of all wallets',
  'EventSource',
  'slow reader',
  'GraphQL, dropping and resuming',
  'REST, dropping and resuming',
  'list set anew (PUT)',
  'list growing (POST)',
  'latecomer',
  'many wallets in one stream',
  'WebSocket',
] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];
