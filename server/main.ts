/** `npm start`: the server on the configured chains, until SIGTERM or SIGINT. Exits 0 when told to stop, else 1. */
import { inspect } from 'node:util';
import { createApp } from './app.ts';
import { type Config, readConfig } from './config.ts';
import { BaseError } from './errors.ts';
import { createLog, redactorOf } from './log.ts';

let config: Config | undefined;
try {
  config = readConfig(process.env);
  const log = createLog(config);
  // A rejection that nobody handles comes here as well. Node's own last words would be neither JSON nor redacted.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an error that nobody expected: the process ends');
    process.exit(1);
  });
  const app = await createApp(config, { log });
  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    // Whoever asks twice does not want to wait.
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping');
    await app[Symbol.asyncDispose]();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
} catch (error) {
  // What the operator can mend is said in words, a bug with its stack; a URL that it carries along is not.
  const words = error instanceof BaseError ? error.message : inspect(error);
  console.error(config ? redactorOf(config)(words) : words);
  process.exit(1);
}
