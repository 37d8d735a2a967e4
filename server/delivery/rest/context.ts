import type { IncomingMessage } from 'node:http';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import type { Config } from '../../config.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Service } from '../../watch/service.ts';
import type { Caller, Gate } from '../gate/gate.ts';

/** What the routes stand on. */
export interface RestOptions {
  readonly service: Service;
  readonly config: Pick<Config, 'maxBodyBytes' | 'maxWatchedTokens' | 'sseHeartbeatMs'>;
  readonly gate: Gate;
  readonly metrics: Pick<Metrics, 'updatesSent' | 'blockToSend'>;
  readonly log: Pick<Logger, 'error'>;
}

/** The request as `node:http` has it, which the listener passes along, and who it is from. */
export type RestEnv = {
  Bindings: { readonly incoming: IncomingMessage };
  Variables: { readonly caller: Caller };
};
export type RestApp = OpenAPIHono<RestEnv>;
