import { z } from 'zod';
import { withDeadline } from '../lib/deadline.ts';
import { SCANNED_ALWAYS } from './plan.ts';
import { BlockUnavailable, EndpointError } from './rpc/errors.ts';
import type { Requester, RpcCall } from './rpc/message.ts';
import type { Pool } from './rpc/pool.ts';
import { hexOf, hexReader, shaped } from './shape.ts';
import type { Address, Hash, Header } from './types.ts';

/** Of a longer gap no bodies are asked for: part of what moved a balance would read like all of it. */
export const BODIES_OF_A_SCAN = SCANNED_ALWAYS + 1;
/** With more under way than this the endpoints do not keep up, and what moved balances stays unknown meanwhile. */
export const BODIES_AT_ONCE = 32;
/** What a balance was moved by is of use to nobody once the balance was told. */
const LONGEST_WAIT_MS = 2000;

/** A transaction, as far as it says whose native coin it may have moved. */
export interface Transaction {
  readonly hash: Hash;
  readonly from: Address;
  /** Undefined where it creates a contract. */
  readonly to: Address | undefined;
}

/** What stands in a block beside its logs; had later than those, or not at all. */
export interface Body {
  readonly height: number;
  /** Never rejects; undefined: they could not be had. */
  readonly transactions: Promise<readonly Transaction[] | undefined>;
}

/**
 * The transactions of blocks: the only ones to tell who paid native coin to whom. What they decide is waited for;
 * what they only explain is asked for beside the rest, without any claim: it waits behind streams under a rate limit,
 * and an endpoint that fails at it is none the worse. Asked by the scanner, which says when to forget.
 */
export class Bodies {
  readonly #pool: Pool;
  readonly #modest: Requester;
  /** So that a scan which is tried again does not ask again. */
  readonly #asked = new Map<Hash, Body>();
  #underWay = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
    this.#modest = pool.withPriority('sweep');
  }

  /** Throws BlockUnavailable or EndpointError. */
  async fetch(hash: Hash, signal: AbortSignal): Promise<readonly Transaction[]> {
    return await this.#pool.request(callFor(hash), signal);
  }

  /** Nothing need wait for it. */
  ask({ hash, number: height }: Header, signal: AbortSignal): Body {
    const asked = this.#asked.get(hash);
    if (asked) return asked;
    const body = { height, transactions: this.#try(hash, signal) };
    this.#asked.set(hash, body);
    return body;
  }

  /** All but these. */
  forget(wanted: ReadonlySet<Hash>): void {
    for (const hash of this.#asked.keys()) if (!wanted.has(hash)) this.#asked.delete(hash);
  }

  async #try(hash: Hash, signal: AbortSignal): Promise<readonly Transaction[] | undefined> {
    if (this.#underWay === BODIES_AT_ONCE) return undefined;
    this.#underWay += 1;
    try {
      const call = { ...callFor(hash), isOptional: true };
      return await withDeadline(LONGEST_WAIT_MS, signal, (soon) => this.#modest.request(call, soon));
    } catch {
      // The pool has counted it; that is all there is to say.
      return undefined;
    } finally {
      this.#underWay -= 1;
    }
  }
}

function callFor(hash: Hash): RpcCall<readonly Transaction[]> {
  return { method: 'eth_getBlockByHash', params: [hash, true], parse: (block) => parseBody(block, hash) };
}

/** Throws BlockUnavailable for null, EndpointError on garbage, or on a block that was not asked for. */
export function parseBody(block: unknown, blockHash: Hash): readonly Transaction[] {
  if (block === null) throw new BlockUnavailable('there is no such block');
  const { hash, transactions } = shaped(bodySchema, block, 'a block');
  if (hash !== blockHash) throw new EndpointError(`a block: asked for ${blockHash}, got ${hash}`);
  if (!Array.isArray(transactions)) throw new EndpointError('transactions are malformed: they are no list');
  return transactions.map(transactionOf);
}

const bodySchema = z.object({ hash: hexOf(64), transactions: z.unknown() });
const hashIn = hexReader(64);
const addressIn = hexReader(40);

function transactionOf(value: unknown, index: number): Transaction {
  const answered = Object(value) as Readonly<Record<string, unknown>>;
  const [hash, from, to] = [hashIn(answered.hash), addressIn(answered.from), addressIn(answered.to)];
  const isWhole = to !== undefined || (answered.to ?? null) === null;
  if (hash && from && isWhole) return { hash, from, to };
  throw new EndpointError(`transactions[${index}] is malformed: its hash, or who is a party of it`);
}
