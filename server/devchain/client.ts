import {
  createTestClient,
  http,
  publicActions,
  type RpcTransactionRequest,
  rpcSchema,
  walletActions,
} from 'viem';
import { foundry } from 'viem/chains';

/** What anvil can and viem has no function for. */
type MoreOfAnvil = [
  {
    Method: 'anvil_reorg';
    /** Blocks to replace, and transactions to have in the new ones, each with the place of its block among them. */
    Parameters: [depth: number, transactions: [RpcTransactionRequest, number][]];
    ReturnType: null;
  },
  /** Forgets what waits to be mined. */
  { Method: 'anvil_dropAllTransactions'; Parameters?: undefined; ReturnType: null },
];

/**
 * One viem client that reads an anvil, sends from its unlocked accounts and turns its clock. Requests made
 * together travel in one batch. Nothing is tried twice: what is sent is sent once.
 */
export function chainClient({ url, chainId }: { readonly url: string; readonly chainId: number }) {
  return createTestClient({
    mode: 'anvil',
    chain: { ...foundry, id: chainId },
    transport: http(url, { batch: { batchSize: 100 }, retryCount: 0 }),
    rpcSchema: rpcSchema<MoreOfAnvil>(),
    pollingInterval: 10,
    cacheTime: 0,
  })
    .extend(publicActions)
    .extend(walletActions);
}

export type ChainClient = ReturnType<typeof chainClient>;
