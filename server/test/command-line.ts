/** Arguments of a script that make no sense. */
export class UsageError extends Error {}

/** What the arguments say; where they make no sense the process says why, and how to use it, and exits 2. */
export function argumentsOrExit<T>(read: (args: readonly string[]) => T, usage: string): T {
  try {
    return read(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}

/** Aborts at the first Ctrl-C; the second ends the process with 130. */
export function untilInterrupted(): AbortSignal {
  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      if (interrupt.signal.aborted) process.exit(130);
      console.error('stopping; once more to stop at once');
      interrupt.abort();
    });
  return interrupt.signal;
}

/** The number that an argument is. Throws UsageError, which names it and says what was expected. */
export function numberOf(name: string, text: string, least: number, most: number, kind?: 'whole'): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most) || (kind === 'whole' && !Number.isInteger(value)))
    throw new UsageError(
      `${name}: expected a ${kind ? `${kind} ` : ''}number from ${least} to ${most}, not '${text}'`,
    );
  return value;
}

/** Runs `parseArgs`; what it throws is the asker's mistake. */
export function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
