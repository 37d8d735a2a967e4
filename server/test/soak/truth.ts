import { BaseError, HttpRequestError, TimeoutError } from 'viem';
import { type Address, type BlockRef, NATIVE } from '../../chain/types.ts';
import { balanceOf } from '../contracts.ts';
import { ordinary, type World } from './world.ts';

/** What the chain itself says at its head, asked directly; null: the token cannot be read. */
export interface Truth {
  readonly head: BlockRef;
  of(owner: Address, token: Address): bigint | null;
}

export async function readTruth({ chain, wallets, tokens }: World): Promise<Truth> {
  const head = await chain.head();
  const watched = [NATIVE, chain.weth, ...ordinary(tokens), ...tokens.hostile];
  const amounts = new Map<string, bigint | null>();
  await Promise.all(
    wallets.flatMap((owner) =>
      watched.map(async (token) => {
        amounts.set(`${owner} ${token}`, await balanceOf(chain, token, owner, head.hash).catch(unreadable));
      }),
    ),
  );
  return {
    head,
    of(owner, token) {
      const amount = amounts.get(`${owner} ${token}`);
      if (amount === undefined) throw new Error(`nobody asked the chain for ${token} of ${owner}`);
      return amount;
    },
  };
}

/** A node that is away says nothing of a token. */
function unreadable(error: unknown): null {
  const isAway = (cause: unknown) => cause instanceof HttpRequestError || cause instanceof TimeoutError;
  if (!(error instanceof BaseError) || error.walk(isAway)) throw error;
  return null;
}
