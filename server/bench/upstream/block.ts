import { createHash } from 'node:crypto';
import { type Address, type Hash, type Hex, NATIVE } from '../../chain/types.ts';
import { logsBloom } from './bloom.ts';
import { addressWord, quantity, word } from './words.ts';

/** One transaction of the synthetic chain: a transfer of a token, or of the native coin where `token` is that. */
export interface Transfer {
  readonly token: Address;
  readonly from: Address;
  readonly to: Address;
  /** Smallest units; a decimal string, so that it crosses the process border. Default 1. */
  readonly amount?: string;
}

export interface Log {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly json: string;
}

/** A block with everything it may be asked for already encoded: the node must not be what limits a measurement. */
export interface Block {
  readonly number: number;
  readonly hash: Hash;
  readonly timestamp: number;
  readonly logs: readonly Log[];
  /** As newHeads announces it. */
  readonly headerJson: string;
  readonly withHashesJson: string;
  readonly withTransactionsJson: string;
}

const TRANSFER_TOPIC: Hex = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
const TRANSFER_SELECTOR = '0xa9059cbb';
const ZERO_HASH: Hash = `0x${'0'.repeat(64)}`;
const MINER: Address = `0x${'0'.repeat(39)}1`;

interface Position {
  readonly chainId: number;
  readonly number: number;
  readonly parent: Block | undefined;
}

export function buildBlock(position: Position, transfers: readonly Transfer[]): Block {
  const { chainId, number, parent } = position;
  const hash = hashOf(`block ${chainId} ${number} ${parent?.hash} ${JSON.stringify(transfers)}`);
  const timestamp = Math.max(parent?.timestamp ?? 0, Math.floor(Date.now() / 1000));
  const at = { chainId, number, hash, timestamp };
  const transactions = transfers.map((transfer, index) => buildTransaction(at, transfer, index));
  const logs: Log[] = [];
  transfers.forEach((transfer, index) => {
    if (transfer.token !== NATIVE) logs.push(buildLog(at, transfer, index, logs.length));
  });
  const header = {
    hash,
    parentHash: parent?.hash ?? ZERO_HASH,
    sha3Uncles: ZERO_HASH,
    miner: MINER,
    stateRoot: hashOf(`state ${hash}`),
    transactionsRoot: hashOf(`transactions ${hash}`),
    receiptsRoot: hashOf(`receipts ${hash}`),
    logsBloom: logsBloom(logs),
    difficulty: '0x0',
    number: quantity(number),
    gasLimit: quantity(30_000_000),
    gasUsed: quantity(transfers.length * 50_000),
    timestamp: quantity(timestamp),
    extraData: '0x',
    mixHash: ZERO_HASH,
    nonce: '0x0000000000000000',
    baseFeePerGas: quantity(1_000_000_000),
  };
  const body = { ...header, totalDifficulty: '0x0', size: '0x400', uncles: [] };
  return {
    number,
    hash,
    timestamp,
    logs,
    headerJson: JSON.stringify(header),
    withHashesJson: JSON.stringify({
      ...body,
      transactions: transactions.map((transaction) => transaction.hash),
    }),
    withTransactionsJson: JSON.stringify({ ...body, transactions }),
  };
}

interface At {
  readonly chainId: number;
  readonly number: number;
  readonly hash: Hash;
  readonly timestamp: number;
}

function buildTransaction(at: At, { token, from, to, amount = '1' }: Transfer, index: number) {
  const native = token === NATIVE;
  return {
    type: '0x2',
    chainId: quantity(at.chainId),
    hash: transactionHash(at, index),
    blockHash: at.hash,
    blockNumber: quantity(at.number),
    transactionIndex: quantity(index),
    nonce: '0x0',
    from,
    to: native ? to : token,
    value: native ? quantity(BigInt(amount)) : '0x0',
    input: native ? '0x' : TRANSFER_SELECTOR + addressWord(to) + word(BigInt(amount)),
    gas: quantity(60_000),
    gasPrice: quantity(1_000_000_000),
    maxFeePerGas: quantity(2_000_000_000),
    maxPriorityFeePerGas: '0x0',
    accessList: [],
    r: '0x1',
    s: '0x1',
    v: '0x0',
    yParity: '0x0',
  };
}

function buildLog(at: At, transfer: Transfer, transactionIndex: number, logIndex: number): Log {
  const address = transfer.token;
  const topics: Hex[] = [TRANSFER_TOPIC, `0x${addressWord(transfer.from)}`, `0x${addressWord(transfer.to)}`];
  const json = JSON.stringify({
    address,
    topics,
    data: `0x${word(BigInt(transfer.amount ?? '1'))}`,
    blockHash: at.hash,
    blockNumber: quantity(at.number),
    blockTimestamp: quantity(at.timestamp),
    transactionHash: transactionHash(at, transactionIndex),
    transactionIndex: quantity(transactionIndex),
    logIndex: quantity(logIndex),
    removed: false,
  });
  return { address, topics, json };
}

function transactionHash(at: At, index: number): Hash {
  return hashOf(`transaction ${at.hash} ${index}`);
}

function hashOf(name: string): Hash {
  return `0x${createHash('sha256').update(name).digest('hex')}`;
}
