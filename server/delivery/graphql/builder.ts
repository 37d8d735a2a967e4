import SchemaBuilder from '@pothos/core';
import type { Address, Hash } from '../../chain/types.ts';
import type { Context } from './context.ts';

/** The one builder that every type registers with; what each scalar is inside is said here. */
export const builder = new SchemaBuilder<{
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    Address: { Input: Address; Output: Address };
    BigInt: { Input: bigint; Output: bigint };
    Hash: { Input: Hash; Output: Hash };
    DateTime: { Input: Date; Output: Date };
    URL: { Input: string; Output: string };
  };
}>({ defaultFieldNullability: false });
