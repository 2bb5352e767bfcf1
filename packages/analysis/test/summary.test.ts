import { describe, expect, it } from 'vitest';
import { compareRuns, summarize } from '../src/index.js';
import type { Run, RunSummary } from '../src/index.js';
import { publishedProfile, syntheticRun } from './support/synthetic-run.js';

const pentium4 = publishedProfile('pentium4');
const quick = { draws: 200, resamples: 200 };
const run = syntheticRun();
const summary = summarize(run, pentium4, quick);

function cellOf(from: RunSummary, core: string, workload: string) {
  const cell = from.cells.find((candidate) => candidate.core === core && candidate.workload === workload);
  if (cell === undefined) throw new Error(`no cell ${core}/${workload}`);
  return cell;
}

function changed(change: (observation: Run['observations'][number]) => Run['observations'][number]): Run {
  return { ...run, observations: run.observations.map(change) };
}

describe('summarize', () => {
  it('has a cell for each core and workload of the header', () => {
    expect(summary.cells).toHaveLength(21);
    expect(
      summary.cells.every((cell) => cell.outcome === 'ok' && cell.countsAgree && cell.equivalent === true && cell.processes === 10),
    ).toBe(true);
    expect(summary.cells.flatMap((cell) => cell.unpriced)).toEqual([]);
  });

  it('compares modelled cycles and host time with the baseline', () => {
    expect(cellOf(summary, 'native', 'coremark').ratio).toEqual({ low: 1, default: 1, high: 1 });
    const emulated = cellOf(summary, 'emulation', 'coremark');
    expect(emulated.ratio?.default).toBeGreaterThan(200);
    expect(emulated.directShare).toBe(0);
    const io = cellOf(summary, 'v386', 'port-io');
    expect(io.parts[0]).toMatchObject({ event: 'v386.exit.io', cost: 'v386.exit.*' });
    expect(io.ratio?.low).toBeLessThan(1);
    expect(io.ratio?.high).toBeGreaterThan(1);
    expect(cellOf(summary, 'v386', 'coremark').wallRatio?.estimate).toBeCloseTo(1.15, 1);
  });

  it('takes geometric means over ratios, without the workload that measures the harness', () => {
    const v386 = summary.cores.find(({ core }) => core === 'v386');
    expect(v386?.workloads).not.toContain('noop');
    const ratios = (v386?.workloads ?? []).map((workload) => cellOf(summary, 'v386', workload).ratio?.default ?? 0);
    expect(v386?.modelled).toBeCloseTo(ratios.reduce((product, ratio) => product * ratio, 1) ** (1 / ratios.length), 10);
    expect(v386?.wall?.estimate).toBeCloseTo(1.15, 1);
  });

  it('ranks, prices the break-even and names the swings', () => {
    expect(summary.ranking?.order.at(-1)).toBe('emulation');
    expect(summary.rankedWorkloads).toHaveLength(6);
    const exit = summary.breakEvens.find((entry) => entry.core === 'v386' && entry.other === 'native' && entry.workload === 'port-io');
    expect(exit?.cost).toBe('v386.exit.*');
    expect(exit?.price).toBeGreaterThan(2000);
    expect(summary.cores.find(({ core }) => core === 'emulation')?.swings[0]?.cost).toMatch(/emulated|direct/);
  });

  it('is deterministic', () => {
    expect(summarize(run, pentium4, quick)).toEqual(summary);
  });

  it('reports a failed cell as an error, never as a slow result', () => {
    const failed = summarize(
      changed((one) =>
        one.core === 'v386' && one.workload === 'sensitive' && one.process === 3
          ? { ...one, outcome: 'wrong-checksum', detail: 'got 1, expected 2' }
          : one,
      ),
      pentium4,
      quick,
    );
    expect(cellOf(failed, 'v386', 'sensitive')).toMatchObject({
      outcome: 'wrong-checksum',
      detail: 'got 1, expected 2',
      ratio: undefined,
      cycles: undefined,
      milliseconds: undefined,
      parts: [],
    });
    expect(failed.rankedWorkloads).not.toContain('sensitive');
    expect(failed.cores.find(({ core }) => core === 'v386')?.workloads).not.toContain('sensitive');
  });

  it('has no ratio where the baseline failed or was not measured', () => {
    const partial = summarize(
      { ...run, observations: run.observations.filter(({ core, workload }) => !(core === 'native' && workload === 'port-io')) },
      pentium4,
      quick,
    );
    expect(cellOf(partial, 'native', 'port-io').outcome).toBe('missing');
    expect(cellOf(partial, 'v386', 'port-io')).toMatchObject({
      outcome: 'ok',
      ratio: undefined,
      wallRatio: undefined,
      equivalent: undefined,
    });
  });

  it("notices counts that differ between processes and a final state that is not the baseline's", () => {
    const odd = summarize(
      changed((one) =>
        one.core === 'v386' && one.workload === 'coremark'
          ? { ...one, fingerprint: 'other', region: { ...one.region, retired: one.process } }
          : one,
      ),
      pentium4,
      quick,
    );
    expect(cellOf(odd, 'v386', 'coremark')).toMatchObject({ countsAgree: false, equivalent: false });
  });

  it('is not misled by events named like properties of every object', () => {
    const odd = changed((one) => (one.core === 'v386' && one.process === 0 ? { ...one, region: { ...one.region, constructor: 1 } } : one));
    const cell = cellOf(summarize(odd, pentium4, quick), 'v386', 'coremark');
    expect(cell).toMatchObject({ countsAgree: false, unpriced: ['constructor'] });
    expect(compareRuns(odd, run, { resamples: 50 }).flatMap(({ changes }) => changes)[0]).toEqual({
      event: 'constructor',
      before: 1,
      after: 0,
    });
  });

  it('stands on its feet with nothing measured, and without a host clock', () => {
    const empty = summarize({ ...run, observations: [] }, pentium4, quick);
    expect(empty.ranking).toBeUndefined();
    expect(empty.cells.every(({ outcome }) => outcome === 'missing')).toBe(true);
    const clockless = summarize(
      changed((one) => ({ ...one, milliseconds: { load: 0, run: 0, region: 0 } })),
      pentium4,
      quick,
    );
    expect(cellOf(clockless, 'v386', 'coremark')).toMatchObject({ milliseconds: undefined, wallRatio: undefined });
  });
});

