import type { Block, Log } from './block.ts';

/** An `eth_getLogs` filter as clients send it: each position one value, several, or null for any. */
export interface LogFilter {
  readonly blockHash: string;
  readonly address?: string | readonly string[] | null;
  readonly topics?: readonly (string | readonly string[] | null)[] | null;
}

/** The block's logs that match, as the JSON of the answer. */
export function filteredLogs(block: Block, filter: LogFilter): string {
  const address = matcher(filter.address);
  const topics = (filter.topics ?? []).map(matcher);
  const matches = (log: Log): boolean =>
    topics.length <= log.topics.length &&
    address(log.address) &&
    topics.every((matchesTopic, position) => matchesTopic(log.topics[position] ?? ''));
  return `[${block.logs
    .filter(matches)
    .map((log) => log.json)
    .join(',')}]`;
}

function matcher(wanted: string | readonly string[] | null | undefined): (value: string) => boolean {
  if (wanted === null || wanted === undefined || wanted.length === 0) return () => true;
  const values = new Set(
    (typeof wanted === 'string' ? [wanted] : wanted).map((value) => value.toLowerCase()),
  );
  return (value) => values.has(value);
}
