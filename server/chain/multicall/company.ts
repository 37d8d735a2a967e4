import type { Address } from '../types.ts';
import type { Call } from './codec.ts';

/** How many calls one search may make; what it has found by then is what it found. */
export const MOST_TESTS = 64;

/**
 * Which targets do harm in company though they read well alone: they burn what gas they find, or break after so many
 * calls. The calls did harm together; halves of their targets are tested until one is left. Where no half does harm
 * by itself nobody is accused: honest calls may just have been too many.
 */
export async function findHarmful(
  calls: readonly Call[],
  isHarmless: (calls: readonly Call[]) => Promise<boolean>,
): Promise<Address[]> {
  let tests = 0;
  const search = async (targets: readonly Call[][]): Promise<Address[]> => {
    if (targets.length === 0 || tests === MOST_TESTS) return [];
    tests += 1;
    if (await isHarmless(targets.flat())) return [];
    const target = targets[0]?.[0]?.target;
    return targets.length === 1 && target ? [target] : await searchHalves(targets);
  };
  const searchHalves = async (targets: readonly Call[][]): Promise<Address[]> => {
    const middle = targets.length >> 1;
    return [...(await search(targets.slice(0, middle))), ...(await search(targets.slice(middle)))];
  };
  const targets = [...Map.groupBy(calls, ({ target }) => target).values()];
  return targets.length > 1 ? await searchHalves(targets) : await search(targets);
}
