import proxyAddr from 'proxy-addr';
import { z } from 'zod';
import type { Address } from './chain/types.ts';

/** The kinds of values that a variable of the environment may have. What they refuse, they refuse in words. */
export interface Bind {
  readonly host: string;
  readonly port: number;
}

export const seconds = (fallback: number) =>
  number(fallback, 0.001, 2_000_000, 'a number of seconds, more than 0 and at most 2000000').transform(
    (s) => s * 1000,
  );
export const count = (fallback: number, least = 1) =>
  number(fallback, least, Number.MAX_SAFE_INTEGER, `a whole number, at least ${least}`).refine(
    Number.isInteger,
    `expected a whole number, at least ${least}`,
  );
export const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false'], 'expected true or false')
    .default(fallback ? 'true' : 'false')
    .transform((text) => text === 'true');
export const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );
export const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'expected an address (0x and 40 hex digits)')
  .transform((text) => text.toLowerCase() as Address);

export const bind = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/, 'expected address:port, as 0.0.0.0:8080 or [::]:8080')
  .transform((text): Bind => {
    const colon = text.lastIndexOf(':');
    return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
  })
  .refine(({ port }) => port <= 65_535, 'expected a port of at most 65535');

function number(fallback: number, least: number, most: number, expected: string) {
  return z
    .string()
    .regex(/^\d+(\.\d+)?$/, `expected ${expected}`)
    .default(String(fallback))
    .transform(Number)
    .refine((value) => value >= least && value <= most, `expected ${expected}`);
}

export const networks = list.refine(
  areNetworks,
  'expected addresses or networks separated by commas, as 10.0.0.0/8,::1',
);

/** As the proxy's address will be compared with them. */
function areNetworks(networks: readonly string[]): boolean {
  try {
    proxyAddr.compile([...networks]);
    return true;
  } catch {
    return false;
  }
}
