import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Attempt, hedge } from './hedge.ts';

const never = new AbortController().signal;
const isFinal = (error: unknown) => error === 'final';

function answers(value: string): Attempt<string> {
  return { patienceMs: 60_000, run: async () => value };
}

function fails(error: string): Attempt<string> {
  return { patienceMs: 60_000, run: () => Promise.reject(error) };
}

/** Says nothing until it is let go, and tells of that. */
function hangs(letGo: string[], name: string, patienceMs = 1): Attempt<string> {
  return {
    patienceMs,
    run: (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          letGo.push(name);
          reject(signal.reason);
        });
      }),
  };
}

describe('asking one endpoint after another', () => {
  it('asks no second one where the first answers', async () => {
    const asked: string[] = [];
    const second: Attempt<string> = { patienceMs: 0, run: async () => String(asked.push('second')) };
    expect(await hedge([answers('first'), second], { isFinal, signal: never })).toMatchObject({
      value: 'first',
      index: 0,
      overtaken: [],
    });
    expect(asked).toEqual([]);
  });

  it('asks the next one at once where one fails', async () => {
    const hedged = await hedge([fails('a'), fails('b'), answers('third')], { isFinal, signal: never });
    expect(hedged).toMatchObject({ value: 'third', index: 2, overtaken: [] });
  });

  it('asks the next one beside one that keeps silent, and lets that one go', async () => {
    const letGo: string[] = [];
    const hedged = await hedge([hangs(letGo, 'first'), hangs(letGo, 'second'), answers('third')], {
      isFinal,
      signal: never,
    });
    expect(hedged.value).toBe('third');
    expect(hedged.overtaken.map(({ index }) => index)).toEqual([0, 1]);
    expect(letGo).toEqual(['first', 'second']);
  });

  it('takes the answer of a slow one where the next one fails', async () => {
    const slow: Attempt<string> = { patienceMs: 1, run: () => sleep(20, 'slow') };
    expect((await hedge([slow, fails('second')], { isFinal, signal: never })).value).toBe('slow');
  });

  it('ends with every error where all fail, and with a final one at once', async () => {
    const failed = hedge([fails('a'), fails('b')], { isFinal, signal: never });
    await expect(failed).rejects.toMatchObject({ errors: ['a', 'b'] });
    const letGo: string[] = [];
    const final = hedge([hangs(letGo, 'first'), fails('final'), answers('x')], { isFinal, signal: never });
    await expect(final).rejects.toBe('final');
    expect(letGo).toEqual(['first']);
  });

  it('ends with the reason of a signal, before and during', async () => {
    const letGo: string[] = [];
    const gone = AbortSignal.abort('gone');
    await expect(hedge([answers('x')], { isFinal, signal: gone })).rejects.toBe('gone');
    const controller = new AbortController();
    const running = hedge([hangs(letGo, 'first', 60_000), answers('x')], {
      isFinal,
      signal: controller.signal,
    });
    controller.abort('stop');
    await expect(running).rejects.toBe('stop');
    expect(letGo).toEqual(['first']);
  });
});
