import type { Address } from '../chain/types.ts';
import { CHAIN_ID } from './fixtures.ts';
import type { StreamRequest } from './streams.ts';

/** The doors of the server, as a client of each knocks. */
export async function postSession(
  url: string,
  owner: Address,
  customTokens: readonly Address[],
): Promise<void> {
  const response = await fetch(`${url}/${CHAIN_ID}/sessions/${owner}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ customTokens }),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`POST session: ${response.status} ${answer}`);
}

export function restStream(url: string, owner: Address): StreamRequest {
  return { url: `${url}/sse/${CHAIN_ID}/balances/${owner}` };
}

const SUBSCRIPTION = `subscription Balances($chainId: Int!, $owner: Address!) {
  balances(chainId: $chainId, owner: $owner) {
    kind cursor block { number } balances { token { address } amount } removed
  }
}`;

export function graphqlStream(url: string, owner: Address): StreamRequest {
  return {
    url: `${url}/graphql`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: SUBSCRIPTION, variables: { chainId: CHAIN_ID, owner } }),
  };
}

/** One token of many wallets. */
export function walletsStream(url: string, owners: readonly Address[], token: Address): StreamRequest {
  const query = `subscription ($items: [WalletItem!]!) {
    walletBalances(items: $items) { kind cause cursor balances { owner token { address } amount status } }
  }`;
  const items = owners.map((owner) => ({ chainId: CHAIN_ID, owner, tokens: [token] }));
  return {
    url: `${url}/graphql`,
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query, variables: { items } }),
  };
}
