import type { Address } from '../../../chain/types.ts';
import type { Told } from './folded.ts';

/** What came over a stream is not what the contract says. */
export class Malformed extends Error {}

/** The `data` of a REST stream's `balance_update`. Throws Malformed on anything else. */
export function toldByRest(cursor: string, data: string): Told {
  const { balances } = parse(data) as { balances: Record<Address, string> };
  return {
    kind: 'part',
    cursor,
    balances: Object.entries(balances).map(([token, amount]) => ({
      token: token as Address,
      amount: decimal(amount),
    })),
    removed: [],
  };
}

export const SUBSCRIPTION = `subscription ($chainId: Int!, $owner: Address!, $clientId: ID, $after: String) {
  balances(chainId: $chainId, owner: $owner, clientId: $clientId, after: $after) {
    kind cursor block { number hash } balances { token { address } amount status } removed
  }
}`;

interface GraphQLUpdate {
  readonly kind: 'SNAPSHOT' | 'DIFF';
  readonly cursor: string;
  readonly block: { readonly number: string; readonly hash: string };
  readonly balances: readonly {
    readonly token: { readonly address: Address };
    readonly amount: string | null;
    readonly status: string;
  }[];
  readonly removed: readonly Address[];
}

export class Refused extends Error {
  readonly code: unknown;

  constructor(code: unknown, message: string) {
    super(message);
    this.code = code;
  }
}

/** The `data` of a `next` event in answer to that subscription. Throws Refused where it holds errors, and Malformed. */
export function toldByGraphQL(data: string): Told {
  const answer = parse(data) as {
    data?: { balances: GraphQLUpdate } | null;
    errors?: { message: string; extensions?: { code?: unknown } }[];
  };
  const [error] = answer.errors ?? [];
  if (error || !answer.data) throw new Refused(error?.extensions?.code, error?.message ?? 'no data');
  const { balances, removed, ...rest } = answer.data.balances;
  return {
    ...rest,
    balances: balances.map(({ token, amount, status }) => ({
      token: lower(token.address),
      amount: amount === null ? null : decimal(amount),
      status,
    })),
    removed: removed.map(lower),
  };
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw new Malformed(`data that is no JSON: ${data.slice(0, 200)}`);
  }
}

function lower(address: Address): Address {
  return address.toLowerCase() as Address;
}

function decimal(amount: string): bigint {
  if (!/^\d+$/.test(amount)) throw new Malformed(`an amount of '${amount}'`);
  return BigInt(amount);
}
