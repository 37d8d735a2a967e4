import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Abi, Hex } from 'viem';

/** Contracts compiled from this folder, and WETH9 as the package canonical-weth has it (GPL, hence not copied). */
export type ContractName =
  | 'BoastfulToken'
  | 'Bytes32Token'
  | 'EndlessToken'
  | 'FickleToken'
  | 'InvalidToken'
  | 'Payer'
  | 'Permit2Like'
  | 'PermitToken'
  | 'RebasingToken'
  | 'RevertingToken'
  | 'SizedAnswerToken'
  | 'TestToken'
  | 'TwoFacedToken'
  | 'UsdtLike'
  | 'WETH9';

export interface Artifact {
  readonly abi: Abi;
  /** What deploys it, before constructor arguments. */
  readonly bytecode: Hex;
  /** What is at its address afterwards, where no immutable fills it in. */
  readonly deployedBytecode: Hex;
}

const WETH9 = createRequire(import.meta.url).resolve('canonical-weth/build/contracts/WETH9.json');

const artifacts: Readonly<Record<ContractName, Artifact>> = {
  ...read(new URL('./artifacts.json', import.meta.url)),
  WETH9: read(WETH9),
};

export function artifact(name: ContractName): Artifact {
  return artifacts[name];
}

function read(file: URL | string) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
