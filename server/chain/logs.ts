import { z } from 'zod';
import { hexOf } from './hex.ts';
import { EndpointError } from './rpc/errors.ts';
import type { Pool } from './rpc/pool.ts';
import type { Address, Hash, Hex } from './types.ts';

/** keccak256 of `Transfer(address,address,uint256)`: ERC-20, and ERC-721 with a fourth topic. */
export const TRANSFER: Hex = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
/** keccak256 of `Deposit(address,uint256)`, as WETH9 emits it in place of a Transfer. */
export const DEPOSIT: Hex = '0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c';
/** keccak256 of `Withdrawal(address,uint256)`. */
export const WITHDRAWAL: Hex = '0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65';

/** Nodes take at least this many alternatives in one topic position. */
export const WALLETS_PER_FILTER = 1000;
/** Past this many wallets one filter that names none moves less than several that name them all. */
export const MOST_WALLETS_FILTERED = 3000;

export interface Log {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly transactionHash: Hash;
}

type Topics = readonly (Hex | readonly Hex[] | null)[];

/**
 * The topic filters that catch what moves a balance of these wallets: one for who comes first in an event
 * (sender of a transfer, owner of a deposit or withdrawal), one for who receives; none where nobody is watched.
 */
export function filtersFor(wallets: readonly Address[]): readonly Topics[] {
  if (wallets.length > MOST_WALLETS_FILTERED) return [[[TRANSFER, DEPOSIT, WITHDRAWAL]]];
  const filters: Topics[] = [];
  for (let start = 0; start < wallets.length; start += WALLETS_PER_FILTER) {
    const topics = wallets.slice(start, start + WALLETS_PER_FILTER).map(toTopic);
    filters.push([[TRANSFER, DEPOSIT, WITHDRAWAL], topics], [TRANSFER, null, topics]);
  }
  return filters;
}

/** The logs of one block, by its hash: that block's or an error, never another's. */
export async function fetchLogs(
  pool: Pool,
  blockHash: Hash,
  filters: readonly Topics[],
  signal: AbortSignal,
): Promise<Log[]> {
  const answers = await Promise.all(
    filters.map(async (topics) => {
      const parse = (answer: unknown) => parseLogs(answer, blockHash);
      return await pool.request({ method: 'eth_getLogs', params: [{ blockHash, topics }], parse }, signal);
    }),
  );
  return answers.flat();
}

const logsSchema = z.array(
  z.object({
    address: hexOf(40),
    topics: z.array(hexOf(64)).max(4),
    transactionHash: hexOf(64),
    blockHash: hexOf(64),
  }),
);

/** Throws EndpointError on garbage, or on logs of a block that was not asked for. */
function parseLogs(answer: unknown, blockHash: Hash): Log[] {
  const parsed = logsSchema.safeParse(answer);
  if (!parsed.success) throw new EndpointError(`eth_getLogs: malformed: ${z.prettifyError(parsed.error)}`);
  const stray = parsed.data.find((log) => log.blockHash !== blockHash);
  if (stray)
    throw new EndpointError(`eth_getLogs: asked for block ${blockHash}, got logs of ${stray.blockHash}`);
  return parsed.data;
}

export function toTopic(address: Address): Hex {
  return `0x000000000000000000000000${address.slice(2)}`;
}

/** The address in an indexed topic, or undefined where the topic holds something wider. */
export function fromTopic(topic: Hex | undefined): Address | undefined {
  return topic?.startsWith('0x000000000000000000000000') ? `0x${topic.slice(26)}` : undefined;
}
