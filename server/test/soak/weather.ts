/**
 * Whether those who are unreliable by choice (who drop, pause, change their minds) may be so at the moment. In a calm
 * they stay as they are, and what they are in the midst of they bring to its end.
 */
export class Weather {
  #rough = new AbortController();

  get isCalm(): boolean {
    return this.#rough.signal.aborted;
  }

  /** Aborts at the next calm; aborted during one. */
  get calm(): AbortSignal {
    return this.#rough.signal;
  }

  calmDown(): void {
    this.#rough.abort();
  }

  stirUp(): void {
    this.#rough = new AbortController();
  }
}
