import { hear, type Message, type Said, say } from './shared-messages.ts';
import { Want } from './shared-want.ts';
import type { Source } from './source.ts';

const ASK_MS = 2000;
const MOST_UNANSWERED = 2;

/**
 * Why a tab is to leave: nobody wants anything; another took the lead from it; the leader does not answer; the browser
 * grants no locks.
 */
export type Over = 'idle' | 'robbed' | 'unled' | 'denied';

/**
 * One tab among those that share a connection, while it wants something. It follows the tab that holds the lock until
 * the lock falls to it, and then leads until it leaves.
 *
 * Browsers slow down the timers of hidden tabs, and not their messages: a leader needs no timers here.
 */
export class Tab {
  readonly #id = crypto.randomUUID();
  readonly #inner: Source;
  readonly #name: string;
  readonly #wants: ReadonlyMap<string, Want>;
  readonly #over: (why: Over) => void;
  readonly #channel: BroadcastChannel;
  readonly #left = new AbortController();
  /** What other tabs want of this one, by tab and id. */
  readonly #guests = new Map<string, Map<string, Want>>();
  /** Of the newest leader that was heard of; no other is believed. */
  #term = 0;
  #leads = false;
  #unanswered = 0;
  #asking: ReturnType<typeof setInterval> | undefined;

  /**
   * `inner` is what the leader reads; `name` that of the lock and the channel; `wants` are this tab's own, by ids that
   * are no other's. With `steals` it takes the lead, whoever has it. Throws where channels are denied.
   */
  constructor(
    inner: Source,
    name: string,
    wants: ReadonlyMap<string, Want>,
    steals: boolean,
    over: (why: Over) => void,
  ) {
    this.#inner = inner;
    this.#name = name;
    this.#wants = wants;
    this.#over = over;
    this.#channel = new BroadcastChannel(name);
    // A leader drops a tab when this lock is free: when it has left, or died. So it says nothing before it has it.
    this.#hold(name + this.#id, false, () => {
      this.#channel.onmessage = ({ data }) => this.#hear(data);
      this.#post({ type: 'ask' });
      this.#asking = setInterval(() => this.#ask(), ASK_MS);
      this.#hold(name, steals, () => this.#lead());
    });
  }

  want(id: string, want: Want): void {
    if (this.#leads) want.followTo(this.#inner);
    else if (this.#term) this.#post({ type: 'want', id, demand: want.demand });
  }

  end(id: string): void {
    this.#post({ type: 'end', id });
    this.#leaveIfIdle();
  }

  leave(): void {
    this.#left.abort();
    clearInterval(this.#asking);
    this.#channel.close();
    for (const want of this.#wants.values()) want.leave();
    for (const wants of this.#guests.values()) for (const want of wants.values()) want.end();
  }

  #lead(): void {
    clearInterval(this.#asking);
    this.#leads = true;
    // Clocks are set back at times.
    this.#begin(Math.max(Date.now(), this.#term + 1) + Math.random());
    this.#announce();
  }

  /** All begins anew with another leader. */
  #begin(term: number): void {
    this.#term = term;
    for (const [id, want] of this.#wants) {
      want.doubt();
      this.want(id, want);
    }
  }

  #hear(message: Message): void {
    const { type, tab, term } = message;
    // Of leaders, all but the newest were robbed, and may not know it yet.
    if (type === 'lead' && term >= this.#term) {
      if (message.able) this.#unanswered = 0;
      if (term === this.#term) return;
      if (this.#leads) this.#over('robbed');
      else this.#begin(term);
    } else if (type === 'update' && term === this.#term) {
      this.#wants.get(message.id)?.update(message.update);
    } else if (type === 'connection' && term === this.#term) {
      this.#wants.get(message.id)?.connection(hear(message.connection));
    } else if (this.#leads) {
      if (type === 'ask') this.#announce();
      if (type === 'want') this.#serve(message);
      if (type === 'end') {
        const wants = this.#guests.get(tab);
        wants?.get(message.id)?.end();
        wants?.delete(message.id);
        this.#leaveIfIdle();
      }
    }
  }

  #serve({ tab, id, demand }: Message & { readonly type: 'want' }): void {
    const wants = this.#guests.get(tab) ?? this.#admit(tab);
    if (wants.has(id)) return;
    const want = new Want(demand, {
      update: (update) => this.#post({ type: 'update', id, update }),
      connection: (connection) => this.#post({ type: 'connection', id, connection: say(connection) }),
    });
    wants.set(id, want);
    want.followTo(this.#inner);
  }

  #admit(tab: string): Map<string, Want> {
    const wants = new Map<string, Want>();
    this.#guests.set(tab, wants);
    this.#hold(this.#name + tab, false, () => {
      for (const want of wants.values()) want.end();
      this.#guests.delete(tab);
      this.#leaveIfIdle();
    });
    return wants;
  }

  #announce(): void {
    const able = !document.hidden || this.#all().every((want) => want.isLive);
    this.#post({ type: 'lead', able });
  }

  #all(): Want[] {
    return [this.#wants, ...this.#guests.values()].flatMap((wants) => [...wants.values()]);
  }

  /** Only where somebody looks is a leader missed that sleeps. */
  #ask(): void {
    if (document.hidden) return;
    if (this.#unanswered++ === MOST_UNANSWERED) this.#over('unled');
    else this.#post({ type: 'ask' });
  }

  #leaveIfIdle(): void {
    if (!this.#all().length) this.#over('idle');
  }

  /** Holds a lock, once it is free, until the tab leaves. */
  #hold(name: string, steal: boolean, held: () => void): void {
    const { signal } = this.#left;
    navigator.locks
      .request(name, steal ? { steal } : { signal }, () => {
        if (!signal.aborted) held();
        return signal.aborted || new Promise((resolve) => signal.addEventListener('abort', resolve));
      })
      .catch((error: unknown) => {
        if (signal.aborted) return;
        this.#over(error instanceof DOMException && error.name === 'AbortError' ? 'robbed' : 'denied');
      });
  }

  #post(said: Said): void {
    this.#channel.postMessage({ ...said, tab: this.#id, term: this.#term } satisfies Message);
  }
}
