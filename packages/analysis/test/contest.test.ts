import { describe, expect, it } from 'vitest';
import { PROPOSAL, RIVAL, contestsOf, standingFor, summarize } from '../src/index.js';
import type { Run } from '../src/index.js';
import { publishedProfile, syntheticRun } from './support/synthetic-run.js';

const pentium4 = publishedProfile('pentium4');
const quick = { draws: 20, resamples: 20 };
const run = syntheticRun({ processes: 1, userMode: true });
const summaryOf = (of: Run) => summarize(of, pentium4, quick);
const summary = summaryOf(run);

describe('standingFor', () => {
  it('finds the configurations of a system by what their core says it stands for', () => {
    expect(standingFor(summary, PROPOSAL)).toEqual(['v386']);
    expect(standingFor(summary, RIVAL)).toEqual(['uml', 'uml:arrangement=tt']);
    expect(standingFor(summary, 'User-Mode')).toEqual([]);
  });
});

describe('contestsOf', () => {
  const [standard, tracing] = contestsOf(summary);

  it('has one contest for each arrangement, over the workloads that both completed', () => {
    expect([standard?.rival, tracing?.rival]).toEqual(['uml', 'uml:arrangement=tt']);
    const workloads = standard?.bouts.map(({ workload }) => workload) ?? [];
    expect(workloads).toContain('null-syscall');
    for (const refused of ['noop', 'coremark', 'port-io']) expect(workloads).not.toContain(refused);
  });

  it('agrees with the ratios to the baseline at the default prices', () => {
    const over = (core: string) => summary.cells.find((cell) => cell.core === core && cell.workload === 'null-syscall')?.ratio?.default ?? Number.NaN;
    const bout = standard?.bouts.find(({ workload }) => workload === 'null-syscall');
    expect(bout?.ratio.default).toBeCloseTo(over('uml') / over('v386'), 10);
    expect(bout?.ratio.low).toBeLessThan(bout?.ratio.default ?? 0);
    expect(bout?.ratio.high).toBeGreaterThan(bout?.ratio.default ?? 0);
  });

  it('sums up: a geometric mean, and how often the rival is dearer', () => {
    const defaults = standard?.bouts.map(({ ratio }) => ratio.default) ?? [];
    expect(standard?.mean).toBeCloseTo(defaults.reduce((product, ratio) => product * ratio, 1) ** (1 / defaults.length), 10);
    expect(standard?.dearer).toBe(defaults.filter((ratio) => ratio > 1).length);
    expect(standard?.certainlyDearer).toBe(standard?.bouts.filter(({ ratio }) => ratio.low > 1).length);
    expect(tracing?.mean).toBeGreaterThan(standard?.mean ?? Number.NaN);
  });

  it('is empty where one of the two is missing or has no result', () => {
    expect(contestsOf(summaryOf(syntheticRun({ processes: 1 })))).toEqual([]);
    expect(contestsOf(summaryOf({ ...run, observations: run.observations.filter(({ core }) => core !== 'v386') }))).toEqual([]);
    expect(contestsOf(summaryOf({ ...run, header: { ...run.header, cores: run.header.cores.filter(({ id }) => id !== 'v386') } }))).toEqual([]);
  });
});
