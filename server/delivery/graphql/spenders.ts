import { type Address, NATIVE } from '../../chain/types.ts';
import { FatalError } from '../../errors.ts';
import { MAX_SPENDERS } from '../../watch/sessions.ts';
import { badUserInput } from './context.ts';

/** Each once; undefined where nothing is said of them. Throws BAD_USER_INPUT, TOKEN_LIMIT_EXCEEDED. */
export function spendersOf(given: readonly Address[] | null | undefined): Address[] | undefined {
  if (!given) return undefined;
  const native = given.indexOf(NATIVE);
  if (native >= 0) throw badUserInput(`spenders[${native}]: the native coin is no spender`);
  const spenders = [...new Set(given)];
  if (spenders.length > MAX_SPENDERS)
    throw new FatalError(
      'TOKEN_LIMIT_EXCEEDED',
      `${spenders.length} spenders exceed the limit of ${MAX_SPENDERS} a session`,
    );
  return spenders;
}
