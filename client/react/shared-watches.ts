import type { BalancesClient } from '../client.ts';
import { type BalancesState, unknown, type WatchStatus } from '../state.ts';
import type { BalancesWatch } from '../watch.ts';
import { demandOf } from './demand-key.ts';

/** As WatchStatus; `idle` where nothing is asked for: no wallet yet, no chain, or not enabled. */
export interface UseBalancesStatus extends Omit<WatchStatus, 'state'> {
  readonly state: WatchStatus['state'] | 'idle';
}

export interface UseBalancesResult extends Omit<BalancesState, 'status'> {
  readonly status: UseBalancesStatus;
}

/** The same on the server and in the browser that takes over its markup, the time included. */
export const NOTHING_YET: UseBalancesResult = begun('connecting');
export const IDLE: UseBalancesResult = begun('idle');

interface Shared {
  readonly watch: BalancesWatch;
  /** Ends the subscription that keeps the watch going while components come and go. */
  readonly leave: () => void;
  components: number;
  lingering?: ReturnType<typeof setTimeout> | undefined;
}

interface SharedWatchesOptions {
  readonly createClient: () => BalancesClient;
  /** Whether the client goes with the provider. */
  readonly isOwn: boolean;
  readonly lingerMs: number;
}

/**
 * The watches of all components below a provider, one for each key. Rendering only looks at them: they begin when the
 * first component that needs one is on the page, and end some time after the last has left it, for the next page may
 * need them again, and StrictMode mounts everything twice. The same goes for the client, where it is the provider's own.
 */
export class SharedWatches {
  readonly #options: SharedWatchesOptions;
  readonly #shared = new Map<string, Shared>();
  #client: BalancesClient | undefined;
  #ending: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SharedWatchesOptions) {
    this.#options = options;
  }

  /** Made when it is first needed, so never on a server. */
  get client(): BalancesClient {
    this.#client ??= this.#options.createClient();
    return this.#client;
  }

  /** What is known; the same object until something is new. */
  read(key: string): UseBalancesResult {
    return this.#shared.get(key)?.watch.getSnapshot() ?? NOTHING_YET;
  }

  subscribe(key: string, listener: () => void): () => void {
    const shared = this.#shared.get(key) ?? this.#open(key);
    clearTimeout(shared.lingering);
    shared.components += 1;
    const leave = shared.watch.subscribe(listener);
    return () => {
      leave();
      shared.components -= 1;
      if (shared.components > 0) return;
      shared.lingering = setTimeout(() => {
        this.#shared.delete(key);
        shared.leave();
      }, this.#options.lingerMs);
    };
  }

  /** There is a provider, until the function that is returned is called. */
  hold(): () => void {
    clearTimeout(this.#ending);
    return () => {
      if (this.#options.isOwn) this.#ending = setTimeout(() => this.#end(), this.#options.lingerMs);
    };
  }

  #open(key: string): Shared {
    const watch = this.client.watchBalances(demandOf(key));
    const shared = { watch, leave: watch.subscribe(() => {}), components: 0 };
    this.#shared.set(key, shared);
    return shared;
  }

  /** Whoever comes after that begins anew. */
  #end(): void {
    for (const { lingering } of this.#shared.values()) clearTimeout(lingering);
    this.#shared.clear();
    this.#client?.dispose();
    this.#client = undefined;
  }
}

function begun(state: UseBalancesStatus['state']): UseBalancesResult {
  const { status, ...nothing } = unknown();
  return { ...nothing, status: { ...status, state, since: new Date(0) } };
}
