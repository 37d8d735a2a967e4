import type { Address } from '../types.ts';

/** What is wanted of a wallet on a chain. */
export interface Wanted {
  readonly name: string;
  /** Undefined until it is known what is meant. */
  readonly tokens: ReadonlySet<Address> | undefined;
  /** Another one whenever the tokens are others. */
  readonly version: number;
  /** All that is wanted, where that includes allowances; else empty. */
  readonly allowances: string;
  /** It may have no session: others of the same address have as many as there may be. */
  readonly isCrowded: boolean;
  /** It is not put into one stream with those before it. */
  readonly isApart: boolean;
}

/** A stream there should be; one with the same key goes on. */
export interface PlannedStream<W> {
  readonly key: string;
  /** Whether it is of a session, whose tokens may change while it is open; of many wallets otherwise. */
  readonly isSession: boolean;
  readonly wallets: readonly W[];
}

/** As many as the server takes in one stream, of wallets and of pairs of a wallet and a token. */
const MOST_WALLETS = 1000;
const MOST_PAIRS = 10_000;

/**
 * Which streams there should be: one wallet's is of a session, which is not opened anew when its tokens change. Several
 * wallets share one that needs no session, but for those with allowances, which only sessions have: there is always a
 * snapshot of them, so that what is known of them is whole.
 */
export function plan<W extends Wanted>(wanted: readonly W[]): PlannedStream<W>[] {
  const others = wanted.filter(({ allowances }) => !allowances);
  const ready = others.filter(({ tokens }) => tokens);
  const [only, another] = ready.length ? ready : others;
  const alone = only && !another && !only.isCrowded ? [only] : [];
  const sessions = [...wanted.filter(({ allowances }) => allowances), ...alone].map((wallet) => ({
    key: `${wallet.name} ${wallet.allowances}`,
    isSession: true,
    wallets: [wallet],
  }));
  return alone.length ? sessions : [...sessions, ...shared(ready)];
}

function shared<W extends Wanted>(wanted: readonly W[]): PlannedStream<W>[] {
  const streams: W[][] = [];
  let pairs = 0;
  for (const wallet of wanted) {
    const last = streams.at(-1);
    pairs += wallet.tokens?.size ?? 0;
    if (last && !wallet.isApart && last.length < MOST_WALLETS && pairs <= MOST_PAIRS) last.push(wallet);
    else {
      streams.push([wallet]);
      pairs = wallet.tokens?.size ?? 0;
    }
  }
  return streams.map((wallets) => ({
    key: wallets.map(({ name, version }) => `${name} ${version}`).join(),
    isSession: false,
    wallets,
  }));
}
