/** What the page asks of its server beside balances: which chains there are, and how one is. */

/** Beside which `/graphql` and `/health` are. */
export const SERVER = new URL('./', location.href);

export interface ServedChain {
  readonly id: number;
  readonly name: string;
}

/** How the server stands to a chain, of `/health/{chain_id}`. */
export interface ChainHealth {
  readonly healthy: boolean;
  readonly head: { readonly number: number; readonly timestamp: string } | null;
  /** How far what was taken in is behind what the chain's nodes have. */
  readonly lagBlocks: number;
  /** Since the newest block was heard of, and by how much what was taken in is older. */
  readonly lagSeconds: number | null;
  readonly lastError: string | null;
}

/** The server wants an API key, or another one. */
export class KeyWanted extends Error {}

/** Throws KeyWanted, and anything else where the server is out of reach. */
export async function readChains(apiKey: string, signal: AbortSignal): Promise<readonly ServedChain[]> {
  const answer = await fetch(new URL('graphql', SERVER), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
    body: JSON.stringify({ query: '{ chains { id name } }' }),
    signal,
  });
  if (answer.status === 401) throw new KeyWanted();
  const { data, errors } = (await answer.json()) as ChainsAnswer;
  if (!data) throw new Error(errors?.[0]?.message ?? `the server answered ${answer.status}`);
  return data.chains;
}

interface ChainsAnswer {
  readonly data?: { readonly chains: readonly ServedChain[] } | null;
  readonly errors?: readonly { readonly message: string }[];
}

/** 503 is an answer, too: the chain cannot be delivered, and why. */
export async function readHealth(chainId: number, signal: AbortSignal): Promise<ChainHealth> {
  const answer = await fetch(new URL(`health/${chainId}`, SERVER), { signal });
  if (!answer.ok && answer.status !== 503) throw new Error(`the server answered ${answer.status}`);
  return (await answer.json()) as ChainHealth;
}
