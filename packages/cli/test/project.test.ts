import { join } from 'node:path';
import { assembleGuest, discoverWorkloads, listSuites, loadSuite, makePlan, recipeFor } from '@ringbench/harness';
import { describe, expect, it } from 'vitest';
import { DEFAULT_PROFILE, listProfiles, loadProfile } from '../src/profiles.js';
import { registry } from '../src/registry.js';

const ROOT = join(import.meta.dirname, '../../..');
const SUITES = join(ROOT, 'benchmarks/suites');
const PROFILES = join(ROOT, 'benchmarks/profiles');
const workloads = discoverWorkloads(join(ROOT, 'workloads'));

describe('the project', () => {
  it.each(registry.ids)('has the core %s that the registry names', async (id) => {
    const core = await registry.load(id);
    expect(core.id).toBe(id);
    expect(core.mechanism).not.toBe('');
  });

  it('has the baseline first', () => {
    expect(registry.ids[0]).toBe('native');
  });

  it.each(listSuites(SUITES))('has a suite %s whose cores and workloads exist', (id) => {
    const suite = loadSuite(SUITES, id);
    expect(suite.id).toBe(id);
    expect(makePlan(suite, { seed: 1 }, registry.ids, workloads).cells.length).toBeGreaterThan(0);
  });

  it.each(workloads.map((workload) => workload.id))('has all that workload %s consists of, or says what is missing', (id) => {
    const workload = workloads.find((candidate) => candidate.id === id);
    if (workload === undefined) throw new Error('lost');
    if (workload.missing === undefined) expect(assembleGuest(id, recipeFor(workload, workload.scale?.default)).image.bytes.length).toBeGreaterThan(0);
    else expect(workload.missing.remedy).toMatch(/node scripts/);
  });

  it.each(listProfiles(PROFILES))('has a profile %s', (id) => {
    expect(loadProfile(PROFILES, id).id).toBe(id);
    expect(listProfiles(PROFILES)).toContain(DEFAULT_PROFILE);
  });
});
