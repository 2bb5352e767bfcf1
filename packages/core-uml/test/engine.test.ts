import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GuestImage } from '@ringbench/engine';
import { describe, expect, it } from 'vitest';
import { core } from '../src/index.js';
import { kernelImage, runBytes } from './support/run.js';
import { touchProgram } from './support/touch-program.js';

const MEMORY_BYTES = 16 << 20;
const NOOP = join(import.meta.dirname, '../../../workloads/noop/image.elf');
const imageOf = (bytes: Uint8Array): GuestImage => ({ name: 'x', format: 'multiboot', bytes });

function exitOf(image: GuestImage): unknown {
  const engine = core.create({ memoryBytes: MEMORY_BYTES });
  const loaded = engine.load(image);
  return loaded.ok ? engine.run(10_000_000) : loaded.problem;
}

describe('who is refused', () => {
  it.each([['a bare guest', readFileSync(NOOP)], ['the kernel for a PC', kernelImage('')], ['the kernel for the paravirtual machine', kernelImage('-paravirt')]])('%s, with the reason', (_name, bytes) => {
    expect(exitOf(imageOf(bytes))).toEqual({ kind: 'refused', reason: expect.stringContaining('not ported') as string });
  });
  it('firmware and disks', () => {
    expect(exitOf({ name: 'x', format: 'disk', bytes: new Uint8Array(512) })).toMatchObject({ kind: 'refused' });
  });
  it('a file that is no program: it cannot be loaded', () => {
    expect(exitOf(imageOf(kernelImage().subarray(0, 200)))).toContain('cannot be started');
  });
});

describe('what goes wrong in a guest is an end of it', () => {
  it('a kernel that cannot begin says so', () => {
    const { exit, said } = runBytes('x', touchProgram(1), [], {}, { memoryBytes: 64 << 10 });
    expect(exit).toMatchObject({ kind: 'power-off' });
    expect(said).not.toBe('');
  });
  it('a program that is killed takes init\'s part, and its status is the guest\'s', () => {
    // Its code is not readable as instructions: UD2.
    const bytes = touchProgram(1);
    bytes.set([0x0f, 0x0b], 84);
    expect(runBytes('x', bytes, []).exit).toEqual({ kind: 'power-off', status: 128 + 4 });
  });
});

describe('resource control', () => {
  it('a neighbour\'s pages stay as they are, and the guest does not notice', () => {
    const alone = runBytes('touch', touchProgram(64), []);
    const beside = runBytes('touch', touchProgram(64), [], {}, { neighbourPages: 256 });
    expect(beside.neighbourChanges).toEqual([]);
    expect([beside.exit, beside.retired, beside.fingerprint]).toEqual([alone.exit, alone.retired, alone.fingerprint]);
  });
});
