import { describe, expect, it } from 'vitest';
import { RegionRecorder, subtractCounts } from '../src/marker.js';

const START = 1;
const STOP = 2;

describe('RegionRecorder', () => {
  const recorder = (): { counts: Record<string, number>; clock: { now: number }; recorder: RegionRecorder } => {
    const counts: Record<string, number> = {};
    const clock = { now: 0 };
    return { counts, clock, recorder: new RegionRecorder(() => ({ ...counts }), () => clock.now) };
  };

  it('is the difference of counts and time between start and stop', () => {
    const { counts, clock, recorder: region } = recorder();
    Object.assign(counts, { retired: 10, walks: 3 });
    clock.now = 100;
    region.mark(START);
    expect(region.region).toBeUndefined();
    Object.assign(counts, { retired: 25, faults: 2 });
    clock.now = 107.5;
    region.mark(STOP);
    expect(region.region).toEqual({ counts: { retired: 15, faults: 2 }, milliseconds: 7.5 });
  });
  it('keeps the last complete region; a stop without a start and other values mean nothing', () => {
    const { counts, recorder: region } = recorder();
    for (const value of [STOP, 0, 3, 255]) region.mark(value);
    expect(region.region).toBeUndefined();
    counts['retired'] = 1;
    region.mark(START);
    counts['retired'] = 4;
    region.mark(START);
    counts['retired'] = 5;
    region.mark(STOP);
    counts['retired'] = 9;
    region.mark(STOP);
    region.mark(START);
    expect(region.region?.counts).toEqual({ retired: 1 });
  });
});

it('subtractCounts leaves out what did not change', () => {
  expect(subtractCounts({ a: 5, b: 2, c: 1 }, { a: 5, b: 1 })).toEqual({ b: 1, c: 1 });
});
