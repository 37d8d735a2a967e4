import { type Address, NATIVE } from '../chain/types.ts';
import type { Holdings, PairName } from './holdings.ts';
import type { Caller, Session, SessionKey } from './service.ts';

/** What a session is to watch. */
export interface Contents {
  readonly tokens: ReadonlySet<Address>;
  readonly spenders: ReadonlySet<Address>;
}

/**
 * A list of tokens that one wallet's devices, or one client of it, want to see, and of those who may spend them; it
 * holds the wallet's pairs of both. It lives as long as they do.
 */
export class LiveSession implements Disposable {
  readonly key: SessionKey;
  /** Who made it. */
  readonly caller: Caller;
  /** Of whoever wrote it last: in whose share its pairs are. */
  address: string;
  readonly holdings: Holdings;
  #contents: Contents = { tokens: new Set(), spenders: new Set() };

  constructor({ key, caller, holdings }: { key: SessionKey; caller: Caller; holdings: Holdings }) {
    this.key = key;
    this.caller = caller;
    this.address = caller.address;
    this.holdings = holdings;
  }

  get contents(): Contents {
    return this.#contents;
  }

  /** As the outside sees it. */
  get snapshot(): Session {
    const { tokens, spenders } = this.#contents;
    return {
      ...this.key,
      tokens: [...tokens],
      spenders: [...spenders],
      expiresAt: this.holdings.expiresAt,
    };
  }

  /** Makes this what is watched, whatever was. What is new comes before what is old goes. */
  set(contents: Contents): void {
    const { owner } = this.key;
    const names = [...pairNames(owner, contents)];
    const wanted = new Set(names.map(nameOf));
    const had = new Set([...this.holdings.pairs()].map(nameOf));
    this.#contents = contents;
    this.holdings.add(names.filter((name) => !had.has(nameOf(name))));
    this.holdings.remove([...this.holdings.pairs()].filter((pair) => !wanted.has(nameOf(pair))));
  }

  [Symbol.dispose](): void {
    this.holdings[Symbol.dispose]();
  }
}

/** How many pairs it is to watch all of it. */
export function pairCount({ tokens, spenders }: Contents): number {
  const spendable = tokens.size - (tokens.has(NATIVE) ? 1 : 0);
  return tokens.size + spendable * spenders.size;
}

/** The native coin can be spent by nobody else. */
function* pairNames(owner: Address, { tokens, spenders }: Contents): Generator<PairName> {
  for (const token of tokens) yield { owner, token };
  for (const token of tokens)
    if (token !== NATIVE) for (const spender of spenders) yield { owner, token, spender };
}

function nameOf({ token, spender }: { token: Address; spender?: Address | undefined }): string {
  return spender === undefined ? token : token + spender;
}

export function sessionId({ chainId, owner, clientId }: SessionKey): string {
  return `${chainId}/${owner}/${clientId ?? ''}`;
}

/** The native coin and its wrapped token: in every session, not counted against its limit. */
export function alwaysWatched(wrappedNative: Address | undefined): readonly Address[] {
  return wrappedNative ? [NATIVE, wrappedNative] : [NATIVE];
}
