import { observationSchema } from '@ringbench/journal';
import type { Observation } from '@ringbench/journal';
import { describe, expect, it } from 'vitest';
import { canonicalCounts, measureCell } from '../src/measure.js';
import type { CellRequest } from '../src/cell.js';
import type { Guest, GuestRecipe } from '../src/guest.js';
import { answerFor, fakeCore } from './fixtures/fake-cores.js';

const GUEST: Guest = { image: { name: 'sieve', format: 'multiboot', bytes: new Uint8Array(), commandLine: 'scale=7' }, disks: [] };

function request(core: string, fields: Partial<CellRequest> = {}): CellRequest {
  const cell = { core, workload: 'sieve', process: 2, guest: { kind: 'bare', image: { path: '', sha256: '' }, commandLine: 'scale=7' } as const, checksum: answerFor(7), status: 0 };
  return { ...cell, budget: 1e6, samples: 0, memoryBytes: 1 << 20, executor: 'interpreter', parent: process.pid, ...fields };
}

/** A clock that advances by one millisecond with each look. */
function ticking(): () => number {
  let now = 0;
  return () => (now += 1);
}

const measure = (core: string, fields: Partial<CellRequest> = {}): Promise<Observation> => measureCell(fakeCore(core), request(core, fields), GUEST, ticking());

describe('measureCell', () => {
  it('has the core take the settings of its name and the executor of the request', async () => {
    const steady = fakeCore('steady');
    const taken: unknown[] = [];
    const core = { ...steady, create: (options: Parameters<typeof steady.create>[0]) => (taken.push(options.settings), steady.create(options)) };
    await measureCell(core, request('steady:writes=4'), GUEST, ticking());
    expect(taken).toEqual([{ writes: '4', executor: 'interpreter' }]);
  });

  it('records everything about a good run', async () => {
    const observation = await measure('steady');
    expect(observationSchema.parse(observation)).toEqual(observation);
    expect(observation).toEqual({
      type: 'observation', core: 'steady', workload: 'sieve', process: 2, outcome: 'ok', detail: '', checksum: answerFor(7), retired: 8000,
      counts: { direct: 8000, 'port.write': 3, retired: 8000 },
      region: { direct: 8000, 'port.write': 3, retired: 8000 },
      milliseconds: { load: 1, run: 1, region: 1 }, samples: [], fingerprint: expect.stringMatching(/^registers=[0-9a-f]{16} memory=feedface$/),
    });
  });

  it('takes the region that the guest marked', async () => {
    expect(await measure('twin')).toMatchObject({ region: { direct: 7500 }, milliseconds: { region: 0.5 } });
  });

  it.each([
    ['wrong-answer', 'wrong-checksum', `deadbeef instead of ${answerFor(7)}`],
    ['mute', 'wrong-checksum', 'printed no "END sum=" line'],
    ['bad-status', 'wrong-status', 'status 9 instead of 0'],
    ['out-of-budget', 'budget', '1000000 instructions'],
    ['halted', 'halted', 'halted'],
    ['triple-fault', 'shutdown', 'eip fff0: no IDT'],
    ['refused', 'refused', 'not this guest'],
    ['bad-image', 'refused', 'no Multiboot header'],
  ])('%s ends as %s', async (core, outcome, words) => {
    const observation = await measure(core, { samples: 3 });
    expect(observation).toMatchObject({ outcome, detail: expect.stringContaining(words), samples: [] });
    expect(observationSchema.safeParse(observation).success).toBe(true);
  });

  it('takes any answer where none is on record, but not none', async () => {
    expect(await measure('wrong-answer', { checksum: null })).toMatchObject({ outcome: 'ok', checksum: 'deadbeef' });
    expect(await measure('mute', { checksum: null })).toMatchObject({ outcome: 'wrong-checksum' });
  });

  it('hears the last word of a guest that talks without end', async () => {
    expect(await measure('chatty')).toMatchObject({ outcome: 'ok', checksum: answerFor(7) });
  });

  it('records samples in the order measured', async () => {
    let now = 0;
    let step = 64;
    const slowing = (): number => (now += step--);
    const { samples } = await measureCell(fakeCore('steady'), request('steady', { samples: 10 }), GUEST, slowing);
    expect(samples).toHaveLength(10);
    expect(samples).toEqual(samples.toSorted((a, b) => b - a));
    expect(new Set(samples).size).toBe(10);
  });

  it('does not hide that a core counts differently within a process', async () => {
    await expect(measure('restless', { samples: 2 })).rejects.toThrow('in-process run 1 counted other events');
  });

  it('lets what a core throws through: it is a bug', async () => {
    await expect(measure('throw')).rejects.toThrow('a bug');
  });
});

describe('canonicalCounts', () => {
  it('makes equal counts equal bytes', () => {
    expect(JSON.stringify(canonicalCounts({ b: 1, a: 2, c: 0 }))).toBe('{"a":2,"b":1}');
  });
});

describe('a program that does not end well', () => {
  const nowhere = { path: '', sha256: '' };
  const guest: GuestRecipe = { kind: 'program', kernel: nowhere, program: nowhere, name: 'x', arguments: [], files: [], hasDisk: false };
  it('says why it skips itself', async () => {
    expect(await measure('skipping', { guest })).toMatchObject({ outcome: 'refused', detail: 'SKIP no such device' });
    expect(await measure('skipping')).toMatchObject({ outcome: 'wrong-status' });
  });
  it('is quoted with its last words', async () => {
    expect(await measure('complaining', { guest })).toMatchObject({ outcome: 'wrong-status', detail: 'the guest ended with status 511 instead of 0: PANIC: ?[0m lost' });
  });
});
