/** What the server says of itself at `/metrics`, as far as it matters here. */
export interface Reading {
  readonly rssMb: number;
  readonly streams: number;
  readonly updatesSent: number;
  readonly dropped: number;
}

export async function readServer(url: string): Promise<Reading> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^balance_stream_${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    );
  return {
    rssMb: sum('process_resident_memory_bytes') / 1024 ** 2,
    streams: sum('streams'),
    updatesSent: sum('updates_sent_total'),
    dropped: sum('stalled_clients_total'),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** By how much the last third is over the first, as a share of it. */
export function growthOf(values: readonly number[]): number {
  const third = Math.max(1, Math.floor(values.length / 3));
  return median(values.slice(-third)) / median(values.slice(0, third)) - 1;
}
