import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { bootDisk } from '../../benchmarks/speed/peers/boot-disk.mjs';
import { ratioChart } from '../../benchmarks/speed/peers/chart.mjs';
import { KERNELS, describeKernel, readImage } from '../../benchmarks/speed/peers/kernels.mjs';
import { markdownTable, report } from '../../benchmarks/speed/peers/layout.mjs';
import { MACHINES } from '../../benchmarks/speed/peers/machines.mjs';
import { measure, runUntil } from '../../benchmarks/speed/peers/measure.mjs';
import { planOf, scaleOf } from '../../benchmarks/speed/peers/plan.mjs';
import { calibrate, runPlan } from '../../benchmarks/speed/peers/run.mjs';
import { summarize } from '../../benchmarks/speed/peers/summary.mjs';
import { targetsOf } from '../../benchmarks/speed/peers/targets.mjs';
import { summarizeWarmUp } from '../../benchmarks/speed/peers/warm-up.mjs';

/** `npm run bench`: what can be tested without measuring anything, and that a measurement notices what goes wrong. */
const PATIENCE_MS = 20_000;

const compute = { id: 'coremark-like', letter: 'a', title: 'Compute', instructionsPerUnit: 1000 };
const calls = { id: 'syscall-loop', letter: 'd', title: 'Calls', operation: 'call', operations: 2, instructionsPerUnit: 100, reduced: { qemu: 0.5 } };
const kernels = [compute, calls];

/** A run of `scale` units that took `regionMs` from START to END, a second in all. */
const ended = (phase: string, kernel: { id: string }, peer: string, scale: number, regionMs: number) =>
  ({ phase, kernel: kernel.id, peer, round: 0, scale, timedOut: false, firstLineMs: 200, endMs: 1000, regionMs, regionCpuMs: regionMs / 2, endCpuMs: 600, peakMiB: 50, checksum: '0' });
const outOfTime = (phase: string, kernel: { id: string }, peer: string, scale: number) => ({ phase, kernel: kernel.id, peer, round: 0, scale, timedOut: true, firstLineMs: 200, endMs: 5000, regionMs: 4800, endCpuMs: 4000, regionCpuMs: 3800 });
interface Cell { mips: number; nsPerOperation: number; instructions: number; isBound: boolean; milliseconds: { median: number } }
type Cells = Record<string, Record<string, Record<string, Cell>>>;
const resultOf = (measurements: object[], clock = 'wall') => {
  const measured = { kernels, peers: ['translator', 'v86-translator', 'qemu'], seed: 1, factor: 1, warmUp: undefined, measurements };
  return { ...measured, ...summarize(measured, clock) };
};
const cellOf = ({ cells }: { cells: Cells }, phase: string, kernel: { id: string }, peer: string) => cells[phase]?.[kernel.id]?.[peer];

describe('the plan', () => {
  const asked = { kernels, peers: ['translator', 'qemu'], phases: ['warm', 'cold'], rounds: 2, factor: 1, seed: 7 };

  test('has every machine, kernel and phase once a round, shuffled, and the same again for the same seed', () => {
    const names = planOf(asked).map(({ phase, kernel, peer, round }) => `${round} ${phase} ${kernel.id} ${peer}`);
    expect(new Set(names).size).toBe(16);
    expect(names.map((name) => name[0])).toEqual('0000000011111111'.split(''));
    expect(names).not.toEqual(names.toSorted());
    expect(names.slice(0, 8).map((name) => name.slice(2))).not.toEqual(names.slice(8).map((name) => name.slice(2)));
    expect(planOf(asked)).toEqual(planOf(asked));
    expect(planOf({ ...asked, seed: 8 })).not.toEqual(planOf(asked));
  });

  test('gives slow machines less to do warm, and everybody the same cold', () => {
    expect(scaleOf(calls, 'translator', 'warm', 1)).toBe(10_000_000);
    expect(scaleOf(calls, 'qemu', 'warm', 1)).toBe(5_000_000);
    expect(scaleOf(calls, 'v86', 'warm', 1)).toBe(1_000_000);
    for (const peer of Object.keys(MACHINES)) expect(scaleOf(calls, peer, 'cold', 1)).toBe(1_000_000);
  });

  test('names kernels a to m of the workloads', () => {
    expect(KERNELS.map(({ letter }) => letter)).toEqual('abcdeFfghsSm'.split(''));
    for (const kernel of KERNELS) {
      expect(describeKernel(kernel)).toMatchObject({ title: expect.stringMatching(/\S/), checksum: expect.stringMatching(/^[0-9a-f]{8}$/) });
      expect(readImage(kernel.id).length).toBeGreaterThan(0);
    }
  });
});

