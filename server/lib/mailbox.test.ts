import { describe, expect, it } from 'vitest';
import { Mailbox } from './mailbox.ts';

describe('a mailbox', () => {
  it('holds the newest value of each key, however many were put', () => {
    const box = new Mailbox<string, number>();
    for (let value = 1; value <= 100_000; value += 1) box.put(value % 2 ? 'odd' : 'even', value);
    expect([...box.entries()]).toEqual([
      ['odd', 99_999],
      ['even', 100_000],
    ]);
  });

  it('wakes its reader at a put, and lets go of it when the signal aborts', async () => {
    const box = new Mailbox<string, number>();
    const reader = new AbortController();
    const woken = box.wait(reader.signal);
    box.put('a', 1);
    await woken;
    const waiting = box.wait(reader.signal);
    reader.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await expect(box.wait(reader.signal)).rejects.toThrow('gone');
  });
});
