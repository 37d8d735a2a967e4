import { randomBytes } from 'node:crypto';
import {
  encodeAbiParameters,
  encodeDeployData,
  encodeFunctionData,
  erc20Abi,
  getContractAddress,
  type Hex,
  keccak256,
  numberToHex,
  parseUnits,
  stringToHex,
} from 'viem';
import { type Address, type Hash, NATIVE } from '../chain/types.ts';
import { artifact, type ContractName } from '../devchain/contracts/artifacts.ts';
import type { TestChain, Transaction } from './anvil.ts';

/** What happens on a test chain. Everything that sends settles as `TestChain.send` does. */

/** The contract's address. With automine off it is there from the next block on. */
export async function deploy(
  chain: TestChain,
  contract: ContractName,
  args: readonly unknown[] = [],
): Promise<Address> {
  const { client, deployer: from } = chain;
  const data = encodeDeployData({ ...artifact(contract), args });
  const hash = await chain.send({ from, data, gas: 3_000_000n });
  const { nonce } = await client.getTransaction({ hash });
  return getContractAddress({ from, nonce: BigInt(nonce) }).toLowerCase() as Address;
}

/** An ordinary ERC-20 of which nobody has any yet. */
export function deployToken(
  chain: TestChain,
  { name = 'Test Token', symbol = 'TEST', decimals = 18 } = {},
): Promise<Address> {
  return deploy(chain, 'TestToken', [name, symbol, decimals]);
}

/** Any function of any contract; `from` is the deployer unless given. */
export function call(
  chain: TestChain,
  contract: ContractName,
  address: Address,
  functionName: string,
  args: readonly unknown[] = [],
  options: { from?: Address; value?: bigint; gas?: bigint } = {},
): Promise<Hash> {
  const data = encodeFunctionData({ abi: artifact(contract).abi, functionName, args });
  return chain.send({ from: chain.deployer, to: address, data, ...options });
}

/** Of any of our tokens: all have an open `mint`, announced by a Transfer from the zero address. */
export function mint(chain: TestChain, token: Address, to: Address, amount: bigint): Promise<Hash> {
  return call(chain, 'TestToken', token, 'mint', [to, amount]);
}

/** The same, not sent: for a block that takes another's place. */
export function mintTransaction(chain: TestChain, token: Address, to: Address, amount: bigint): Transaction {
  const data = encodeFunctionData({
    abi: artifact('TestToken').abi,
    functionName: 'mint',
    args: [to, amount],
  });
  return { from: chain.deployer, to: token, data };
}

/** Of a TestToken, without an event. */
export function silentMint(chain: TestChain, token: Address, to: Address, amount: bigint): Promise<Hash> {
  return call(chain, 'TestToken', token, 'silentMint', [to, amount]);
}

export interface Movement {
  readonly from: Address;
  readonly to: Address;
  readonly amount: bigint;
}

/** One transfer of an ERC-20, sent by who holds it. */
export function transfer(chain: TestChain, token: Address, { from, to, amount }: Movement): Promise<Hash> {
  return call(chain, 'TestToken', token, 'transfer', [to, amount], { from });
}

export interface Approval {
  readonly owner: Address;
  readonly spender: Address;
  readonly amount: bigint;
}

/** Of any of our tokens that have allowances, sent by who gives it. */
export function approve(
  chain: TestChain,
  token: Address,
  { owner, spender, amount }: Approval,
): Promise<Hash> {
  return call(chain, 'TestToken', token, 'approve', [spender, amount], { from: owner });
}

/** A transfer out of a wallet that its spender sends. */
export function transferFrom(
  chain: TestChain,
  token: Address,
  { from, to, amount, spender }: Movement & { readonly spender: Address },
): Promise<Hash> {
  return call(chain, 'TestToken', token, 'transferFrom', [from, to, amount], { from: spender });
}

/** `count` transfers in one transaction; `from` is a Payer that holds the tokens. */
export function transferMany(
  chain: TestChain,
  token: Address,
  { from, to, amount }: Movement,
  count: number,
): Promise<Hash> {
  const gas = 100_000n + 60_000n * BigInt(count);
  return call(chain, 'Payer', from, 'transferMany', [token, to, amount, BigInt(count)], { gas });
}

