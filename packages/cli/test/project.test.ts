import { join } from 'node:path';
import { pricingOf, unknownEvents } from '@ringbench/analysis';
import type { CoreDefinition } from '@ringbench/engine';
import { SILICON_EVENTS } from '@ringbench/isa';
import { assembleGuest, discoverWorkloads, listSuites, loadSuite, makePlan, recipeFor } from '@ringbench/harness';
import { describe, expect, it } from 'vitest';
import { DEFAULT_PROFILE } from '../src/default-profile.js';
import { listProfiles, loadProfile } from '../src/profiles.js';
import { registry } from '../src/registry.js';

const ROOT = join(import.meta.dirname, '../../..');
const SUITES = join(ROOT, 'benchmarks/suites');
const PROFILES = join(ROOT, 'benchmarks/profiles');
const workloads = discoverWorkloads(join(ROOT, 'workloads'));
const WORKLOAD_MEMORY = 64 << 20;
const A_FEW_INSTRUCTIONS = 100_000;
const EVENTFUL: readonly string[] = ['page-table-storm', 'port-io', 'v86-monitor'];
const SILICON: readonly string[] = SILICON_EVENTS.map(({ name }) => name);

/** Names of all that a core can count: the silicon's events and its own, of which `emulated.*` stands for the silicon's under that prefix. */
const countable = ({ events }: CoreDefinition): readonly string[] =>
  [...SILICON, ...events.flatMap(({ name }) => (name.endsWith('*') ? SILICON.map((silicon) => name.slice(0, -1) + silicon) : [name]))];

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

  it.each(registry.ids)('has a core %s that counts nothing but what it declares', async (id) => {
    const core = await registry.load(id);
    const known = new Set(countable(core));
    for (const workload of workloads.filter(({ id: name }) => EVENTFUL.includes(name))) {
      const engine = core.create({ memoryBytes: WORKLOAD_MEMORY });
      expect(engine.load(assembleGuest(workload.id, recipeFor(workload, workload.scale?.default, core.port)).image)).toEqual({ ok: true });
      engine.run(A_FEW_INSTRUCTIONS);
      expect(Object.keys(engine.counts()).filter((event) => !known.has(event)), workload.id).toEqual([]);
    }
  });

  it.each(listProfiles(PROFILES).flatMap((profile) => registry.ids.map((core) => [profile, core] as const)))(
    'has in profile %s a price for all that %s counts, or says why not', async (id, coreId) => {
      const profile = loadProfile(PROFILES, id);
      const core = await registry.load(coreId);
      const isInterpreted = !core.events.some(({ name }) => name === 'direct');
      expect(countable(core).filter((event) => pricingOf(profile, event, isInterpreted && event !== 'retired').kind === 'unknown')).toEqual([]);
    },
  );

  it.each(listProfiles(PROFILES))('counts each event that profile %s names', async (id) => {
    const cores = await Promise.all(registry.ids.map((core) => registry.load(core)));
    expect(unknownEvents(loadProfile(PROFILES, id), cores.flatMap(countable))).toEqual([]);
  });
});
