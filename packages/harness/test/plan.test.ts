import { beforeEach, describe, expect, it } from 'vitest';
import { discoverWorkloads, makePlan, missingCells, suiteSchema } from '../src/index.js';
import type { PlanOverrides, Suite, Workload } from '../src/index.js';
import { addWorkload, scratchFolder } from './fixtures/scratch.js';

const CORES = ['native', 'emulation', 'v386'];
let workloads: readonly Workload[] = [];

beforeEach(() => {
  const folder = scratchFolder();
  addWorkload(folder, 'noop', { scale: undefined });
  addWorkload(folder, 'sieve');
  addWorkload(folder, 'syscalls');
  workloads = discoverWorkloads(folder);
});

function suite(fields: Readonly<Record<string, unknown>> = {}): Suite {
  const good = { id: 's', title: 'S', cores: CORES, workloads: [{ id: 'noop' }, { id: 'sieve', scale: 3 }], repeat: 4, budget: 1e6, samples: 0 };
  return suiteSchema.parse({ ...good, ...fields });
}

const plan = (overrides: Partial<PlanOverrides> = {}, fields = {}): ReturnType<typeof makePlan> => makePlan(suite(fields), { seed: 1, ...overrides }, CORES, workloads);

describe('a workload that something is missing for', () => {
  beforeEach(() => {
    workloads = workloads.map((workload) => (workload.id === 'sieve' ? { ...workload, missing: { what: 'its program is not here', remedy: 'fetch it' } } : workload));
  });
  it('is skipped with the reason where a suite names it', () => {
    const { workloads: planned, skipped, cells } = plan();
    expect(planned.map(({ workload }) => workload.id)).toEqual(['noop']);
    expect(skipped).toEqual([{ id: 'sieve', reason: 'its program is not here; fetch it' }]);
    expect(cells).toHaveLength(12);
  });
  it('is refused where the command line names it, and where nothing else is left', () => {
    expect(() => plan({ workloads: ['noop', 'sieve'] })).toThrow('workload sieve cannot be run: its program is not here; fetch it');
    expect(() => plan({}, { workloads: [{ id: 'sieve' }] })).toThrow('cannot be run');
  });
});

