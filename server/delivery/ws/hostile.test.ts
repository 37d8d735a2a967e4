import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../../test/app.ts';
import { serveHttp, type TestServer } from '../../test/http.ts';
import { RawClient } from '../../test/raw.ts';
import { ScriptedService } from '../../test/service.ts';
import {
  DAI,
  diff,
  item,
  SocketClient,
  snapshot,
  subscribe,
  USDC,
  type WalletStream,
  walletStreams,
} from '../../test/socket.ts';

let service: ScriptedService;
let server: TestServer;
const raws: RawClient[] = [];
afterEach(async () => {
  for (const raw of raws.splice(0)) raw.socket.destroy();
  await server[Symbol.asyncDispose]();
  expect(server.logged).toEqual([]);
});

async function open(...settings: [Parameters<typeof serveHttp>[1]?, Parameters<typeof serveHttp>[2]?]) {
  service = new ScriptedService();
  server = await serveHttp(service, ...settings);
}

const HANDSHAKE =
  'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
/** A client down to its frames, which answers no ping and reads nothing unless it is told to. */
function raw(): RawClient {
  const client = new RawClient(server.url, HANDSHAKE);
  raws.push(client);
  return client;
}

const [TEXT, CONTINUATION, PING] = [0x1, 0x0, 0x9];
interface FrameOptions {
  readonly isLast?: boolean;
  readonly isMasked?: boolean;
  /** What it says that it is long, where that is not so. */
  readonly announced?: number;
}
/** https://www.rfc-editor.org/rfc/rfc6455#section-5.2, with a mask of zeros. */
function frame(opcode: number, payload: string | Buffer, options: FrameOptions = {}): Buffer {
  const { isLast = true, isMasked = true, announced = Buffer.byteLength(payload) } = options;
  const [short, longer] =
    announced < 126 ? [announced, ''] : announced < 65_536 ? [126, 'be16'] : [127, 'be64'];
  const length = Buffer.alloc(longer === 'be64' ? 8 : longer === 'be16' ? 2 : 0);
  if (longer === 'be16') length.writeUInt16BE(announced);
  if (longer === 'be64') length.writeBigUInt64BE(BigInt(announced));
  const head = Buffer.from([(isLast ? 0x80 : 0) | opcode, (isMasked ? 0x80 : 0) | short]);
  return Buffer.concat([head, length, Buffer.alloc(isMasked ? 4 : 0), Buffer.from(payload)]);
}
const text = (message: unknown, options?: FrameOptions) => frame(TEXT, JSON.stringify(message), options);
const write = (client: RawClient, bytes: Buffer) => client.socket.write(bytes);

/** How the server said goodbye. */
const closeCode = async (client: RawClient) => {
  const said = Buffer.from(await client.whole(), 'latin1');
  const at = said.lastIndexOf(0x88);
  return at === -1 ? undefined : said.readUInt16BE(at + 2);
};
const dropped = async () => {
  const { values } = await server.metrics.stalledClients.get();
  return Object.fromEntries(
    values.filter(({ value }) => value > 0).map(({ labels, value }) => [labels.door, value]),
  );
};
const works = async () => {
  using client = new SocketClient(server.url);
  expect(await client.ask('x')).toMatchObject({ event: 'error' });
};
const ASK = subscribe([item(DAI), item(USDC)], 'mine');
/** More than two kernels hold between them for one connection, in the name of a token. */
const BIG = 'x'.repeat(8 * 1024 * 1024);

function push(stream: WalletStream | undefined, ...updates: ReturnType<typeof diff>[]) {
  if (!stream) throw new Error('no stream');
  stream.push(...updates);
}
const pushBig = (stream: WalletStream | undefined, ...updates: ReturnType<typeof diff>[]) => {
  service.metadata.set(USDC, { symbol: null, name: BIG, decimals: null, logoURI: null });
  return push(stream, snapshot({ [USDC]: 0n }), ...updates);
};

describe('a peer that is gone', () => {
  test('answers no ping, and is dropped and counted; one that answers stays', async () => {
    await open({ sseHeartbeatMs: 20, stalledClientTimeoutMs: 200 });
    const dead = raw().read();
    write(dead, text(ASK));
    using alive = new SocketClient(server.url);
    await alive.send(ASK);
    await walletStreams(service, 2);
    await eventually(async () => expect(await dropped()).toEqual({ websocket: 1 }));
    await dead.closed;
    // Its stream is gone with it.
    const [left] = await walletStreams(service, 1);
    await push(left, snapshot({ [DAI]: 1n }));
    await alive.heard(1);
    expect(await dropped()).toEqual({ websocket: 1 });
  });

  test('has one ping to answer, and not one for every interval', async () => {
    await open({ sseHeartbeatMs: 5 });
    const silent = raw().read();
    using counting = new SocketClient(server.url);
    let pings = 0;
    counting.socket.on('ping', () => {
      pings += 1;
    });
    await eventually(() => expect(pings).toBeGreaterThan(5));
    expect(silent.text.slice(silent.text.indexOf('\r\n\r\n') + 4)).toBe('\x89\x00');
  });

  test('is pinged back', async () => {
    await open();
    const client = raw().read();
    write(client, frame(PING, 'hello'));
    await eventually(() => expect(client.text).toContain('\x8a\x05hello'));
  });
});