describe('the summary', () => {
  test('makes rates of warm runs, whatever their length, and whole times of cold ones', () => {
    const result = resultOf([ended('warm', compute, 'translator', 1000, 2), ended('warm', calls, 'qemu', 50, 1), ended('cold', calls, 'qemu', 50, 1)]);
    expect(cellOf(result, 'warm', compute, 'translator')).toMatchObject({ mips: 500, instructions: 1_000_000, isBound: false });
    expect(cellOf(result, 'warm', calls, 'qemu')?.nsPerOperation).toBe(10_000);
    expect(cellOf(result, 'cold', calls, 'qemu')?.milliseconds.median).toBe(1000);
    expect(cellOf(resultOf([ended('warm', compute, 'translator', 1000, 2)], 'cpu'), 'warm', compute, 'translator')?.mips).toBe(1000);
  });

  test('compares units, not runs', () => {
    const { ratios } = resultOf([ended('warm', calls, 'translator', 100, 10), ended('warm', calls, 'qemu', 50, 20)]);
    expect(ratios['warm']).toEqual([expect.objectContaining({ name: 'qemu/translator', compute: undefined, kernels: { 'syscall-loop': expect.objectContaining({ estimate: 4, bound: 'none' }) } })]);
  });

  test('says what is a bound', () => {
    const result = resultOf([ended('cold', calls, 'translator', 100, 10), outOfTime('cold', calls, 'qemu', 100), outOfTime('cold', compute, 'translator', 100), ended('cold', compute, 'qemu', 100, 10)]);
    expect(cellOf(result, 'cold', calls, 'qemu')?.isBound).toBe(true);
    expect(result.ratios['cold']).toEqual([expect.objectContaining({
      all: expect.objectContaining({ bound: 'unknown' }),
      kernels: { 'coremark-like': expect.objectContaining({ bound: 'most' }), 'syscall-loop': expect.objectContaining({ estimate: 5, bound: 'least' }) },
    })]);
  });

  test('takes the shortened run of one that ran out of time warm', () => {
    const result = resultOf([outOfTime('warm', calls, 'qemu', 1000), ended('warm', calls, 'qemu', 100, 10)]);
    expect(cellOf(result, 'warm', calls, 'qemu')).toMatchObject({ isBound: false, nsPerOperation: 50_000, instructions: 10_000 });
  });

  test('keeps the medians of warm-up windows', () => {
    const run = (first: number, instructions: number) => ({ peer: 'translator', firstInstructionMs: first, instructions: [0, instructions] });
    expect(summarizeWarmUp([run(100, 50_000), run(300, 150_000), run(200, 100_000)], ['translator'])).toMatchObject({ translator: { firstInstructionMs: { median: 200, least: 100, most: 300 }, mips: [0, 2] } });
  });
});

