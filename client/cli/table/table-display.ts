import type { BalancesState, WatchStatus } from '../../state.ts';
import type { WatchArguments } from '../arguments.ts';
import type { Display } from '../watch.ts';
import { render, type View } from './render.ts';
import { nextRows } from './rows.ts';
import type { Screen } from './screen.ts';

/** How often what says how long ago something was is drawn anew. */
const TICK_MS = 1_000;

interface TableOptions {
  readonly arguments: WatchArguments;
  readonly screen: Screen;
  readonly status: WatchStatus;
}

/** A live table on the whole terminal; the last of it stays when it ends. */
export class TableDisplay implements Display {
  readonly #screen: Screen;
  readonly #tick: NodeJS.Timeout;
  /** What is asked for, in words. */
  readonly #asked: string;
  #view: Omit<View, 'now'>;

  constructor({ arguments: asked, screen, status }: TableOptions) {
    const { owner, chainId, url } = asked;
    this.#screen = screen;
    this.#view = {
      owner,
      chainId,
      server: url,
      rows: new Map(),
      status,
      updates: 0,
      startedAt: new Date(),
      waitingFor: `Asking ${url} which chains it serves`,
      ended: false,
    };
    this.#asked = naming(asked);
    this.#tick = setInterval(() => this.#draw(), TICK_MS);
    screen.open(() => this.#draw());
  }

  connecting(status: WatchStatus): void {
    this.#show({ status });
  }

  chain(chainId: number): void {
    this.#show({ chainId, waitingFor: `Reading ${this.#asked} on chain ${chainId}` });
  }

  state(state: BalancesState): void {
    const { rows, updates } = this.#view;
    const { status, changes } = state;
    const isMore = changes.length > 0 && rows.size > 0;
    this.#show({
      status,
      rows: nextRows(rows, state, status.lastUpdate ?? new Date()),
      updates: updates + (isMore ? 1 : 0),
    });
  }

  close(): void {
    clearInterval(this.#tick);
    const view = { ...this.#view, now: new Date(), ended: true };
    const { columns, rows } = this.#screen.size;
    // A line is left for the shell's prompt.
    this.#screen.close(render(view, { columns, rows: rows - 1 }));
  }

  #show(news: Partial<View>): void {
    this.#view = { ...this.#view, ...news };
    this.#draw();
  }

  #draw(): void {
    this.#screen.draw(render({ ...this.#view, now: new Date() }, this.#screen.size));
  }
}

function naming({ customTokens, tokensListsUrls }: WatchArguments): string {
  const [tokens, lists] = [customTokens.length, tokensListsUrls.length];
  return [
    'the native coin',
    ...(tokens > 0 ? [`${tokens} token${tokens === 1 ? '' : 's'}`] : []),
    ...(lists > 0 ? [`${lists} token list${lists === 1 ? '' : 's'}`] : []),
  ].join(', ');
}