describe('the verdict on wall-clock time', () => {
  const verdictOf = (executors: Readonly<Record<string, string>>) => summarize(syntheticRun({ executors, processes: 3 }), pentium4, quick).wallClock;
  const everyCore = (executor: string) => Object.fromEntries(run.header.cores.map(({ id }) => [id, executor]));

  it('says next to nothing about techniques where all of them are interpreted', () => {
    expect(summary.wallClock).toMatchObject({ executorsDiffer: false, statement: expect.stringContaining('next to nothing about the techniques') });
  });

  it('is what a technique adds where all of them are translated', () => {
    const verdict = verdictOf(everyCore('translator'));
    expect(verdict).toMatchObject({ executorsDiffer: false, statement: expect.stringContaining('what a technique adds in this laboratory') });
    expect(verdict.statement).not.toContain('next to nothing');
  });

  it('names the executors where they differ', () => {
    const verdict = verdictOf({ ...everyCore('translator'), emulation: 'interpreter' });
    expect(verdict).toMatchObject({ executorsDiffer: true, statement: expect.stringContaining('emulation on the interpreter') });
    expect(verdict.statement).toContain('Among cores on one executor');
  });

  it('never passes for the time on silicon', () => {
    for (const verdict of [summary.wallClock, verdictOf(everyCore('translator')), verdictOf({ native: 'translator' })]) expect(verdict.statement).toContain('not the time that a technique would take on silicon');
  });
});

describe('compareRuns', () => {
  it('finds nothing between a run and itself', () => {
    const cells = compareRuns(run, run, { resamples: 200 });
    expect(cells.every(({ changes, timeChanged }) => changes.length === 0 && !timeChanged)).toBe(true);
    expect(cells[0]?.wallRatio?.estimate).toBe(1);
  });

  it('finds a changed count and a changed time', () => {
    const slower = changed((one) =>
      one.core === 'v386' && one.workload === 'coremark'
        ? {
            ...one,
            region: { ...one.region, 'v386.exit.io': 7 },
            milliseconds: { ...one.milliseconds, region: one.milliseconds.region * 1.5 },
          }
        : one,
    );
    const cells = compareRuns(run, slower, { resamples: 200 }).filter(({ changes, timeChanged }) => changes.length > 0 || timeChanged);
    expect(cells).toHaveLength(1);
    expect(cells[0]).toMatchObject({
      core: 'v386',
      workload: 'coremark',
      timeChanged: true,
      changes: [{ event: 'v386.exit.io', before: 240, after: 7 }],
    });
  });
});