describe('what is shown', () => {
  const measurements = [ended('warm', compute, 'translator', 1000, 1), ended('warm', compute, 'v86-translator', 1000, 3), ended('warm', calls, 'translator', 1000, 1), ended('warm', calls, 'v86-translator', 1000, 1.2)];
  const result = resultOf(measurements);
  const targets: { what: string; measured?: string; isMet?: boolean }[] = targetsOf(result);
  const about = (words: string) => targets.find(({ what }) => what.includes(words));

  test('targets are met, missed, or not measured', () => {
    expect(about('each of a, b, c')).toMatchObject({ measured: '3.00x on a, coremark-like', isMet: true });
    expect(about('geometric mean over all')).toMatchObject({ measured: '1.90x', isMet: false });
    expect(about('system calls')).toMatchObject({ measured: '500 ns, 1.20x', isMet: false });
    expect(about('against QEMU')?.isMet).toBeUndefined();
    // Not even one that looks as if it were met: the ratio is at most that.
    const bound = resultOf([{ ...ended('cold', calls, 'v86-translator', 1000, 1), endMs: 9000 }, outOfTime('cold', calls, 'translator', 1000)]);
    expect(targetsOf(bound).find(({ what }: { what: string }) => what.startsWith('cold'))).toMatchObject({ measured: '<1.80x on d, syscall-loop', isMet: false });
  });

  test('the report has a row for each kernel and says what rests on little', () => {
    const text = report({ ...result, targets });
    expect(text).toMatch(/^a coremark-like +MIPS +1000 /m);
    expect(text).toMatch(/^d syscall-loop +ns, call +500 /m);
    expect(text).toMatch(/^Shorter than a warm run: translator 0\.001 of one on a; 0\.0001 of one on d\.$/m);
  });

  test('in a document the spread stands beside its figure', () => {
    expect(markdownTable({ rows: [['what', 'peer', ''], ['a', '12', '-1..+1 %'], ['b', '–', '']], words: 1, notes: ['A note.'] })).toBe('| what | peer |\n|---|---:|\n| a | 12 (-1..+1 %) |\n| b | – |\n\nA note.');
  });

  test('the chart has a point for each ratio', () => {
    expect(ratioChart(kernels, result.ratios).data.values).toEqual([
      expect.objectContaining({ phase: 'warm', kernel: 'a  Compute', peer: 'v86, translator', ratio: 3, isBound: false }),
      expect.objectContaining({ phase: 'warm', kernel: 'd  Calls', peer: 'v86, translator', isBound: false }),
    ]);
  });
});

/** A process that writes what it is told and stays. */
const speaker = (text: string, ending = 'setInterval(() => {}, 1000)'): [string, string[]] => [process.execPath, ['-e', `process.stdout.write(${JSON.stringify(text)});${ending}`]];

