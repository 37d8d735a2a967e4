import { type Address, NATIVE } from '../../chain/types.ts';
import type { Block } from './block.ts';
import { callContract } from './calls.ts';
import type { SyntheticChain } from './chain.ts';
import { filteredLogs, type LogFilter } from './logs.ts';
import { quantity } from './words.ts';

/** An error of the JSON-RPC answer, with the codes and words of geth. */
export class RpcError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Takes the parameters, answers the JSON of the result. */
type Method = (chain: SyntheticChain, params: readonly unknown[]) => string;

/** Every method but the subscriptions, which belong to a socket. */
export const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['web3_clientVersion', () => '"synthetic/1.0"'],
  ['net_version', (chain) => `"${chain.chainId}"`],
  ['eth_chainId', (chain) => `"${quantity(chain.chainId)}"`],
  ['eth_blockNumber', (chain) => `"${quantity(chain.head.number)}"`],
  ['eth_getBlockByNumber', (chain, [tag, full]) => blockJson(chain.byTag(text(tag)), full)],
  ['eth_getBlockByHash', (chain, [hash, full]) => blockJson(chain.byHash(text(hash)), full)],
  ['eth_getLogs', getLogs],
  ['eth_getBalance', getBalance],
  ['eth_call', ethCall],
]);

function blockJson(block: Block | undefined, full: unknown): string {
  if (!block) return 'null';
  return full === true ? block.withTransactionsJson : block.withHashesJson;
}

function getLogs(chain: SyntheticChain, [filter]: readonly unknown[]): string {
  const { blockHash } = (filter ?? {}) as Partial<LogFilter>;
  if (typeof blockHash !== 'string')
    throw new RpcError(-32602, 'only filters by blockHash are answered here');
  const block = chain.byHash(blockHash);
  if (!block) throw new RpcError(-32000, 'unknown block');
  return filteredLogs(block, filter as LogFilter);
}

function getBalance(chain: SyntheticChain, [owner, at]: readonly unknown[]): string {
  const address = text(owner).toLowerCase() as Address;
  const word = chain.balanceWord(NATIVE, address, pinnedBlock(chain, at).number);
  return `"${quantity(BigInt(`0x${word}`))}"`;
}

function ethCall(chain: SyntheticChain, params: readonly unknown[]): string {
  if (params.length > 2) throw new RpcError(-32602, 'too many arguments, want at most 2');
  const { to, data, input } = (params[0] ?? {}) as { to?: unknown; data?: unknown; input?: unknown };
  const block = pinnedBlock(chain, params[1]);
  const target = text(to).toLowerCase() as Address;
  const answer = callContract(chain, block, target, text(input ?? data).toLowerCase());
  if (answer === undefined) throw new RpcError(3, 'execution reverted');
  return `"0x${answer}"`;
}

/** The block of a tag, a height, or an EIP-1898 object. */
function pinnedBlock(chain: SyntheticChain, at: unknown): Block {
  const block = findBlock(chain, at ?? 'latest');
  if (!block) throw new RpcError(-32000, 'header not found');
  return block;
}

function findBlock(chain: SyntheticChain, at: unknown): Block | undefined {
  if (typeof at === 'string') return chain.byTag(at);
  const { blockHash, blockNumber } = at as { blockHash?: unknown; blockNumber?: unknown };
  return blockHash === undefined ? chain.byTag(text(blockNumber)) : chain.byHash(text(blockHash));
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new RpcError(-32602, 'invalid argument: expected a string');
  return value;
}
