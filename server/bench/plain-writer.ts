import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Child, serveCommands, startChild } from './process.ts';
import { residentBytes } from './resident.ts';

/**
 * The yardstick of delivery: the least that a `node:http` server can do to send an event to every client, with
 * nothing computed and one buffer for all. In a process of its own (this file, forked).
 */
export interface PlainWriterCommands {
  /** Answers its URL. */
  start(options: Record<string, never>): Promise<string>;
  /** Sends one event of that size to every client. */
  send(options: { bytes: number }): void;
  cpuMicros(options: Record<string, never>): number;
  /** Of the process, once its garbage was collected. */
  residentBytes(options: Record<string, never>): number;
}

export interface PlainWriter extends AsyncDisposable {
  readonly url: string;
  readonly call: Child<PlainWriterCommands>['call'];
}

export async function startPlainWriter(): Promise<PlainWriter> {
  const child = startChild<PlainWriterCommands>(new URL(import.meta.url));
  const url = await child.call('start', {});
  return { url, call: child.call, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

const EMPTY_EVENT = 'event: balance_update\ndata: \n\n';

function eventOf(bytes: number): Buffer {
  const filler = 'x'.repeat(Math.max(0, bytes - EMPTY_EVENT.length));
  return Buffer.from(EMPTY_EVENT.replace('data: ', `data: ${filler}`));
}

function serve(): void {
  const clients = new Set<ServerResponse>();
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    response.flushHeaders();
    clients.add(response);
    response.on('close', () => clients.delete(response));
  });
  serveCommands<PlainWriterCommands>({
    start: async () => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    send: ({ bytes }) => {
      const event = eventOf(bytes);
      for (const client of clients) client.write(event);
    },
    cpuMicros: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    residentBytes,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve();