describe('makePlan', () => {
  it('has each cell once, whole repetitions one after the other', () => {
    const { cells } = plan();
    expect(new Set(cells.map((cell) => JSON.stringify(cell))).size).toBe(24);
    expect(cells.map((cell) => cell.process)).toEqual([0, 1, 2, 3].flatMap((process) => Array.from({ length: 6 }, () => process)));
  });

  it('orders by the seed, and otherwise in the same way', () => {
    expect(plan().cells).toEqual(plan().cells);
    expect(plan({ seed: 2 }).cells).not.toEqual(plan().cells);
    const orders = [0, 1, 2, 3].map((process) => JSON.stringify(plan().cells.filter((cell) => cell.process === process).map(({ core, workload }) => [core, workload])));
    expect(new Set(orders).size).toBeGreaterThan(1);
  });

  it('takes scales from the suite, else from the workload', () => {
    expect(plan({ workloads: ['noop', 'sieve', 'syscalls'] }).workloads.map((planned) => planned.scale)).toEqual([undefined, 3, 7]);
  });

  it('has another digest whenever what is measured differs', () => {
    const changed = [{ seed: 2 }, { cores: ['native'] }, { workloads: ['noop'] }, { repeat: 3 }, { budget: 5 }, { samples: 1 }, { executor: 'interpreter' }].map((overrides) => plan(overrides).digest);
    const scaled = plan({}, { workloads: [{ id: 'noop' }, { id: 'sieve', scale: 4 }] }).digest;
    const memory = plan({}, { memoryMiB: 16 }).digest;
    expect(new Set([plan().digest, scaled, memory, ...changed]).size).toBe(changed.length + 3);
    workloads = workloads.map((workload) => ({ ...workload, sha256: '0'.repeat(64) }));
    expect([scaled, memory, ...changed]).not.toContain(plan().digest);
  });

  it('is dealt out to shards that together are the plan, without splitting a repetition', () => {
    for (const count of [1, 2, 3, 5, 50]) {
      const shards = Array.from({ length: count }, (_, index) => plan({ shard: { index: index + 1, count } }));
      const all = shards.flatMap((shard) => shard.cells);
      expect(all).toHaveLength(24);
      expect(new Set(all.map((cell) => JSON.stringify(cell)))).toEqual(new Set(plan().cells.map((cell) => JSON.stringify(cell))));
      expect(new Set(shards.map((shard) => shard.digest))).toEqual(new Set([plan().digest]));
      for (const { cells } of shards) {
        for (const { workload, process } of cells) expect(cells.filter((cell) => cell.workload === workload && cell.process === process)).toHaveLength(CORES.length);
      }
    }
  });

  it('takes cores under settings, and names them in one way', () => {
    const { cores, cells, digest } = plan({ cores: ['v386', 'v386:b=2:a=1'], workloads: ['noop'], repeat: 1 });
    expect(cores).toEqual(['v386', 'v386:a=1:b=2']);
    expect(cells.map(({ core }) => core).toSorted()).toEqual(cores);
    expect(plan({ cores: ['v386', 'v386:a=1:b=2'], workloads: ['noop'], repeat: 1 }).digest).toBe(digest);
    expect(plan({ cores: ['v386', 'v386:a=1:b=3'], workloads: ['noop'], repeat: 1 }).digest).not.toBe(digest);
    expect(missingCells({ ...plan(), cells }, [{ core: 'v386', workload: 'noop', process: 0 }]).map(({ core }) => core)).toEqual(['v386:a=1:b=2']);
  });

  it.each([
    [{ cores: ['v386:a=1:b=2', 'v386:b=2:a=1'] }, 'the plan has v386:a=1:b=2 twice; name it once'],
    [{ cores: ['v387:a=1'] }, 'unknown core "v387" in --core; did you mean "v386"?'],
    [{ cores: ['v386:a'] }, 'the settings of "v386:a" in --core are malformed; write v386:name=value, each setting once'],
    [{ cores: ['natve'] }, 'unknown core "natve" in --core; did you mean "native"?'],
    [{ workloads: ['seive'] }, 'unknown workload "seive" in --workload; did you mean "sieve"?'],
    [{ workloads: ['zzzzzzzzz'] }, 'unknown workload "zzzzzzzzz" in --workload; choose from noop, sieve, syscalls'],
    [{ repeat: 1000, cores: Array.from({ length: 100 }, () => 'native') }, 'the plan has 200000 cells, more than 100000; choose fewer cores, workloads or repetitions'],
  ])('refuses %j', (overrides, message) => {
    expect(() => plan(overrides)).toThrow(message);
  });

  it('takes "all" for every core that there is, beside cores under settings', () => {
    expect(plan({}, { cores: ['all'] }).cores).toEqual(CORES);
    expect(plan({ cores: ['all', 'v386:a=1'] }).cores).toEqual([...CORES, 'v386:a=1']);
    expect(() => plan({ cores: ['all', 'v386'] })).toThrow('the plan has v386 twice');
  });

  it('refuses a suite with an unknown core, or a scale for a workload that has none', () => {
    expect(() => plan({}, { cores: ['v387'] })).toThrow('unknown core "v387" in suite s; did you mean "v386"?');
    expect(() => plan({}, { workloads: [{ id: 'noop', scale: 2 }] })).toThrow('gives workload noop a scale');
  });
});

describe('missingCells', () => {
  it('keeps the order of the plan', () => {
    const whole = plan();
    expect(missingCells(whole, [])).toEqual(whole.cells);
    expect(missingCells(whole, whole.cells.slice(0, 5))).toEqual(whole.cells.slice(5));
    expect(missingCells(whole, whole.cells)).toEqual([]);
  });
});
