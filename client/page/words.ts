import type { Token } from '@balance-stream/client';

/** How the page says times, addresses and numbers. */

const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export function timeOf(date: Date): string {
  return TIME.format(date);
}

/** `0x7099…79C8`, also of a hash. */
export function shortHex(hex: string): string {
  return `${hex.slice(0, 6)}…${hex.slice(-4)}`;
}

export function secondsOf(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

export function nameOf({ symbol, name, address }: Token): string {
  return symbol ?? name ?? shortHex(address);
}
