import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** So many requests a minute for each caller: the minute begins with the first of them. */
export class Rate {
  readonly #limiter: RateLimiterMemory;

  constructor(perMinute: number) {
    this.#limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  }

  /**
   * Undefined where there was enough left of the caller's minute; else nothing is taken of it, and the answer is how
   * many seconds it still has.
   */
  async take(caller: string, requests: number): Promise<number | undefined> {
    try {
      await this.#limiter.consume(caller, requests);
      return undefined;
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      await this.#limiter.reward(caller, requests);
      return Math.max(1, Math.ceil(error.msBeforeNext / 1000));
    }
  }
}
