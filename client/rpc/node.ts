import type { Address, Hash } from '../types.ts';

/**
 * What is used of a viem client: any `PublicClient` of viem 2 is one, and viem need not be installed where there is
 * none. Its transport decides about retries, batches and time limits.
 */
export interface RpcClient {
  readonly chain?: RpcChain | undefined;
  getBlock(options?: { readonly blockNumber?: bigint }): Promise<RpcBlock>;
  multicall(options: {
    readonly contracts: readonly Call[];
    readonly allowFailure: true;
    readonly blockNumber: bigint;
    readonly multicallAddress: Address;
    readonly batchSize: number;
  }): Promise<readonly CallResult[]>;
}

export interface RpcChain {
  readonly id: number;
  readonly nativeCurrency: { readonly name: string; readonly symbol: string; readonly decimals: number };
  /** Milliseconds. */
  readonly blockTime?: number | undefined;
  readonly contracts?: { readonly multicall3?: { readonly address: Address } | undefined } | undefined;
}

export interface RpcBlock {
  readonly number: bigint | null;
  readonly hash: Hash | null;
  /** Seconds. */
  readonly timestamp: bigint;
}

/** One call of a multicall. */
export interface Call {
  readonly address: Address;
  readonly abi: typeof ABI;
  readonly functionName: (typeof ABI)[number]['name'];
  readonly args: readonly Address[];
}

export type CallResult =
  | { readonly status: 'success'; readonly result: unknown }
  | { readonly status: 'failure'; readonly error: Error };

/** Where Multicall3 is wherever a chain does not say otherwise: https://www.multicall3.com/deployments */
export const MULTICALL3: Address = '0xcA11bde05977b3631167028862bE2a173976CA11';

/** Of ERC-20, and what Multicall3 says of the native coin. */
export const ABI = [
  view('balanceOf', ['address'], 'uint256'),
  view('allowance', ['address', 'address'], 'uint256'),
  view('symbol', [], 'string'),
  view('name', [], 'string'),
  view('decimals', [], 'uint8'),
  view('getEthBalance', ['address'], 'uint256'),
] as const;

function view<const Name extends string>(
  name: Name,
  inputs: readonly 'address'[],
  output: 'uint256' | 'uint8' | 'string',
) {
  return {
    type: 'function',
    stateMutability: 'view',
    name,
    inputs: inputs.map((type) => ({ name: '', type })),
    outputs: [{ name: '', type: output }],
  } as const;
}
