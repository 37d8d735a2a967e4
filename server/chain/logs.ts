import { z } from 'zod';
import { sleep } from '../lib/retry.ts';
import { bloomSays } from './bloom.ts';
import { EndpointError } from './rpc/errors.ts';
import type { Pool } from './rpc/pool.ts';
import { eachShaped, hexOf } from './shape.ts';
import type { Address, Hash, Header, Hex } from './types.ts';

/** keccak256 of `Transfer(address,address,uint256)`: ERC-20, and ERC-721 with a fourth topic. */
export const TRANSFER: Hex = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
/** keccak256 of `Deposit(address,uint256)`, as WETH9 emits it in place of a Transfer. */
export const DEPOSIT: Hex = '0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c';
/** keccak256 of `Withdrawal(address,uint256)`. */
export const WITHDRAWAL: Hex = '0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65';
/** keccak256 of `Approval(address,address,uint256)`: ERC-20, and ERC-721 with a fourth topic. */
export const APPROVAL: Hex = '0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925';

const EVENTS = [TRANSFER, DEPOSIT, WITHDRAWAL];
const EVENTS_WITH_APPROVALS = [...EVENTS, APPROVAL];

/** Nodes take at least this many alternatives in one topic position. */
export const WALLETS_PER_FILTER = 1000;
/** Past this many wallets one filter that names none moves less than several that name them all. */
export const MOST_WALLETS_FILTERED = 3000;

export interface Log {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly transactionHash: Hash;
}

/** How often a block is asked for all its transfers that has none, though its header says otherwise. */
const DOUBTED_ATTEMPTS = 3;
const DOUBTED_PAUSE_MS = 100;

/** The events, then who comes first in them, then who comes second. */
type Topics = readonly [events: readonly Hex[], ...parties: (readonly Hex[] | null)[]];

/**
 * The topic filters that catch what moves a balance of these wallets, and an allowance where any is watched: one for
 * who comes first in an event (sender of a transfer, owner of a deposit, withdrawal or allowance), one for who
 * receives; none where nobody is watched. A draw on an allowance is a transfer from its owner.
 */
export function filtersFor(wallets: readonly Address[], watchesAllowances = false): readonly Topics[] {
  const events = watchesAllowances ? EVENTS_WITH_APPROVALS : EVENTS;
  if (wallets.length > MOST_WALLETS_FILTERED) return [[events]];
  const filters: Topics[] = [];
  for (let start = 0; start < wallets.length; start += WALLETS_PER_FILTER) {
    const topics = wallets.slice(start, start + WALLETS_PER_FILTER).map(toTopic);
    filters.push([events, topics], [[TRANSFER], null, topics]);
  }
  return filters;
}

/**
 * The logs of one block, by its hash: that block's or an error, never another's. That none pass a filter, though the
 * block's header leaves room for some, is put to a second endpoint where there is one: of two filters' answers one
 * may come from a node that has not indexed the block. A whole block that is said to lack what its header announces
 * is asked about again besides, and then believed: the header's filter errs to that side.
 */
export async function fetchLogs(
  pool: Pool,
  header: Header,
  filters: readonly Topics[],
  signal: AbortSignal,
): Promise<Log[]> {
  const isDoubted = ([events, ...parties]: Topics) =>
    parties.length === 0 && bloomSays(header, events) === 'maybe';
  const attempts = filters.every(isDoubted) ? DOUBTED_ATTEMPTS : 1;
  for (let attempt = 1; ; attempt += 1) {
    const logs = await fetchOnce(pool, header, filters, signal);
    if (logs.length > 0 || attempt >= attempts || filters.length === 0) return logs;
    await sleep(DOUBTED_PAUSE_MS, signal);
  }
}

async function fetchOnce(
  pool: Pool,
  header: Header,
  filters: readonly Topics[],
  signal: AbortSignal,
): Promise<Log[]> {
  const { hash, number } = header;
  const answers = filters.map(async (topics) => {
    const call = {
      method: 'eth_getLogs' as const,
      params: [{ blockHash: hash, topics }],
      parse: (answer: unknown) => parseLogs(answer, hash),
      height: number,
    };
    const first = await pool.testify(call, signal);
    if (first.value.length > 0 || bloomSays(header, topics[0]) === 'no') return first.value;
    const more = (await pool.testifyElsewhere(call, [first], signal))?.value ?? [];
    const { witness } = first;
    if (more.length > 0)
      witness.fail(new EndpointError(`${witness.name} leaves out logs of block ${number}`));
    return more;
  });
  return (await Promise.all(answers)).flat();
}

const logSchema = z.object({
  address: hexOf(40),
  // Counted before they are looked at.
  topics: z
    .array(z.unknown())
    .max(4)
    .pipe(z.array(hexOf(64))),
  transactionHash: hexOf(64),
  blockHash: hexOf(64),
});

/** Throws EndpointError on garbage, or on logs of a block that was not asked for. */
export function parseLogs(answer: unknown, blockHash: Hash): Log[] {
  const logs = eachShaped(logSchema, answer, 'eth_getLogs');
  const stray = logs.find((log) => log.blockHash !== blockHash);
  if (stray)
    throw new EndpointError(`eth_getLogs: asked for block ${blockHash}, got logs of ${stray.blockHash}`);
  return logs;
}

export function toTopic(address: Address): Hex {
  return `0x000000000000000000000000${address.slice(2)}`;
}

/** The address in an indexed topic, or undefined where the topic holds something wider. */
export function fromTopic(topic: Hex | undefined): Address | undefined {
  return topic?.startsWith('0x000000000000000000000000') ? `0x${topic.slice(26)}` : undefined;
}
