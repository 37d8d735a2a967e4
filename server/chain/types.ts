/** The few shapes that every storey speaks of. Addresses and hashes are lower-case hex inside the house. */
export type Hex = `0x${string}`;
export type Address = Hex;
export type Hash = Hex;

/** A block by height and hash: a height alone says nothing once the chain has reorganised. */
export interface BlockRef {
  readonly number: number;
  readonly hash: Hash;
  /** Seconds since the epoch, from the block's header. */
  readonly timestamp: number;
}

export interface Header extends BlockRef {
  readonly parentHash: Hash;
  /** The filter over its logs' addresses and topics; undefined where the node tells none. */
  readonly logsBloom?: Hex | undefined;
}

/** The address by which the native coin is named among tokens, as wallets and aggregators do. */
export const NATIVE: Address = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee';
