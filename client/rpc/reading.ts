import { BalancesError } from '../errors.ts';
import type { Address, Block } from '../types.ts';
import {
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
/** How many calls that failed among others are tried alone at a time. */
const ALONE = 16;

/** Reads of one chain by its viem client. */
export class Reader {
  readonly #client: RpcClient;
  /** Calls that fail even alone. They come last: who burns gas takes it from those behind it. */
  #bad: ReadonlySet<string> = new Set();

  constructor(client: RpcClient) {
    this.#client = client;
  }

  /** The newest block that the node has. */
  async head(): Promise<Block> {
    return toBlock(await this.#client.getBlock());
  }

  /** Undefined where the block is not the chain's any more, or not that of all the nodes that answered. */
  async read(calls: readonly Call[], block: Block): Promise<Reading | undefined> {
    const distinct = new Map(calls.map((call) => [nameOf(call), call]));
    const isBad = (name: string) => this.#bad.has(name);
    const first = [...distinct].filter(([name]) => !isBad(name));
    const last = [...distinct].filter(([name]) => isBad(name));
    const results = new Map<string, CallResult>();
    const bad = new Set<string>();
    const ask = async (named: readonly [string, Call][], batchSize: number) => {
      const answers = await this.#multicall(
        named.map(([, call]) => call),
        block,
        batchSize,
      );
      for (const [i, [name]] of named.entries()) {
        const answer = answers[i];
        if (answer) results.set(name, answer);
      }
    };
    const failed = (named: readonly [string, Call][]) =>
      named.filter(([name]) => results.get(name)?.status !== 'success');

    await ask([...first, ...last], BATCH_BYTES);
    for (const [name] of failed(last)) bad.add(name);
    for (let doubtful = failed(first); doubtful.length > 0; ) {
      const alone = doubtful.slice(0, ALONE);
      await ask(alone, 1);
      for (const [name] of failed(alone)) bad.add(name);
      const rest = doubtful.slice(ALONE);
      if (rest.length > 0) await ask(rest, BATCH_BYTES);
      doubtful = failed(rest);
    }
    this.#bad = bad;
    // Numbers are what every viem 2 reads at: whether it was that very block all the time is asked at the end.
    const after = await this.#client.getBlock({ blockNumber: block.number }).catch(() => undefined);
    if (after?.hash !== block.hash) return undefined;
    return { block, of: (call) => results.get(nameOf(call)) };
  }

  /** Throws where it is not the contracts that failed, but the node. */
  async #multicall(contracts: readonly Call[], { number }: Block, batchSize: number) {
    if (contracts.length === 0) return [];
    const results = await this.#client.multicall({
      contracts,
      allowFailure: true,
      blockNumber: number,
      multicallAddress: multicallOf(this.#client.chain),
      batchSize,
    });
    for (const result of results)
      if (result.status === 'failure' && !isOfContract(result.error)) throw result.error;
    return results;
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
