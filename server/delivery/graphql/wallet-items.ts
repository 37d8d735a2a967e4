import type { Address } from '../../chain/types.ts';
import { FatalError } from '../../errors.ts';
import type { Condition, WalletItem } from '../../watch/service.ts';
import type { ConditionKind } from '../../watch/update.ts';
import { checksum } from '../address.ts';
import { badUserInput } from './context.ts';

/** Of one `walletBalances`. */
export const MAX_ITEMS = 1000;
/** Of one `walletBalances`, over all items: each is looked at whenever its balance moves. */
export const MAX_CONDITIONS = 10_000;

interface Asked {
  readonly chainId: number;
  readonly owner: Address;
  readonly tokens: readonly Address[];
  readonly conditions?: readonly AskedCondition[] | null | undefined;
}

interface AskedCondition {
  readonly token: Address;
  readonly below?: bigint | null | undefined;
  readonly above?: bigint | null | undefined;
  readonly changeOver?: bigint | null | undefined;
}

/** What is to be watched, as it was asked for. Throws BAD_USER_INPUT and CHAIN_NOT_SERVED, which name the item. */
export function walletItems(
  asked: readonly Asked[],
  chains: { readonly has: (chainId: number) => boolean },
): WalletItem[] {
  checkCount(asked.length);
  const conditions = asked.reduce((sum, item) => sum + (item.conditions?.length ?? 0), 0);
  if (conditions > MAX_CONDITIONS)
    throw badUserInput(`items: expected at most ${MAX_CONDITIONS} conditions in all, found ${conditions}`);
  return asked.map((item, i) => {
    const name = `items[${i}]`;
    if (!chains.has(item.chainId))
      throw new FatalError('CHAIN_NOT_SERVED', `${name}.chainId: chain ${item.chainId} is not served`);
    if (item.tokens.length === 0) throw badUserInput(`${name}.tokens: expected at least one`);
    const { chainId, owner, tokens } = item;
    return { chainId, owner, tokens, conditions: conditionsOf(item, name) };
  });
}

export function checkCount(items: number): void {
  if (items === 0 || items > MAX_ITEMS)
    throw badUserInput(`items: expected 1 to ${MAX_ITEMS}, found ${items}`);
}

function conditionsOf({ tokens, conditions }: Asked, item: string): Condition[] {
  if (!conditions || conditions.length === 0) return [];
  const own = new Set(tokens);
  return conditions.map((condition, i) => {
    const name = `${item}.conditions[${i}]`;
    const { token } = condition;
    if (!own.has(token)) throw badUserInput(`${name}.token: ${checksum(token)} is none of the item's tokens`);
    const given = KINDS.flatMap(([field, kind]) => {
      const amount = condition[field];
      return amount == null ? [] : [{ token, kind, amount }];
    });
    const [only, ...others] = given;
    if (!only || others.length > 0)
      throw badUserInput(
        `${name}: expected exactly one of below, above and changeOver, found ${given.length}`,
      );
    return only;
  });
}

const KINDS: readonly ['below' | 'above' | 'changeOver', ConditionKind][] = [
  ['below', 'BELOW'],
  ['above', 'ABOVE'],
  ['changeOver', 'CHANGE_OVER'],
];
