import { type DestinationStream, type Logger, pino } from 'pino';
import { secretsOfUrls } from './chain/rpc/redact.ts';
import type { ChainConfig, Config } from './config.ts';
import { createRedactor, type Redact } from './lib/redactor.ts';
import { currentRequestId } from './lib/request-id.ts';

interface Secretive extends Pick<Config, 'apiKeys'> {
  readonly chains: readonly Pick<ChainConfig, 'endpoints'>[];
}

type LogConfig = Pick<Config, 'logLevel'> & Secretive;

/**
 * The one log of a process: lines of JSON, each with the id of the request that it was written for, and none with a
 * secret of the configuration, whoever put it there: the finished line is looked through once more.
 */
export function createLog(config: LogConfig, destination?: DestinationStream): Logger {
  const options = {
    level: config.logLevel,
    mixin() {
      const requestId = currentRequestId();
      return requestId === undefined ? {} : { requestId };
    },
    hooks: { streamWrite: redactorOf(config) },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Takes the secrets of the configuration out of a text. */
export function redactorOf(config: Secretive): Redact {
  return createRedactor(secretsOf(config));
}

/** What the configuration holds that nobody may read; an Alchemy key stands in the URLs that are made with it. */
function secretsOf({ chains, apiKeys }: Secretive): string[] {
  return [...secretsOfUrls(chains.flatMap(({ endpoints }) => endpoints)), ...apiKeys];
}
