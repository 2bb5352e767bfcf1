import type { Observation, RunHeader } from '../src/index.js';
import { SCHEMA_VERSION } from '../src/index.js';

export const HEADER: RunHeader = {
  type: 'run',
  schema: SCHEMA_VERSION,
  suite: 'quick',
  seed: 1,
  commit: 'abc+',
  startedAt: '2026-01-01T00:00:00.000Z',
  plan: 'digest',
  host: { platform: 'linux', arch: 'x64', cpu: 'some', cpus: 2, memoryBytes: 1 << 30 },
  runtime: { node: '24.0.0', v8: '13', flags: [] },
  cores: [{ id: 'native', title: 'Native', exemplar: 'the machine', mechanism: 'It runs.', executor: 'interpreter' }],
  workloads: [{ id: 'noop', why: 'the harness itself', image: 'noop.elf', sha256: '00', checksum: '00000001' }],
};

export function observation(process: number): Observation {
  return {
    type: 'observation',
    core: 'native',
    workload: 'noop',
    process,
    outcome: 'ok',
    detail: '',
    checksum: '00000001',
    retired: 100 + process,
    counts: { retired: 100, 'exception.14': 2 },
    region: { retired: 50 },
    milliseconds: { load: 1.5, run: 2, region: 0.25 },
    samples: [2, 1.5],
    fingerprint: 'registers=00 memory=11',
  };
}

export const journalText = (...lines: readonly unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
