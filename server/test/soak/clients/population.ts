import { type Address, NATIVE } from '../../../chain/types.ts';
import type { Random } from '../random.ts';
import type { Weather } from '../weather.ts';
import { ordinary, type World } from '../world.ts';
import type { ClientKind, SoakClient } from './client.ts';
import { EventSourceClient } from './event-source.ts';
import { Application, GraphQLClient } from './graphql-client.ts';
import { ListChanges } from './list-changes.ts';
import { RawStream, type RawStreamOptions } from './raw-stream.ts';
import { type Server, SoakSession } from './session.ts';
import { WalletsClient } from './wallets-client.ts';
import { WebSocketClient } from './websocket-client.ts';

export interface PopulationOptions {
  readonly world: World;
  readonly server: Server;
  readonly random: Random;
  readonly weather: Weather;
  readonly stop: AbortSignal;
}

/** Who uses the service: some from the beginning, some later. */
export interface Population extends AsyncDisposable {
  readonly clients: readonly SoakClient[];
  /** The latecomers come. */
  welcome(): void;
  /** Settles, in a calm, when no list is about to change any more. */
  settled(): Promise<void>;
}

/** Of what a wallet may watch it leaves some out: what moves there concerns nobody. */
const BASKET = 0.8;
const SLOW_MS = [1000, 6000] as const;
const DROPS = { afterMs: [300, 5000], awayMs: [50, 7000] } as const;

/**
 * For each wallet a client library and an EventSource, in turns the others, and two that watch all wallets, one of them
 * a program with a watch of each: every kind has somebody once there are as many wallets as there are kinds of them.
 */
export function populate({ world, server, random, weather, stop }: PopulationOptions): Population {
  const { chain, wallets, tokens, spenders } = world;
  const { chainId } = chain;
  const always = [NATIVE, chain.weth];
  const clients: SoakClient[] = [];
  const late: (() => SoakClient)[] = [];
  const changes = new ListChanges(weather, stop);
  const ofAll = new Map<Address, readonly Address[]>();
  const desk = new Application(server);

  wallets.forEach((owner, index) => {
    const own = random.fork(`wallet ${index}`);
    const basket = own.shuffled(ordinary(tokens));
    basket.length = Math.max(3, Math.round(basket.length * BASKET));
    const watched = index % 3 === 0 ? [...basket, ...tokens.hostile] : basket;
    const may = new Set([...always, ...watched]);
    ofAll.set(owner, [...may]);
    const mayHold = (token: Address) => may.has(token);
    const shared = new SoakSession(server, { chainId, owner, always });
    const separate = (name: string) => {
      const session = new SoakSession(server, { chainId, owner, always, clientId: uuid(own.fork(name)) });
      session.include(watched);
      return session;
    };
    const name = (kind: ClientKind) => `${kind} ${index + 1}`;
    const common = { server, mayHold, weather };
    const raw = (kind: ClientKind, rest: Pick<RawStreamOptions, 'door' | 'session' | 'pausesMs' | 'drops'>) =>
      clients.push(
        new RawStream({ ...common, name: name(kind), kind, random: own.fork(name(kind)), ...rest }),
      );

    // The shared list begins with a half of it where it is to grow.
    const grows = index % 4 === 1;
    const first = grows ? watched.slice(0, watched.length >> 1) : watched;
    shared.include(first);
    const library = (
      kind: ClientKind,
      rest: { asks: readonly Address[] } & Partial<ConstructorParameters<typeof GraphQLClient>[0]>,
    ) =>
      new GraphQLClient({
        name: name(kind),
        kind,
        application: new Application(server),
        chainId,
        owner,
        always,
        ...rest,
      });
    clients.push(
      library('GraphQL client', { asks: watched, spenders }),
      library('GraphQL client of all wallets', {
        application: desk,
        asks: basket.slice(0, 5),
        isFirst: index === 0,
      }),
      new EventSourceClient({ ...common, name: name('EventSource'), session: shared, asks: first }),
    );
    if (grows) {
      raw('list growing (POST)', { door: 'graphql', session: shared });
      changes.grow(shared, watched, own.fork('growing'));
    }
    if (index % 4 === 0) {
      const session = separate('set anew');
      raw('list set anew (PUT)', { door: 'graphql', session });
      changes.setAnew(session, watched, own.fork('set anew'));
    }
    if (index % 3 === 0)
      raw('slow reader', { door: own.pick(['graphql', 'rest']), session: shared, pausesMs: SLOW_MS });
    if (index % 2 === 0)
      raw('GraphQL, dropping and resuming', { door: 'graphql', session: separate('dropping'), drops: DROPS });
    if (index % 2 === 1 || wallets.length === 1)
      raw('REST, dropping and resuming', { door: 'rest', session: shared, drops: DROPS });
    if (index % 4 === 2) {
      const kind = 'GraphQL client of two watches';
      const application = new Application(server);
      clients.push(
        library(kind, { application, asks: basket.slice(0, 3), spenders }),
        library(kind, {
          name: `${name(kind)} b`,
          application,
          asks: basket.slice(2, 6),
          isFirst: false,
        }),
      );
    }
    if (index % 5 === 0)
      clients.push(
        new WebSocketClient({
          name: name('WebSocket'),
          server,
          chainId,
          owner,
          asks: [...always, ...basket],
        }),
      );
    if (index % 4 === 3) late.push(() => library('latecomer', { asks: watched.slice(0, 3) }));
  });
  clients.push(...new WalletsClient({ name: 'many wallets', server, chainId, asks: ofAll }).clients);
  return {
    clients,
    welcome() {
      for (const come of late.splice(0)) clients.push(come());
    },
    settled: () => changes.settled(),
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    },
  };
}

function uuid(random: Random): string {
  const hex = Array.from({ length: 32 }, () => random.whole(0, 15).toString(16)).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}