export function wrap(chain: TestChain, owner: Address, amount: bigint): Promise<Hash> {
  return call(chain, 'WETH9', chain.weth, 'deposit', [], { from: owner, value: amount });
}

export function unwrap(chain: TestChain, owner: Address, amount: bigint): Promise<Hash> {
  return call(chain, 'WETH9', chain.weth, 'withdraw', [amount], { from: owner });
}

/** Native coin by a plain transaction. */
export function pay(chain: TestChain, { from, to, amount }: Movement): Promise<Hash> {
  return chain.send({ from, to, value: amount });
}

/** Native coin from inside a call: no log tells of it. `from` is a Payer that holds the coin. */
export function payFromContract(chain: TestChain, { from, to, amount }: Movement): Promise<Hash> {
  return call(chain, 'Payer', from, 'pay', [to, amount]);
}

/** What the chain itself says, of the native coin too; at the head, or at the block of that hash. */
export function balanceOf(chain: TestChain, token: Address, owner: Address, at?: Hash): Promise<bigint> {
  const block = at === undefined ? {} : { blockHash: at };
  if (token === NATIVE) return chain.client.getBalance({ address: owner, ...block });
  return chain.client.readContract({
    abi: erc20Abi,
    address: token,
    functionName: 'balanceOf',
    args: [owner],
    ...block,
  });
}

/** What the chain itself says; at the head, or at the block of that hash. */
export function allowanceOf(
  chain: TestChain,
  token: Address,
  { owner, spender }: Omit<Approval, 'amount'>,
  at?: Hash,
): Promise<bigint> {
  return chain.client.readContract({
    abi: erc20Abi,
    address: token,
    functionName: 'allowance',
    args: [owner, spender],
    ...(at !== undefined && { blockHash: at }),
  });
}

export interface ManyTokens {
  readonly owner: Address;
  /** Of the token in that place, in smallest units; default 1, 2, 3, … whole tokens. */
  readonly amount?: (index: number) => bigint;
}

/**
 * Very many TestTokens (`T0`, `T1`, … of 18 decimals) of which an owner has some, in about a second: code and
 * storage by decree instead of deploying. Then a block is mined, so that its hash stands for the new state.
 */
export async function deployManyTokens(
  chain: TestChain,
  count: number,
  { owner, amount = (index) => parseUnits(`${index + 1}`, 18) }: ManyTokens,
): Promise<readonly Address[]> {
  const { client } = chain;
  const prefix = randomBytes(16).toString('hex');
  const tokens = Array.from(
    { length: count },
    (_, index): Address => `0x${prefix}${index.toString(16).padStart(8, '0')}`,
  );
  const balanceSlot = keccak256(
    encodeAbiParameters([{ type: 'address' }, { type: 'uint256' }], [owner, SLOTS.balances]),
  );
  const { deployedBytecode: bytecode } = artifact('TestToken');
  await Promise.all(
    tokens.flatMap((address, index) => [
      client.setCode({ address, bytecode }),
      client.setStorageAt({ address, index: balanceSlot, value: word(amount(index)) }),
      client.setStorageAt({ address, index: Number(SLOTS.name), value: shortString(`Token ${index}`) }),
      client.setStorageAt({ address, index: Number(SLOTS.symbol), value: shortString(`T${index}`) }),
      client.setStorageAt({ address, index: Number(SLOTS.decimals), value: word(18n) }),
    ]),
  );
  await chain.mine();
  return tokens;
}

/** Where a TestToken keeps what. */
const SLOTS = { balances: 0n, name: 3n, symbol: 4n, decimals: 5n };

function word(value: bigint): Hex {
  return numberToHex(value, { size: 32 });
}

/** As Solidity stores a string of up to 31 bytes: the text on the left, twice its length in the last byte. */
function shortString(text: string): Hex {
  const hex = stringToHex(text).slice(2);
  return `0x${hex.padEnd(62, '0')}${hex.length.toString(16).padStart(2, '0')}`;
}
