import type { Address } from '../../chain/types.ts';
import type { Balance } from '../../ledger/entry.ts';
import type { Update } from '../../watch/update.ts';

/** Amounts by lower-case address, as decimal strings; tokens that cannot be read are left out. */
export function amounts(balances: Iterable<Balance>): Record<Address, string> {
  const byToken: Record<Address, string> = {};
  for (const { token, amount } of balances) if (amount !== null) byToken[token] = amount.toString();
  return byToken;
}

/** One encoding for all who are sent the same update. */
const encoded = new WeakMap<Update, string | null>();

/** An update's `data`, or null where it says nothing in these terms: only allowances, unreadable or removed tokens. */
export function encodeUpdate(update: Update): string | null {
  let data = encoded.get(update);
  if (data === undefined) {
    const balances = amounts(update.balances);
    const isSilent = update.kind === 'DIFF' && Object.keys(balances).length === 0;
    data = isSilent ? null : JSON.stringify({ balances });
    encoded.set(update, data);
  }
  return data;
}
