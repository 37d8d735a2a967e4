import { createMiddleware } from 'hono/factory';
import type { Gate } from '../gate/gate.ts';
import type { RestEnv } from './context.ts';

/** Before everything else on a route to data: who asks, and whether they may ask once more this minute. */
export function admission(gate: Gate) {
  return createMiddleware<RestEnv>(async (context, next) => {
    const caller = gate.admit(context.env.incoming);
    await gate.spend(caller, 1);
    context.set('caller', caller);
    await next();
  });
}
