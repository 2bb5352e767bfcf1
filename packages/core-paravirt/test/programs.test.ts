import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventCounts, Exit } from '@ringbench/engine';
import { blankDisk, labImage } from '@ringbench/lab-kernel';
import { describe, expect, it } from 'vitest';
import { core } from '../src/index.js';

const WORKLOADS = join(import.meta.dirname, '../../../workloads');
const MEMORY_BYTES = 64 << 20;
const BUDGET = 100_000_000;
/** One for each part of the port; `node scripts/prove-kernel.mjs --core native,paravirt` runs them all. */
const PROGRAMS = ['context-switch-8p-16k', 'cow-page', 'disk-read-4k', 'file-map-fault', 'fork-exec', 'pipe-round-trip', 'protection-fault', 'signal-deliver', 'timer-interrupt-load', 'fft'];

interface Manifest {
  readonly image: string;
  readonly expected: { readonly stdout: string };
  readonly scale: { readonly default: number };
}
interface Outcome {
  readonly exit: Exit;
  readonly output: string;
  readonly region: EventCounts;
  readonly manifest: Manifest;
}

function runProgram(id: string, { scale, settings = {} }: { readonly scale?: number; readonly settings?: Readonly<Record<string, string>> } = {}): Outcome {
  const folder = join(WORKLOADS, 'user', id);
  const manifest = JSON.parse(readFileSync(join(folder, 'program.json'), 'utf8')) as Manifest;
  const files = [{ kind: 'file', path: `bin/${id}`, bytes: readFileSync(join(folder, manifest.image)), executable: true }] as const;
  const guest = labImage(readFileSync(join(WORKLOADS, 'kernel/image-paravirt.elf')), {
    name: id, path: `/bin/${id}`, arguments: [String(scale ?? manifest.scale.default)], environment: [], connection: { kind: 'streams', input: 'empty' }, verbose: false, files,
  });
  if (!guest.ok) throw new Error(guest.problem);
  let output = '';
  const engine = core.create({
    memoryBytes: MEMORY_BYTES, disks: [blankDisk()], settings,
    onConsole: (byte, source) => { if (source === 'e9') output += String.fromCharCode(byte); },
  });
  expect(engine.load(guest.image)).toEqual({ ok: true });
  const exit = engine.run(BUDGET);
  return { exit, output, region: engine.region()?.counts ?? {}, manifest };
}

/** What one more unit of a program costs. */
function perUnit(id: string, event: string, [few, many]: readonly [number, number]): number {
  const [one, other] = [few, many].map((scale) => runProgram(id, { scale }).region[event] ?? 0);
  return ((other ?? 0) - (one ?? 0)) / (many - few);
}

describe('user programs on the port of the lab kernel', () => {
  it.each(PROGRAMS)('%s prints what it prints on Linux', (id) => {
    const { exit, output, manifest } = runProgram(id);
    expect({ exit, output }).toEqual({ exit: { kind: 'power-off', status: 0 }, output: manifest.expected.stdout });
  });
  it('are refused without a virtual MMU, with that reason', () => {
    expect(runProgram('null-syscall', { settings: { mmu: 'none' } }).exit).toEqual({ kind: 'refused', reason: expect.stringContaining('mmu=none') as string });
  });
});

describe('what they cost', () => {
  it('a system call: the monitor is entered for the call and for the return, and for no change of the interrupt flag', () => {
    expect(perUnit('null-syscall', 'vmm.exit', [100, 1100])).toBe(2);
    expect(perUnit('null-syscall', 'vmm.device-access', [100, 1100])).toBe(0);
  });
  it('a line on the console: one access', () => {
    expect(perUnit('console-write', 'vmm.device-access', [100, 300])).toBe(1);
  });
  it('a read of 4 KB from the disk: one access a transfer', () => {
    const accesses = perUnit('disk-read-4k', 'vmm.device-access', [4, 12]);
    expect(accesses).toBe(perUnit('disk-read-4k', 'paravirt.call.kick', [4, 12]));
    expect(accesses).toBe(1);
  });
});
