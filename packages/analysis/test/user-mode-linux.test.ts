import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MEASURED_RATIOS, costsOf, shapeOf, summarize } from '../src/index.js';
import { publishedProfile, syntheticRun } from './support/synthetic-run.js';

const quick = { draws: 20, resamples: 20 };
const run = syntheticRun({ processes: 1, userMode: true });

describe('the measured ratios', () => {
  it.each(MEASURED_RATIOS)('$workload is a workload of the project and within its own range', ({ workload, low, middle, high }) => {
    expect(existsSync(new URL(`../../../workloads/user/${workload}/program.json`, import.meta.url))).toBe(true);
    expect(low).toBeLessThanOrEqual(middle);
    expect(middle).toBeLessThanOrEqual(high);
  });

  it.each(['pentium4', 'i386'])('set no price of %s', (id) => {
    for (const { cost } of costsOf(publishedProfile(id))) expect(cost.source).not.toMatch(/6\.1|2\.6 GHz|2\.596|measured for this project/);
  });
});

describe('shapeOf', () => {
  const profile = publishedProfile('pentium4');
  const summary = summarize(run, profile, quick);

  it('sets the default arrangement beside what was measured, in its order', () => {
    const shape = shapeOf(summary);
    expect(shape?.rival).toBe('uml');
    expect(shape?.points.map(({ measured }) => measured.workload)).toEqual(['null-syscall', 'stat', 'signal-deliver', 'page-touch', 'memcpy']);
    const cell = summary.cells.find(({ core, workload }) => core === 'uml' && workload === 'stat');
    expect(shape?.points[1]?.modelled).toEqual(cell?.ratio);
  });

  it('correlates ranks: by hand from the two orders', () => {
    const points = shapeOf(summary)?.points ?? [];
    const rankIn = (values: readonly number[], value: number) => values.filter((other) => other < value).length;
    const ranks = (pick: (point: (typeof points)[number]) => number) => points.map((point) => rankIn(points.map(pick), pick(point)));
    const [ours, theirs] = [ranks(({ modelled }) => modelled.default), ranks(({ measured }) => measured.middle)];
    const squares = ours.reduce((sum, rank, index) => sum + (rank - (theirs[index] ?? 0)) ** 2, 0);
    expect(shapeOf(summary)?.rankCorrelation).toBeCloseTo(1 - (6 * squares) / (points.length * (points.length ** 2 - 1)), 10);
  });

  it('has no correlation of too few points, and nothing to say without the core or its results', () => {
    const fewer = { ...run, observations: run.observations.filter(({ workload }) => workload !== 'memcpy') };
    expect(shapeOf(summarize(fewer, profile, quick))).toMatchObject({ rankCorrelation: undefined });
    expect(shapeOf(summarize(syntheticRun({ processes: 1 }), profile, quick))).toBeUndefined();
    expect(shapeOf(summarize({ ...run, observations: run.observations.filter(({ core }) => core === 'native') }, profile, quick))).toBeUndefined();
  });
});
