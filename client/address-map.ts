import type { Address } from './types.ts';

const NATIVE = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee';

/** One for every way to write an address. */
export function keyOf(address: Address | 'native'): Address {
  return address === 'native' ? NATIVE : (address.toLowerCase() as Address);
}

/** A map in which the case of an address makes no difference, and the native coin may be called by name. */
export class AddressMap<V> extends Map<Address | 'native', V> {
  override get(address: Address | 'native'): V | undefined {
    return super.get(keyOf(address));
  }

  override has(address: Address | 'native'): boolean {
    return super.has(keyOf(address));
  }

  override set(address: Address | 'native', value: V): this {
    return super.set(keyOf(address), value);
  }

  override delete(address: Address | 'native'): boolean {
    return super.delete(keyOf(address));
  }
}
