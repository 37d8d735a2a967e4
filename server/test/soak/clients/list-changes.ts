import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../../../chain/types.ts';
import type { Random } from '../random.ts';
import type { Weather } from '../weather.ts';
import type { SoakSession } from './session.ts';

const PAUSE_MS = [700, 4000] as const;
const AGAIN_MS = 200;

/**
 * Whoever changes what is watched while streams are open. Between changes, and in a calm, no write is under way
 * once `settled` has settled.
 */
export class ListChanges {
  readonly #weather: Weather;
  readonly #stop: AbortSignal;
  readonly #underWay = new Set<Promise<void>>();

  constructor(weather: Weather, stop: AbortSignal) {
    this.#weather = weather;
    this.#stop = stop;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** Sets a client's own list anew again and again (PUT), each time to some of these tokens. */
  setAnew(session: SoakSession, tokens: readonly Address[], random: Random): void {
    void this.#keepOn(random, () => {
      const some = random.shuffled(tokens).slice(0, random.whole(1, tokens.length));
      return () => session.set(some);
    });
  }

  /** Adds tokens to the list that a wallet's clients share, some at a time (POST). */
  grow(session: SoakSession, tokens: readonly Address[], random: Random): void {
    const waiting = random.shuffled(tokens);
    void this.#keepOn(random, () => {
      const some = waiting.splice(0, random.whole(1, 3));
      return some.length === 0 ? undefined : () => session.add(some);
    });
  }

  async #keepOn(random: Random, change: () => (() => Promise<void>) | undefined): Promise<void> {
    while (!this.#stop.aborted) {
      await sleep(random.between(...PAUSE_MS), undefined, { signal: this.#stop }).catch(() => {});
      if (this.#weather.isCalm || this.#stop.aborted) continue;
      const task = change();
      if (!task) return;
      const done = this.#untilDone(task);
      this.#underWay.add(done);
      await done;
      this.#underWay.delete(done);
    }
  }

  /** Whether it was done is not known where the server went away in the midst: then it is done again. */
  async #untilDone(task: () => Promise<void>): Promise<void> {
    while (!this.#stop.aborted) {
      try {
        return await task();
      } catch {
        await sleep(AGAIN_MS, undefined, { signal: this.#stop }).catch(() => {});
      }
    }
  }
}
