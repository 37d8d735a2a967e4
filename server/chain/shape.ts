import { z } from 'zod';
import { EndpointError } from './rpc/errors.ts';
import type { Hex } from './types.ts';

/** What an endpoint answered is taken only in the shape that it should have. */

/** Hex of so many digits as an endpoint may write it: in any case. Lower-case inside. */
export function hexOf(digits: number) {
  return z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${digits}}$`))
    .transform((text) => text.toLowerCase() as Hex);
}

/** The same for what there may be very much of: zod takes several times as long. Undefined where it is none. */
export function hexReader(digits: number): (value: unknown) => Hex | undefined {
  const pattern = new RegExp(`^0x[0-9a-fA-F]{${digits}}$`);
  return (value) =>
    typeof value === 'string' && pattern.test(value) ? (value.toLowerCase() as Hex) : undefined;
}

/** A number that is exact. */
export const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,13}$/)
  .transform(Number);

/** The value in that shape. Throws EndpointError, naming what it is and what is wrong with it. */
export function shaped<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new EndpointError(`${what} is malformed: ${z.prettifyError(parsed.error)}`);
}

/** As `shaped`, of a list: the first that is wrong is named alone, for there may be millions of them. */
export function eachShaped<T extends z.ZodType>(schema: T, list: unknown, what: string): z.output<T>[] {
  if (!Array.isArray(list)) throw new EndpointError(`${what} is malformed: it is no list`);
  return list.map((value, index) => shaped(schema, value, `${what}[${index}]`));
}