describe('a client that stops reading', () => {
  test('costs nothing while it stays, and gets fewer, fresher updates', async () => {
    await open();
    using client = new SocketClient(server.url);
    await client.send(ASK);
    const [stream] = await walletStreams(service, 1);
    await client.opened;
    client.socket.pause();
    await pushBig(stream, diff({ [DAI]: 1n }), diff({ [DAI]: 2n }));
    // The rest waits where it is conflated, until the socket has taken the first.
    await eventually(() => expect(stream?.backlog).toBe(2));
    await works();
    expect(stream?.backlog).toBe(2);
    client.socket.resume();
    expect((await client.heard(3)).slice(1)).toMatchObject([
      { data: { rawBalance: '1' } },
      { data: { rawBalance: '2' } },
    ]);
  });

  test('is dropped after the timeout, and counted', async () => {
    await open({ stalledClientTimeoutMs: 300, sseHeartbeatMs: 60_000 });
    const client = raw();
    write(client, text(ASK));
    const [stream] = await walletStreams(service, 1);
    await pushBig(stream);
    await eventually(async () => expect(await dropped()).toEqual({ websocket: 1 }));
    await walletStreams(service, 0);
  });

  test('and asks and asks is not listened to for longer than it listens', async () => {
    await open({ stalledClientTimeoutMs: 300, sseHeartbeatMs: 60_000, rateLimitPerMinute: 1_000_000 });
    const client = raw();
    // Each is answered with more than it is.
    const asking = setInterval(() => {
      if (client.socket.writableLength < 100_000)
        write(client, Buffer.concat(Array(100).fill(frame(TEXT, 'x'.repeat(500)))));
    }, 1);
    await eventually(async () => expect(await dropped()).toEqual({ websocket: 1 }));
    clearInterval(asking);
  });

  test('and pings and pings has one answer waiting', async () => {
    await open({ sseHeartbeatMs: 60_000 });
    const client = raw();
    write(client, text(ASK));
    const [stream] = await walletStreams(service, 1);
    await pushBig(stream);
    await eventually(() => expect(stream?.backlog).toBe(0));
    for (let times = 0; times < 10_000; times += 1) write(client, frame(PING, `${times}`.padStart(5, '0')));
    write(client, text('x'));
    await eventually(() => expect(client.socket.writableLength).toBe(0));
    await works();
    client.read();
    await eventually(() => expect(client.text).toContain('\x8a\x0509999'));
    expect(client.text.split('\x8a\x05').length).toBeLessThan(10);
  });
});

