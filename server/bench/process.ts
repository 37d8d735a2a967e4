import { type ChildProcess, fork } from 'node:child_process';

/**
 * What is measured, and what it is measured with, run in processes of their own; the bench calls their
 * commands over the IPC channel. A child ends with the channel, so none outlives a bench that was killed.
 */
export type Commands<T> = { [K in keyof T]: (argument: never) => unknown };

type Argument<F> = F extends (argument: infer A) => unknown ? A : never;
type Result<F> = F extends (argument: never) => infer R ? Awaited<R> : never;

interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}
type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };

export interface Child<T> extends AsyncDisposable {
  call<K extends keyof T & string>(name: K, argument: Argument<T[K]>): Promise<Result<T[K]>>;
}

type Waiting = { resolve: (value: unknown) => void; reject: (error: Error) => void };

/** Forks the module, which must call `serveCommands`. `T` is the interface of its commands. */
export function startChild<T extends Commands<T>>(module: URL): Child<T> {
  const child = fork(module, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  child.on('message', (answer: Answer) => {
    const caller = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) caller?.reject(new Error(answer.error));
    else caller?.resolve(answer.result);
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values())
      reject(new Error(`${module.pathname} ended: ${code ?? signal}`));
    waiting.clear();
  });
  return {
    call: (name, argument) =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
        child.send({ id, name, argument } satisfies Call, (error) => error && reject(error));
      }),
    [Symbol.asyncDispose]: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), 3000);
  await ended;
  clearTimeout(impatience);
}

/** In the child: answers each command by the method of that name. */
export function serveCommands<T extends Commands<T>>(commands: T): void {
  const byName = new Map<string, unknown>(Object.entries(commands));
  process.on('message', async ({ id, name, argument }: Call) => {
    const answer = await run(byName.get(name), argument).then(
      (result): Answer => ({ id, result }),
      (error: unknown): Answer => ({
        id,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
    );
    process.send?.(answer);
  });
  process.on('disconnect', () => process.exit(0));
}

async function run(command: unknown, argument: unknown): Promise<unknown> {
  if (typeof command !== 'function') throw new Error('no such command');
  return command(argument);
}
