import { isTopicInBloom } from 'ethereum-bloom-filters';
import type { Header, Hex } from './types.ts';

/**
 * Whether a block holds a log with one of these topics, by its header's bloom filter (Yellow Paper, 4.3.1): a
 * `no` is certain, a `maybe` likely. `unknown` where the header has no filter, or one of zeros alone, as some
 * chains fill in for every block.
 */
export function bloomSays({ logsBloom }: Header, topics: readonly Hex[]): 'no' | 'maybe' | 'unknown' {
  if (logsBloom === undefined || /^0x0*$/.test(logsBloom)) return 'unknown';
  return topics.some((topic) => isTopicInBloom(logsBloom, topic)) ? 'maybe' : 'no';
}
