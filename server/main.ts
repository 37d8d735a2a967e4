/** `npm start`: the server on the configured chains, until SIGTERM or SIGINT. Exits 0 when told to stop, else 1. */
import { pino } from 'pino';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { BaseError } from './errors.ts';

try {
  const config = readConfig(process.env);
  const log = pino({ level: config.logLevel });
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
  // What the operator can mend is said in words, a bug with its stack.
  console.error(error instanceof BaseError ? error.message : error);
  process.exit(1);
}
