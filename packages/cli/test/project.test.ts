import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { discoverWorkloads, listSuites, loadSuite, makePlan, readImage } from '@ringbench/harness';
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

  it.each(workloads.map((workload) => workload.id))('has the image of workload %s', (id) => {
    const workload = workloads.find((candidate) => candidate.id === id);
    expect(workload !== undefined && existsSync(workload.imagePath)).toBe(true);
    if (workload !== undefined) expect(readImage(workload).length).toBeGreaterThan(0);
  });

  it.each(listProfiles(PROFILES))('has a profile %s', (id) => {
    expect(loadProfile(PROFILES, id).id).toBe(id);
    expect(listProfiles(PROFILES)).toContain(DEFAULT_PROFILE);
  });
});
