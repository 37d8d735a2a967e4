import { describe, expect, it } from 'vitest';
import { APP_FAULTS, countByKind, ENDPOINT_FAULTS, NODE_FAULTS, planFaults } from './schedule.ts';

const ALL = [...ENDPOINT_FAULTS, ...NODE_FAULTS, ...APP_FAULTS];
const long = { seed: 42, durationMs: 600_000, appRestarts: true, sweep: true };
const short = { ...long, durationMs: 26_000 };

describe('the schedule of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planFaults(long)).toEqual(planFaults(long));
    expect(planFaults({ ...long, seed: 43 })).not.toEqual(planFaults(long));
  });

  it('has every kind in it, in a short run too', () => {
    for (let seed = 1; seed <= 50; seed += 1)
      for (const options of [long, short])
        expect(new Set(countByKind(planFaults({ ...options, seed })).keys())).toEqual(new Set(ALL));
  });

  it('has every kind of a node’s fault for the last thing before a silence', () => {
    const { rounds } = planFaults(long);
    expect(rounds).toHaveLength(24);
    expect(new Set(rounds.map(({ finale }) => finale.node))).toEqual(new Set(NODE_FAULTS));
    expect(planFaults(short).rounds).toHaveLength(5);
    expect(planFaults({ ...short, durationMs: 6000 }).rounds).toHaveLength(1);
  });

  it('has times at which both endpoints are ill, and nothing that runs past the end of its round', () => {
    const { rounds } = planFaults(long);
    expect(rounds.flatMap(({ endpoints }) => endpoints).filter(({ at }) => at.length === 2)).not.toEqual([]);
    for (const { endpoints, node, app } of rounds)
      for (const fault of [...endpoints, ...node, ...app])
        expect(fault.startMs + fault.durationMs).toBeLessThanOrEqual(25_000);
  });

  it('makes an endpoint ill with one thing at a time', () => {
    for (const { endpoints } of planFaults(long).rounds)
      for (const endpoint of [0, 1] as const) {
        let freeMs = 0;
        for (const { at, startMs, durationMs } of endpoints) {
          if (!at.includes(endpoint)) continue;
          expect(startMs).toBeGreaterThanOrEqual(freeMs);
          freeMs = startMs + durationMs;
        }
      }
  });

  it('leaves out what only a sweep could mend, and restarts of the server, where they are not wanted', () => {
    expect(countByKind(planFaults({ ...long, sweep: false })).has('empty logs')).toBe(false);
    expect(countByKind(planFaults({ ...long, appRestarts: false })).has('server restarted')).toBe(false);
  });
});
