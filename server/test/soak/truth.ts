import { BaseError, HttpRequestError, TimeoutError } from 'viem';
import { type Address, type BlockRef, NATIVE } from '../../chain/types.ts';
import { allowanceOf, balanceOf } from '../contracts.ts';
import { ordinary, type World } from './world.ts';

/** What the chain itself says at its head, asked directly; null: the token cannot be read. */
export interface Truth {
  readonly head: BlockRef;
  of(owner: Address, token: Address): bigint | null;
  allowance(owner: Address, token: Address, spender: Address): bigint | null;
}

export async function readTruth({ chain, wallets, tokens, spenders }: World): Promise<Truth> {
  const head = await chain.head();
  const watched = [NATIVE, chain.weth, ...ordinary(tokens), ...tokens.hostile];
  const amounts = new Map<string, bigint | null>();
  await Promise.all(
    wallets.flatMap((owner) =>
      watched.map(async (token) => {
        amounts.set(`${owner} ${token}`, await balanceOf(chain, token, owner, head.hash).catch(unreadable));
        for (const spender of token === NATIVE ? [] : spenders)
          amounts.set(
            `${owner} ${token} ${spender}`,
            await allowanceOf(chain, token, { owner, spender }, head.hash).catch(unreadable),
          );
      }),
    ),
  );
  const known = (name: string) => {
    const amount = amounts.get(name);
    if (amount === undefined) throw new Error(`nobody asked the chain for ${name}`);
    return amount;
  };
  return {
    head,
    of: (owner, token) => known(`${owner} ${token}`),
    allowance: (owner, token, spender) => known(`${owner} ${token} ${spender}`),
  };
}

/** A node that is away says nothing of a token. */
function unreadable(error: unknown): null {
  const isAway = (cause: unknown) => cause instanceof HttpRequestError || cause instanceof TimeoutError;
  if (!(error instanceof BaseError) || error.walk(isAway)) throw error;
  return null;
}
