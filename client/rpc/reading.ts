import { BalancesError } from '../errors.ts';
import type { Address, Block } from '../types.ts';
import {
  ABI,
  type Call,
  type CallResult,
  MULTICALL3,
  type RpcBlock,
  type RpcChain,
  type RpcClient,
} from './node.ts';

/** What contracts answered, all as of one block. */
export interface Reading {
  readonly block: Block;
  /** What that call returned, or why it failed; undefined where it was not asked for. */
  of(call: Call): CallResult | undefined;
}

/** Bytes of calls in one request: some 450 balances. */
const BATCH_BYTES = 16_384;

type Named = readonly [name: string, call: Call];

/** One reading, in the making. */
interface Pass {
  readonly block: Block;
  readonly results: Map<string, CallResult>;
}

/**
 * Reads of one chain by its viem client. A call that fails among others may fail for their sake, as one that burns all
 * gas takes it from the rest: it has failed when it fails alone.
 */
export class Reader {
  readonly #client: RpcClient;
  /** Those that failed alone: from then on they are asked apart from the others. */
  readonly #bad = new Set<string>();
  #turn = 0;

  constructor(client: RpcClient) {
    this.#client = client;
  }

  /** The newest block that the node has. */
  async head(): Promise<Block> {
    return toBlock(await this.#client.getBlock());
  }

  /**
   * Undefined where the block is not the chain's any more, or not that of all the nodes that answered. Throws where it is
   * not contracts that fail, but the node.
   */
  async read(calls: readonly Call[], block: Block): Promise<Reading | undefined> {
    const distinct = [...new Map(calls.map((call) => [nameOf(call), call]))];
    const results = new Map<string, CallResult>();
    const pass = { block, results };
    await this.#settle(
      distinct.filter(([name]) => !this.#bad.has(name)),
      pass,
    );
    await this.#retest(
      distinct.filter(([name]) => this.#bad.has(name)),
      pass,
    );
    // Numbers are what every viem 2 reads at: whether it was that very block all the time is asked at the end.
    const after = await this.#client.getBlock({ blockNumber: block.number }).catch(() => undefined);
    if (after?.hash !== block.hash) return undefined;
    return { block, of: (call) => results.get(nameOf(call)) };
  }

  /** Asks, and in halves again what fails, until what fails fails alone. */
  async #settle(named: readonly Named[], pass: Pass): Promise<void> {
    const failed = await this.#ask(named, pass);
    if (named.length === 1) for (const [name] of failed) this.#bad.add(name);
    if (named.length <= 1) return;
    const middle = Math.ceil(failed.length / 2);
    await this.#settle(failed.slice(0, middle), pass);
    await this.#settle(failed.slice(middle), pass);
  }

  /** Whether any of those is well again: all at once, and one a time alone, as they may spoil it for one another. */
  async #retest(named: readonly Named[], pass: Pass): Promise<void> {
    let failed = await this.#ask(named, pass);
    const alone = failed[this.#turn++ % failed.length];
    if (alone && named.length > 1) {
      const stillFails = (await this.#ask([alone], pass)).length > 0;
      if (!stillFails) failed = failed.filter((one) => one !== alone);
    }
    for (const [name] of named) if (!failed.some(([bad]) => bad === name)) this.#bad.delete(name);
  }

  /** Those that failed. */
  async #ask(named: readonly Named[], { block, results }: Pass): Promise<Named[]> {
    if (named.length === 0) return [];
    const answers = await this.#multicall(
      named.map(([, call]) => call),
      block,
    );
    for (const [i, [name]] of named.entries()) {
      const answer = answers[i];
      if (answer) results.set(name, answer);
    }
    const failed = named.filter(([name]) => results.get(name)?.status !== 'success');
    if (answers.some((answer) => answer.status === 'failure' && !isOfContract(answer.error)))
      await this.#check(block);
    return failed;
  }

  /** A request that failed as a whole was too much for the node, or there is none: then the least fails, too. */
  async #check(block: Block): Promise<void> {
    const multicall = multicallOf(this.#client.chain);
    const [least] = await this.#multicall(
      [{ address: multicall, abi: ABI, functionName: 'getEthBalance', args: [multicall] }],
      block,
    );
    if (least?.status !== 'success') throw least?.error ?? new Error('a node without an answer');
  }

  #multicall(contracts: readonly Call[], { number }: Block): Promise<readonly CallResult[]> {
    return this.#client.multicall({
      contracts,
      allowFailure: true,
      blockNumber: number,
      multicallAddress: multicallOf(this.#client.chain),
      batchSize: BATCH_BYTES,
    });
  }
}

/** Also what says how much native coin a wallet has. */
export function multicallOf(chain: RpcChain | undefined): Address {
  return chain?.contracts?.multicall3?.address ?? MULTICALL3;
}

/** What a node's failure says, without the address that it was sent to, as keys are in it. */
export function nodeFailure(cause: unknown): BalancesError {
  if (cause instanceof BalancesError) return cause;
  const { shortMessage } = cause as { shortMessage?: unknown };
  const reason = typeof shortMessage === 'string' ? shortMessage : 'it failed';
  return new BalancesError('CONNECTION_FAILED', `the node cannot be read: ${reason}`, { cause });
}

/** viem tells both as failed calls: that of a contract names its function, that of a node `aggregate3` or none. */
function isOfContract(error: Error): boolean {
  const { functionName } = error as { functionName?: unknown };
  return error.name === 'ContractFunctionExecutionError' && functionName !== 'aggregate3';
}

function nameOf({ functionName, address, args }: Call): string {
  return `${functionName} ${address} ${args}`.toLowerCase();
}

function toBlock({ number, hash, timestamp }: RpcBlock): Block {
  if (number === null || hash === null)
    throw new BalancesError('CONNECTION_FAILED', 'the node has no newest block');
  return { number, hash, timestamp: new Date(Number(timestamp) * 1000).toISOString() };
}
