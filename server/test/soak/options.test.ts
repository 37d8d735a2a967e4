import { describe, expect, it } from 'vitest';
import { UsageError } from '../command-line.ts';
import { readOptions } from './options.ts';

const newSeed = () => 7;

describe('the arguments of a soak', () => {
  it('may all be left out', () => {
    expect(readOptions([], newSeed)).toEqual({
      seed: 7,
      durationMs: 600_000,
      wallets: 20,
      tokens: 30,
      appRestarts: true,
      sweep: true,
      log: false,
      convergeMs: 60_000,
      holdMs: 2000,
    });
  });

  it('say how long, with what seed, and how much of everything', () => {
    const args =
      '--minutes 0.5 --seed 42 --wallets 3 --tokens 5 --patience 90 --no-restarts --no-sweep --log'.split(
        ' ',
      );
    expect(readOptions(args, newSeed)).toMatchObject({
      seed: 42,
      durationMs: 30_000,
      wallets: 3,
      tokens: 5,
      appRestarts: false,
      sweep: false,
      log: true,
      convergeMs: 90_000,
    });
  });

  it.each([
    ['--minutes soon', "--minutes: expected a number from 0.1 to 1440, not 'soon'"],
    ['--minutes 0.09', "--minutes: expected a number from 0.1 to 1440, not '0.09'"],
    ['--minutes 1441', "--minutes: expected a number from 0.1 to 1440, not '1441'"],
    ['--seed 1.5', "--seed: expected a whole number from 0 to 4294967295, not '1.5'"],
    ['--seed 4294967296', "--seed: expected a whole number from 0 to 4294967295, not '4294967296'"],
    ['--seed=-1', "--seed: expected a whole number from 0 to 4294967295, not '-1'"],
    ['--wallets 0', "--wallets: expected a whole number from 1 to 200, not '0'"],
    ['--tokens 3', "--tokens: expected a whole number from 4 to 200, not '3'"],
    ['--patience 0', "--patience: expected a number from 1 to 3600, not '0'"],
  ])('that make no sense are named: %s', (line, message) => {
    expect(() => readOptions(line.split(' '), newSeed)).toThrow(new UsageError(message));
  });

  it('that nobody knows are named', () => {
    expect(() => readOptions(['--minuets', '5'], newSeed)).toThrow(/--minuets/);
    expect(() => readOptions(['5'], newSeed)).toThrow(/5/);
    expect(() => readOptions(['--seed'], newSeed)).toThrow(/--seed/);
  });

  it('at their limits are taken', () => {
    for (const line of [
      '--minutes 0.1',
      '--minutes 1440',
      '--seed 0',
      '--seed 4294967295',
      '--tokens 4',
      '--wallets 200',
    ])
      expect(() => readOptions(line.split(' '), newSeed)).not.toThrow();
  });
});
