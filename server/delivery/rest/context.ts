import type { IncomingMessage } from 'node:http';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import type { Config } from '../../config.ts';
import { FatalError } from '../../errors.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { ServedChain, Service } from '../../watch/service.ts';

/** What the routes stand on. */
export interface RestOptions {
  readonly service: Service;
  readonly config: Pick<Config, 'maxBodyBytes' | 'maxWatchedTokens' | 'sseHeartbeatMs'>;
  readonly metrics: Pick<Metrics, 'streams' | 'updatesSent' | 'blockToSend'>;
  readonly log: Pick<Logger, 'error'>;
  /** Who asks, for limits that are per caller. */
  readonly caller?: (request: IncomingMessage) => string;
}

/** The request as `node:http` has it, which the listener passes along. */
export type RestEnv = { Bindings: { readonly incoming?: IncomingMessage } };
export type RestApp = OpenAPIHono<RestEnv>;

/** Throws CHAIN_NOT_SERVED. */
export function servedChain({ chains }: Service, chainId: number): ServedChain {
  const chain = chains.get(chainId);
  if (chain) return chain;
  throw new FatalError('CHAIN_NOT_SERVED', `chain ${chainId} is not served`);
}
