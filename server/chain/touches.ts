import { APPROVAL, DEPOSIT, fromTopic, type Log, TRANSFER, WITHDRAWAL } from './logs.ts';
import type { Address, Hash } from './types.ts';

/**
 * That a transaction may have moved a balance or an allowance: the amount itself is always read, never computed from a
 * log.
 */
export interface Touch {
  readonly owner: Address;
  readonly token: Address;
  /** Whose allowance it is; `any`: all that the owner has given; undefined: it is the balance. */
  readonly spender?: Address | 'any';
  readonly transaction: Hash;
  /** The height of the transaction's block. */
  readonly height: number;
}

/**
 * The touches that logs amount to. Any spender may have drawn on its allowance where a token leaves a wallet: most
 * tokens emit no Approval then. What ERC-721 tokens emit (a fourth topic) moves nothing that we watch.
 */
export function touchesOf(logs: readonly Log[], height: number): Touch[] {
  const touches: Touch[] = [];
  for (const { address: token, topics, transactionHash: transaction } of logs) {
    const [event, first, second] = topics;
    const parties =
      event === TRANSFER && topics.length === 3
        ? [first, second]
        : (event === DEPOSIT || event === WITHDRAWAL) && topics.length === 2
          ? [first]
          : [];
    for (const party of parties) {
      const owner = fromTopic(party);
      if (owner) touches.push({ owner, token, transaction, height });
    }
    if (topics.length !== 3) continue;
    const owner = fromTopic(first);
    const spender = event === TRANSFER ? 'any' : event === APPROVAL ? fromTopic(second) : undefined;
    if (owner && spender) touches.push({ owner, token, spender, transaction, height });
  }
  return touches;
}
