import { type Address, NATIVE } from '../../chain/types.ts';
import type { SoakClient } from './clients/client.ts';
import type { Truth } from './truth.ts';

/** A balance, or an allowance, that a client holds and the chain does not, or the other way round. */
export interface Mismatch {
  readonly client: string;
  readonly owner: Address;
  readonly token: Address;
  /** Whose allowance it is. */
  readonly spender?: Address;
  /** In words: an amount, `unreadable`, or `nothing`. */
  readonly holds: string;
  readonly chain: string;
}

/** Where clients and chain do not agree; empty where every client holds exactly what the chain says. */
export function mismatches(clients: readonly SoakClient[], truth: Truth): Mismatch[] {
  return clients.flatMap((client) => {
    const { name, owner, tokens, held } = client;
    const wrong: Mismatch[] = [];
    const note = (token: Address, chain: string) =>
      wrong.push({ client: name, owner, token, holds: inWords(client.holds(token)), chain });
    for (const token of tokens) {
      const amount = truth.of(owner, token);
      const holds = client.holds(token);
      // A door that leaves unreadable tokens out cannot say that one has become it.
      if (holds === amount || (amount === null && held === undefined)) continue;
      note(token, inWords(amount));
    }
    for (const spender of client.allowances?.spenders ?? [])
      for (const token of tokens) {
        if (token === NATIVE) continue;
        const amount = truth.allowance(owner, token, spender);
        const held = client.allowances?.of(token, spender);
        if (held === (amount ?? undefined)) continue;
        wrong.push({ client: name, owner, token, spender, holds: inWords(held), chain: inWords(amount) });
      }
    for (const token of held ?? []) if (!tokens.has(token)) note(token, 'not in the session');
    return wrong;
  });
}

function inWords(amount: bigint | null | undefined): string {
  if (amount === undefined) return 'nothing';
  return amount === null ? 'unreadable' : String(amount);
}
