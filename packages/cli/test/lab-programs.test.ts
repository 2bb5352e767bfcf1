import { join } from 'node:path';
import { assembleGuest, discoverWorkloads, recipeFor } from '@ringbench/harness';
import { describe, expect, test } from 'vitest';
import { measureCell } from '../../harness/src/measure.js';
import { registry } from '../src/registry.js';

const workloads = discoverWorkloads(join(import.meta.dirname, '../../../workloads'));
const MEMORY = 64 << 20;
const BUDGET = 1e9;

/** Measures a workload as the measuring process does, in this one. */
async function measure(core: string, id: string, scale?: number): Promise<Awaited<ReturnType<typeof measureCell>>> {
  const workload = workloads.find((candidate) => candidate.id === id);
  if (workload?.scale === undefined) throw new Error(`no workload ${id} with a scale`);
  const definition = await registry.load(core);
  const guest = recipeFor(workload, scale ?? workload.scale.default, definition.port);
  const request = { core, workload: id, process: 0, guest, checksum: scale === undefined ? workload.checksum : null, status: 0, budget: BUDGET, samples: 0, memoryBytes: MEMORY, parent: process.pid };
  return measureCell(definition, request, assembleGuest(id, guest), () => 0);
}

describe('programs on the lab kernel', () => {
  test.each(['null-syscall', 'disk-read-4k', 'user-port-io', 'fork-exec'])('%s gives the answer of the host, and marks its region', async (id) => {
    const { outcome, detail, counts, region } = await measure(registry.ids[0], id);
    expect({ outcome, detail }).toEqual({ outcome: 'ok', detail: '' });
    expect(region['retired']).toBeLessThan(counts['retired'] ?? 0);
  });
  test('the scale is the number of units', async () => {
    const [one, ten] = [await measure(registry.ids[0], 'null-syscall', 10), await measure(registry.ids[0], 'null-syscall', 1010)];
    expect((ten.region['executed.int'] ?? 0) - (one.region['executed.int'] ?? 0)).toBe(1000);
  });
  test.each(registry.ids.filter((id) => !registry.pcIds.includes(id)))('%s runs the same programs on its own kernel, and refuses what is not ported', async (core) => {
    const [native, ported] = [await measure(registry.ids[0], 'pipe-round-trip', 50), await measure(core, 'pipe-round-trip', 50)];
    expect([ported.outcome, ported.checksum]).toEqual(['ok', native.checksum]);
    expect((await measure(core, 'port-io')).outcome).toBe('refused');
  });
  test('all cores agree on the checksum, the instructions and the final state', async () => {
    const found = [];
    for (const core of registry.pcIds) found.push(await measure(core, 'pipe-round-trip', 50));
    const said = found.map(({ outcome, checksum, retired, fingerprint }) => ({ outcome, checksum, retired, fingerprint }));
    expect(said).toEqual(said.map(() => said[0]));
    expect(said[0]?.outcome).toBe('ok');
  });
});
