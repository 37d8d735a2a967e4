import { formatUnits } from 'viem';
import { keyOf } from '../address-map.ts';
import type { Address } from '../types.ts';

/** A balance in the data of one of wagmi's queries: whose it is, and how it is read and replaced there. */
export interface Slot {
  readonly chainId: number;
  readonly owner: Address;
  readonly token: Address;
  /** Undefined where the data holds none, or is not in wagmi's shape. */
  readonly read: (data: unknown) => bigint | undefined;
  /** The same data with another amount; only where `read` finds one. */
  readonly write: (data: unknown, amount: bigint) => unknown;
}

export interface Slots {
  readonly slots: readonly Slot[];
  /** Whether these are all that the query holds. */
  readonly areAll: boolean;
}

const NONE: Slots = { slots: [], areAll: false };

/**
 * The balances that a query names by its key, as wagmi 2 and 3 write them. None where it asks for another block than
 * the latest, or for anything that is not known here: what a server reads may not be what is meant.
 */
export function slotsOf(key: readonly unknown[]): Slots {
  const [name, parameters] = key;
  if (!isRecord(parameters)) return NONE;
  if (name === 'readContracts') return slotsOfMany(parameters);
  const slot =
    name === 'balance' ? balance(parameters) : name === 'readContract' ? balanceOf(parameters) : undefined;
  return slot ? { slots: [slot], areAll: true } : NONE;
}

/** `useBalance`; of a token, too, in wagmi 2. */
function balance(parameters: Fields): Slot | undefined {
  const { chainId, address, token, unit } = parameters;
  if (!asksOnlyFor(parameters, ['address', 'chainId', 'token', 'unit'])) return undefined;
  if (typeof chainId !== 'number' || !isAddress(address) || !(token === undefined || isAddress(token)))
    return undefined;
  return {
    chainId,
    owner: keyOf(address),
    token: keyOf(token ?? 'native'),
    read: (data) => (isRecord(data) && typeof data.value === 'bigint' ? data.value : undefined),
    write: (data, value) => {
      const { formatted, decimals } = data as Fields;
      // wagmi 2 takes the unit into account for the native coin only.
      const scale = token === undefined ? scaleOf(unit) : Number(decimals);
      return {
        ...(data as Fields),
        ...(formatted !== undefined && { formatted: formatUnits(value, scale) }),
        value,
      };
    },
  };
}

/** `useReadContract` of `balanceOf(owner)`. */
function balanceOf(parameters: Fields): Slot | undefined {
  const { chainId, address, functionName, args } = parameters;
  if (!asksOnlyFor(parameters, ['chainId', 'address', 'functionName', 'args'])) return undefined;
  if (functionName !== 'balanceOf' || !Array.isArray(args) || args.length !== 1) return undefined;
  const owner: unknown = args[0];
  if (typeof chainId !== 'number' || !isAddress(address) || !isAddress(owner)) return undefined;
  return {
    chainId,
    owner: keyOf(owner),
    token: keyOf(address),
    read: (data) => (typeof data === 'bigint' ? data : undefined),
    write: (_, amount) => amount,
  };
}

/** `useReadContracts`, those of its calls that are `balanceOf(owner)`. */
function slotsOfMany(parameters: Fields): Slots {
  const { contracts, chainId } = parameters;
  const meant = ['contracts', 'chainId', 'allowFailure', 'batchSize', 'multicallAddress'];
  if (!asksOnlyFor(parameters, meant) || !Array.isArray(contracts)) return NONE;
  const slots = contracts.flatMap((contract: unknown, index) => {
    const slot = isRecord(contract) ? balanceOf({ chainId, ...contract }) : undefined;
    return slot ? [at(index, slot)] : [];
  });
  return { slots, areAll: slots.length === contracts.length };
}

function at(index: number, slot: Slot): Slot {
  const resultIn = (data: unknown) => {
    const one: unknown = Array.isArray(data) ? data[index] : undefined;
    return isRecord(one) && one.status === 'success' ? one.result : one;
  };
  return {
    ...slot,
    read: (data) => slot.read(resultIn(data)),
    write: (data, amount) =>
      (data as unknown[]).map((one, place) =>
        place !== index ? one : isRecord(one) ? { ...one, result: amount } : amount,
      ),
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** Nothing but this, the latest block, and a scope of wagmi's. */
function asksOnlyFor({ blockTag, scopeKey: _, ...rest }: Fields, meant: readonly string[]): boolean {
  if (blockTag !== undefined && blockTag !== 'latest') return false;
  return Object.entries(rest).every(([name, value]) => value === undefined || meant.includes(name));
}

function scaleOf(unit: unknown): number {
  return typeof unit === 'number' ? unit : unit === 'wei' ? 0 : unit === 'gwei' ? 9 : 18;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAddress(value: unknown): value is Address {
  return typeof value === 'string' && /^0x[0-9a-f]{40}$/i.test(value);
}
