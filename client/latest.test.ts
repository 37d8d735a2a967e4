import { expect, test } from 'vitest';
import { Latest } from './latest.ts';

interface Producer {
  readonly publish: (value: string) => void;
  readonly signal: AbortSignal;
  readonly finish: () => void;
  readonly fail: (error: Error) => void;
}

/** A mailbox with its producer's end in hand, once somebody reads. */
function latest(signal?: AbortSignal) {
  const producers: Producer[] = [];
  const values = new Latest<string>({
    merge: (older, newer) => `${older}+${newer}`,
    produce: (publish, signal) =>
      new Promise((finish, fail) => producers.push({ publish, signal, finish, fail })),
    signal,
  });
  const producer = () => {
    const [only] = producers;
    if (!only) throw new Error('not started');
    return only;
  };
  return { values, producers, producer };
}

test('nothing is produced before somebody reads, and once for all readers', () => {
  const { values, producers } = latest();
  expect(producers).toHaveLength(0);
  void values.next();
  void values.next();
  expect(producers).toHaveLength(1);
});

test('what was not read is merged into one', async () => {
  const { values, producer } = latest();
  const first = values.next();
  producer().publish('a');
  expect(await first).toEqual({ done: false, value: 'a' });
  for (const value of ['b', 'c', 'd']) producer().publish(value);
  expect(await values.next()).toEqual({ done: false, value: 'b+c+d' });
});

test('what was not read comes before the end, and before an error', async () => {
  const ended = latest();
  const first = ended.values.next();
  ended.producer().publish('a');
  ended.producer().finish();
  expect(await first).toEqual({ done: false, value: 'a' });
  expect(await ended.values.next()).toEqual({ done: true, value: undefined });

  const failed = latest();
  const only = failed.values.next();
  failed.producer().publish('a');
  failed.producer().fail(new Error('no more'));
  expect(await only).toEqual({ done: false, value: 'a' });
  await expect(failed.values.next()).rejects.toThrow('no more');
  expect(await failed.values.next()).toEqual({ done: true, value: undefined });
});

test('a reader that leaves while it waits is let go, and so is the producer', async () => {
  const { values, producer } = latest();
  const waiting = values.next();
  await values.return();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(producer().signal.aborted).toBe(true);
  producer().publish('too late');
  expect(await values.next()).toEqual({ done: true, value: undefined });
});

test('an aborted signal ends it without an error, whether before or after the start', async () => {
  const control = new AbortController();
  const { values, producer } = latest(control.signal);
  const waiting = values.next();
  control.abort();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(producer().signal.aborted).toBe(true);

  const late = latest(control.signal);
  expect(await late.values.next()).toEqual({ done: true, value: undefined });
  expect(late.producers).toHaveLength(0);
});