describe('a client that sends', () => {
  test('thousands of messages and reads nothing meanwhile is slowed down, and answered each', async () => {
    await open();
    const client = raw();
    write(client, text(ASK));
    const [stream] = await walletStreams(service, 1);
    await pushBig(stream);
    await eventually(() => expect(stream?.backlog).toBe(0));
    for (let times = 0; times < 3000; times += 1) write(client, frame(TEXT, `${times} `.padEnd(500, 'x')));
    await works();
    client.read();
    await eventually(() => expect(client.text.split('The message is not JSON')).toHaveLength(3001));
  });

  test('more at once than anybody could mean is closed, before any of it is kept for long', async () => {
    await open({ rateLimitPerMinute: 1_000_000 });
    const client = raw();
    await eventually(() => expect(client.socket.readyState).toBe('open'));
    write(client, Buffer.concat(Array(8000).fill(frame(TEXT, ''))));
    expect(await closeCode(client)).toBe(1008);
    await works();
  });

  test.each<[string, Buffer, number]>([
    ['more than a body may be', frame(TEXT, 'x'.repeat(10_001)), 1009],
    ['the promise of it', frame(TEXT, '', { announced: 10_001 }), 1009],
    [
      'it in parts',
      Buffer.concat(
        [...Array(11)].map((_, i) => frame(i ? CONTINUATION : TEXT, 'x'.repeat(1000), { isLast: false })),
      ),
      1009,
    ],
    ['no mask', frame(TEXT, 'x', { isMasked: false }), 1002],
    ['an opcode nobody knows', frame(0x3, 'x'), 1002],
    ['the rest of nothing', frame(CONTINUATION, 'x'), 1002],
    ['a message in another', Buffer.concat([frame(TEXT, 'x', { isLast: false }), frame(TEXT, 'x')]), 1002],
    ['what says it is compressed', frame(TEXT | 0x40, 'x'), 1002],
    ['what is no UTF-8', frame(TEXT, Buffer.from([0xff, 0xfe])), 1007],
    ['a ping of 126 bytes', frame(PING, 'x'.repeat(126)), 1002],
    [
      'thousands of empty parts',
      Buffer.concat([...Array(2000)].map((_, i) => frame(i ? CONTINUATION : TEXT, '', { isLast: false }))),
      1008,
    ],
  ])('%s is closed with the code for it', async (_, bytes, code) => {
    await open();
    const client = raw();
    write(client, bytes);
    expect(await closeCode(client)).toBe(code);
    await works();
  });

  test('10,000 bytes, and no more than that, is heard', async () => {
    await open();
    using client = new SocketClient(server.url);
    expect(await client.ask('x'.repeat(10_000))).toMatchObject({ message: 'The message is not JSON' });
  });

  test('a message a byte at a time is heard, if it is through in time', async () => {
    await open();
    const client = raw().read();
    for (const byte of text({ type: 'x' })) {
      write(client, Buffer.from([byte]));
      await sleep(1);
    }
    await eventually(() => expect(client.text).toContain('Unknown type'));
  });

  test.each<[string, Buffer[], Buffer]>([
    ['part of a message', [frame(TEXT, 'x'.repeat(100), { announced: 200 })], Buffer.alloc(0)],
    [
      'parts of a message for ever',
      [frame(TEXT, 'x', { isLast: false })],
      frame(CONTINUATION, 'x', { isLast: false }),
    ],
    ['the head of a frame', [frame(TEXT, '').subarray(0, 1)], Buffer.alloc(0)],
    ['parts, with pings between', [frame(TEXT, 'x', { isLast: false })], frame(PING, '')],
  ])('%s is closed when its time is over', async (_, begin, again) => {
    await open({}, { limits: { headersMs: 300, requestMs: 300 } });
    const client = raw();
    for (const bytes of begin) write(client, bytes);
    const going = setInterval(() => write(client, again), 20);
    expect(await closeCode(client)).toBe(1008);
    clearInterval(going);
  });

  test('nothing, or one whole message, may stay for longer', async () => {
    await open({}, { limits: { headersMs: 50, requestMs: 50 } });
    using idle = new SocketClient(server.url);
    await idle.opened;
    const cut = raw();
    write(cut, frame(TEXT, 'x', { isLast: false }));
    using asking = new SocketClient(server.url);
    await asking.ask('x');
    expect(await closeCode(cut)).toBe(1008);
    expect(await idle.ask('x')).toMatchObject({ event: 'error' });
    expect(await asking.ask('x')).toMatchObject({ event: 'error' });
  });

  test('part of many large messages, until there is no more room; then others are heard as before', async () => {
    const mb = 1024 * 1024;
    await open({ maxBodyBytes: mb }, { limits: { bodyBytes: 8 * mb, bodyBytesPerAddress: 4 * mb } });
    const part = frame(TEXT, 'x'.repeat(100_000), { announced: mb });
    const holding = Array.from({ length: 4 }, raw);
    for (const client of holding) write(client, part);
    // Room is made for who leaves, and of what is small nobody takes any.
    await eventually(async () => {
      const late = raw();
      write(late, part);
      expect(await closeCode(late)).toBe(1013);
    });
    await works();
    holding[0]?.socket.destroy();
    await eventually(async () => {
      using whole = new SocketClient(server.url);
      expect(await whole.ask('x'.repeat(mb))).toMatchObject({ message: 'The message is not JSON' });
    });
  });
});

describe('when the server stops', () => {
  test('every connection is closed as going away, at once', async () => {
    await open({ shutdownGraceMs: 10_000 });
    using idle = new SocketClient(server.url, '/');
    using subscribed = new SocketClient(server.url);
    await subscribed.send(ASK);
    await walletStreams(service, 1);
    await idle.opened;
    const closing = server.http.close();
    for (const client of [idle, subscribed])
      expect(await client.closed).toEqual([1001, 'the server is stopping: connect again']);
    await closing;
    await walletStreams(service, 0);
  });

  test.each(['says nothing to that', 'reads nothing'])('one that %s does not outlive it', async (what) => {
    await open({ shutdownGraceMs: 5000 });
    const client = raw();
    write(client, text(ASK));
    const [stream] = await walletStreams(service, 1);
    if (what === 'reads nothing') await pushBig(stream);
    else client.read();
    await server.http.close();
    await walletStreams(service, 0);
    client.read();
    await client.closed;
  });
});
