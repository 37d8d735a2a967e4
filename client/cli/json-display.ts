import type { Writable } from 'node:stream';
import { type BalancesState, mergeUnread, type WatchStatus } from '../state.ts';
import { linesOf } from './json-lines.ts';
import type { Display } from './watch.ts';

interface JsonDisplayOptions {
  readonly server: string;
  readonly output: Writable;
  /** Where it says how the connection stands. */
  readonly errors: Writable;
}

/** Lines of JSON for whoever reads them. To a reader that is slow several changes of a token are one. */
export class JsonDisplay implements Display {
  readonly #options: JsonDisplayOptions;
  #unread: BalancesState | undefined;
  #said = '';

  constructor(options: JsonDisplayOptions) {
    this.#options = options;
    options.output.on('drain', () => this.#flush());
    this.#say(`connecting to ${options.server}`);
  }

  connecting({ error }: WatchStatus): void {
    if (error) this.#say(`connecting to ${this.#options.server}: ${error.message}`);
  }

  chain(id: number): void {
    this.#say(`reading balances on chain ${id}`);
  }

  state(state: BalancesState): void {
    const { status } = state;
    if (status.state === 'live') this.#say('live');
    else if (status.error && status.state !== 'failed') this.#say(`${status.state}: ${status.error.message}`);
    if (state.changes.length === 0) return;
    this.#unread = this.#unread ? mergeUnread(this.#unread, state) : state;
    if (!this.#options.output.writableNeedDrain) this.#flush();
  }

  close(): void {
    this.#flush();
  }

  #flush(): void {
    if (!this.#unread) return;
    const text = linesOf(this.#unread).join('\n');
    this.#unread = undefined;
    this.#options.output.write(`${text}\n`);
  }

  /** Once, however often it is tried again. */
  #say(line: string): void {
    if (line === this.#said) return;
    this.#said = line;
    this.#options.errors.write(`balance-stream: ${line}\n`);
  }
}