describe('a measurement', () => {
  test('is of START and END, and reads what was retired behind them', async () => {
    const found = await measure(speaker('BIOS\nSTART\nEND sum=00c0ffee\nRETIRED 12 power-off\n'), { deadlineMs: PATIENCE_MS, counts: true });
    expect(found).toMatchObject({ timedOut: false, checksum: '00c0ffee', instructions: 12 });
    if (!('peakMiB' in found)) throw new Error('it ended, but is not measured');
    expect(found.endMs).toBeGreaterThanOrEqual(found.firstLineMs);
    expect(found.peakMiB ?? 1).toBeGreaterThan(0);
  });

  test('ends when its time is over', async () => {
    expect(await measure(speaker('START\n'), { deadlineMs: 400 })).toMatchObject({ timedOut: true, endMs: 400 });
  });

  test('reads a named pipe where a machine cannot write to what it is given', async ({ skip }) => {
    const folder = mkdtempSync(join(tmpdir(), 'ringbench-pipe-'));
    try {
      const pipe = join(folder, 'serial');
      if (spawnSync('mkfifo', [pipe]).status !== 0) skip('no mkfifo');
      const writes = `require('node:fs').writeFileSync(${JSON.stringify(pipe)}, 'START\\nEND sum=00c0ffee\\n');setInterval(() => {}, 1000)`;
      expect(await measure([process.execPath, ['-e', writes], pipe], { deadlineMs: PATIENCE_MS, stdin: 'ignore' })).toMatchObject({ timedOut: false, checksum: '00c0ffee' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('fails with a guest that faults, a process that ends and one that is not there', async () => {
    await expect(measure(speaker('START\nFAULT 0e 00000000 00100000\n'), { deadlineMs: PATIENCE_MS })).rejects.toThrow('FAULT 0e');
    await expect(measure(speaker('START\n', 'process.stderr.write("no memory");process.exit(1)'), { deadlineMs: PATIENCE_MS })).rejects.toThrow('no memory');
    await expect(runUntil(['/nowhere/machine', []], { deadlineMs: PATIENCE_MS, onText: () => undefined })).rejects.toThrow('ENOENT');
  });

  test('of ours counts instructions and checks the answer', async () => {
    const kernel = { ...describeKernel(KERNELS.find(({ id }) => id === 'patch-same-page')), defaultScale: 10 };
    await expect(calibrate(kernel, PATIENCE_MS)).rejects.toThrow(/its sum is [0-9a-f]{8}, not 06d5535e/);
    const measurements = await runPlan([{ phase: 'cold', kernel, peer: 'translator', round: 0, scale: 10 }], PATIENCE_MS);
    expect(measurements).toEqual([expect.objectContaining({ kernel: 'patch-same-page', timedOut: false, instructions: expect.any(Number) })]);
  });
});

describe('the disk for Bochs', () => {
  test('boots a guest and hands it its command line', async () => {
    const { core } = await import('../../packages/core-native/dist/index.js');
    let console = '';
    const engine = core.create({ memoryBytes: 16 << 20, onConsole: (byte) => (console += String.fromCharCode(byte)) });
    expect(engine.load({ name: 'disk', format: 'disk', bytes: bootDisk(readImage('coremark-like'), 'scale=1') })).toEqual({ ok: true });
    expect(engine.run(20_000_000)).toEqual({ kind: 'power-off', status: 0 });
    // At scale 1, as packages/engine/test/support/workloads.ts has it.
    expect(console).toBe('START\nEND sum=b2c186e2\n');
  });

  test('has no place for an image that the boot sector would cut', () => {
    expect(() => bootDisk(new Uint8Array(40_000), '')).toThrow('too large');
  });

  test('its boot sector is what the source assembles to', ({ skip }) => {
    const peers = fileURLToPath(new URL('../../benchmarks/speed/peers/', import.meta.url));
    const folder = mkdtempSync(join(tmpdir(), 'ringbench-boot-sector-'));
    try {
      const [object, binary] = [join(folder, 'boot-sector.o'), join(folder, 'boot-sector.bin')];
      const steps = [['gcc', '-m32', '-c', join(peers, 'boot-sector.S'), '-o', object], ['ld', '-m', 'elf_i386', '-Ttext', '0x7c00', '--oformat', 'binary', '-o', binary, object]];
      if (steps.some(([tool = '', ...words]) => spawnSync(tool, words).status !== 0)) skip('no gcc and ld for 32-bit code');
      expect(readFileSync(binary)).toEqual(readFileSync(join(peers, 'boot-sector.bin')));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the command', () => {
  const run = (...words: string[]) => spawnSync(process.execPath, [fileURLToPath(new URL('../../benchmarks/speed/peers.mjs', import.meta.url)), ...words], { encoding: 'utf8' });

  test.each([
    [['--frobnicate'], 'Unknown option'], [['--peers', 'vax'], 'there is no machine "vax"'], [['--rounds', '0'], '--rounds must be'], [['--workload', 'noop'], 'there is no kernel "noop"'],
    [['--from', 'package.json'], 'is not a bench.json'], [['--phase', 'warm', '--warm-up'], 'are two runs'],
  ])('%j is one line and status 2', (words, message) => {
    const { status, stdout, stderr } = run(...words);
    expect({ status, stdout, lines: stderr.trim().split('\n').length }).toEqual({ status: 2, stdout: '', lines: 1 });
    expect(stderr).toContain(message);
  });

  test('--help has examples', () => {
    const { status, stdout } = run('--help');
    expect(status).toBe(0);
    expect(stdout).toContain('Examples:\n  npm run bench\n');
  });
});
