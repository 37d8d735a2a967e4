import { keyOf } from '../address-map.ts';
import type { WatchOptions } from '../client.ts';
import type { Address } from '../types.ts';

/** What to watch, as far as it is known yet. */
export interface Wanted extends Omit<WatchOptions, 'signal' | 'chainId' | 'owner'> {
  /** Undefined where it is not known yet: then nothing is watched. */
  readonly chainId: number | undefined;
  /** The wallet; undefined where none is connected yet: then nothing is watched. */
  readonly owner: Address | undefined;
  /** False where nothing is to be watched for now. Default: true. */
  readonly enabled?: boolean | undefined;
}

/**
 * One text for every way to ask for the same: components make their options anew at each render, and write addresses
 * as they got them. Undefined where nothing is asked for.
 */
export function demandKey(wanted: Wanted): string | undefined {
  const { chainId, owner, tokensListsUrls = [], customTokens = [], spenders = [], enabled = true } = wanted;
  if (!enabled || chainId === undefined || owner === undefined) return undefined;
  return JSON.stringify({
    chainId,
    owner: keyOf(owner),
    tokensListsUrls: distinct(tokensListsUrls),
    customTokens: distinct(customTokens.map(keyOf)),
    spenders: distinct(spenders.map(keyOf)),
  } satisfies WatchOptions);
}

/** What a key stands for. */
export function demandOf(key: string): WatchOptions {
  return JSON.parse(key) as WatchOptions;
}

function distinct<T extends string>(values: readonly T[]): T[] {
  return [...new Set(values)].sort();
}
