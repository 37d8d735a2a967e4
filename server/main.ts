/** `npm start`: the server on the configured chains, until SIGTERM or SIGINT. Exits 0 when told to stop, else 1. */

import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { createApp } from './app.ts';
import { type Config, readConfig } from './config.ts';
import { BaseError } from './errors.ts';
import { createLog, redactorOf } from './log.ts';

/** Of the grace: for how long all is served on after readiness has gone, for balancers to see that. */
const LAME_DUCK = 0.3;
/** npm passes on a signal that the terminal has sent us as well: the same one this soon is the same Ctrl-C. */
const SAME_SIGNAL_MS = 200;

let config: Config | undefined;
try {
  config = readConfig(process.env);
  const { shutdownGraceMs } = config;
  const log = createLog(config);
  // A rejection that nobody handles comes here as well. Node's own last words would be neither JSON nor redacted.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an error that nobody expected: the process ends');
    process.exit(1);
  });
  const app = await createApp(config, { log });
  let told: { readonly signal: NodeJS.Signals; readonly atMs: number } | undefined;
  const stop = async (signal: NodeJS.Signals) => {
    if (told) {
      // Whoever asks twice does not want to wait.
      if (signal !== told.signal || performance.now() - told.atMs > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    told = { signal, atMs: performance.now() };
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.warn('the grace is over; what has not ended is left as it is');
      process.exit(0);
    }, shutdownGraceMs);
    app.retire();
    // A person who presses Ctrl-C has no balancer.
    if (signal === 'SIGTERM') await sleep(shutdownGraceMs * LAME_DUCK);
    await app[Symbol.asyncDispose]();
    log.info('stopped');
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
