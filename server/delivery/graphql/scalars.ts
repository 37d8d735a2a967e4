import { GraphQLError, Kind, type ValueNode, valueFromASTUntyped } from 'graphql';
import type { Address } from '../../chain/types.ts';
import { checksum, parseToken } from '../address.ts';
import { builder } from './builder.ts';

/** Addresses are lower-case inside and EIP-55 outside; what comes in may be in any case. */
export function parseAddress(value: unknown): Address {
  if (typeof value !== 'string') throw invalid('Address', value, 'expected a string');
  const address = parseToken(value);
  if (address) return address;
  throw invalid('Address', value, 'expected 0x and 40 hex digits, or "native" for the native coin');
}

export function parseUrl(value: unknown): string {
  if (typeof value !== 'string' || !URL.canParse(value))
    throw invalid('URL', value, 'expected an absolute URL, as https://tokens.example/list.json');
  return value;
}

/** The most that a word of the chain holds. */
const MAX_UINT256 = 2n ** 256n - 1n;
const MAX_DIGITS = 78;

/** JSON's numbers lose digits past 2^53, and who wrote them cannot be asked: larger amounts come as strings. */
export function parseAmount(value: unknown): bigint {
  if (typeof value === 'string' && /^\d+$/.test(value) && value.length <= MAX_DIGITS) {
    const amount = BigInt(value);
    if (amount <= MAX_UINT256) return amount;
  }
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  throw invalid('BigInt', value, EXPECTED_AMOUNT);
}

const EXPECTED_AMOUNT =
  'expected a whole number from 0 to 2^256-1 as a decimal string (or as a number up to 2^53-1)';

/** In a document digits stand as they were written: no number is too large to be exact. */
function parseAmountLiteral(node: ValueNode): bigint {
  return parseAmount(node.kind === Kind.INT ? node.value : valueFromASTUntyped(node));
}

function invalid(scalar: string, value: unknown, expected: string): GraphQLError {
  const shown = show(value);
  return new GraphQLError(
    `${shown.length > 100 ? `${shown.slice(0, 100)}…` : shown} is no ${scalar}: ${expected}`,
  );
}

/** Lists and objects are only named: they may be nested deeper than anything can follow. */
function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return JSON.stringify(value) ?? String(value);
}

/** For scalars that only come out. */
function outputOnly(scalar: string) {
  return (value: unknown): never => {
    throw invalid(scalar, value, 'it cannot be an input');
  };
}

builder.scalarType('Address', {
  description:
    'An EVM address: `0x` and 40 hex digits. Accepted in any case (a wrong EIP-55 checksum included), returned ' +
    'with its EIP-55 checksum. The native coin is `0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE`, for which ' +
    '`"native"` is accepted too. Anything else is `BAD_USER_INPUT`.',
  specifiedByURL: 'https://eips.ethereum.org/EIPS/eip-55',
  parseValue: parseAddress,
  serialize: checksum,
});

builder.scalarType('BigInt', {
  description:
    'A whole number of any size as a decimal string, as `"1000000000000000000"`; amounts are in the token\'s smallest ' +
    'unit. Accepted from 0 to 2^256-1, as a decimal string, or as a number where that is exact (in a document any, in ' +
    'JSON up to 2^53-1). Anything else is `BAD_USER_INPUT`.',
  parseValue: parseAmount,
  parseLiteral: parseAmountLiteral,
  serialize: (value) => value.toString(),
});

builder.scalarType('Hash', {
  description: 'A Keccak-256 hash of a block or transaction: `0x` and 64 lower-case hex digits.',
  parseValue: outputOnly('Hash'),
  serialize: (hash) => hash,
});

builder.scalarType('DateTime', {
  description: 'A moment in UTC as ISO 8601, as `2026-11-21T12:00:00.000Z`.',
  specifiedByURL: 'https://datatracker.ietf.org/doc/html/rfc3339#section-5.6',
  parseValue: outputOnly('DateTime'),
  serialize: (date) => date.toISOString(),
});

builder.scalarType('URL', {
  description: 'An absolute URL. Anything else is `BAD_USER_INPUT`.',
  specifiedByURL: 'https://url.spec.whatwg.org/',
  parseValue: parseUrl,
  serialize: (url) => url,
});
