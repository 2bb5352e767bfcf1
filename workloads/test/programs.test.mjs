import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RUN, runNatively } from '../../scripts/native-program.mjs';

const WORKLOADS = fileURLToPath(new URL('..', import.meta.url));
const PROGRAMS = join(WORKLOADS, 'user');
const IMAGE_BYTES_MAXIMUM = 20 * 1024;
const PAGE_BYTES = 4096;
/** FAILED_STATUS of workloads/user/runtime/program.h. */
const FAILED_STATUS = 1;

/** ELF header and program header fields (Tool Interface Standard, ELF 1.2, part 1). */
const ELF32_LITTLE_ENDIAN = [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1];
const EXECUTABLE_FILE = 2;
const MACHINE_386 = 3;
const SEGMENT_LOAD = 1;
const SEGMENT_DYNAMIC = 2;
const SEGMENT_INTERPRETER = 3;
const SEGMENT_EXECUTABLE = 1;
const SEGMENT_WRITABLE = 2;

const EXPECTED_PROGRAMS = {
  micro: [
    'console-write', 'context-switch-2p-0k', 'context-switch-8p-16k', 'cow-page', 'disk-read-4k', 'file-map-fault', 'fork-exec', 'fork-exit', 'memcpy',
    'null-syscall', 'open-close', 'page-touch', 'pipe-round-trip', 'protection-fault', 'read-4k-cached', 'signal-deliver',
    'signal-install', 'sleep-wake', 'stat', 'timer-interrupt-load', 'user-port-io', 'write-devnull',
  ],
  macro: [
    'build-mix', 'bytecode', 'compiler', 'compression', 'dhrystone-like', 'fft', 'matrix', 'nbody', 'sha256', 'sort', 'user-coremark-like',
  ],
  adversarial: [
    'code-data-page', 'deep-calls', 'fork-storm', 'mapping-storm', 'page-branches', 'self-modifying', 'tlb-walk',
  ],
};

const programs = readdirSync(PROGRAMS)
  .filter((id) => existsSync(join(PROGRAMS, id, 'program.json')))
  .map((id) => {
    const folder = join(PROGRAMS, id);
    const manifest = JSON.parse(readFileSync(join(folder, 'program.json'), 'utf8'));
    return { id, folder, manifest, image: readFileSync(join(folder, manifest.image)) };
  });

function segmentsOf(image) {
  const start = image.readUInt32LE(28);
  const size = image.readUInt16LE(42);
  return Array.from({ length: image.readUInt16LE(44) }, (_, index) => {
    const [type, offset, address, , fileBytes, memoryBytes, flags] = [0, 4, 8, 12, 16, 20, 24]
      .map((at) => image.readUInt32LE(start + index * size + at));
    return { type, offset, address, fileBytes, memoryBytes, flags };
  });
}

/** One run of a program, or the reason why this host gives none. */
function checkedRun(program, scale, skip) {
  const outcome = runNatively(program, scale);
  if (outcome.kind === RUN.SKIPPED) skip(outcome.reason);
  return outcome;
}

describe('the set of programs', () => {
  it.each(Object.entries(EXPECTED_PROGRAMS))('has the %s programs', (kind, ids) => {
    expect(programs.filter(({ manifest }) => manifest.class === kind).map(({ id }) => id).toSorted()).toEqual(ids);
  });

  it('is told about in the README', () => {
    const readme = readFileSync(join(PROGRAMS, 'README.md'), 'utf8');
    for (const { id } of programs) expect(readme).toContain(`\`${id}\``);
  });

  it('shares no id with the bare guests: rows of one journal are told apart by it', () => {
    for (const { id } of programs) expect(existsSync(join(WORKLOADS, id)), id).toBe(false);
  });
});

describe.each(programs)('program $id', (program) => {
  const { id, manifest, image } = program;

  it('has a complete manifest', () => {
    expect(manifest).toMatchObject({
      id,
      title: expect.stringMatching(/\S/),
      why: expect.stringMatching(/\S/),
      expected: { stdout: expect.stringMatching(/^START\nEND sum=[0-9a-f]{8}\n$/), source: expect.stringMatching(/\S/) },
      scale: { default: expect.any(Number), unit: expect.stringMatching(/\S/) },
      compiler: expect.stringMatching(/^gcc \d/),
      assembler: expect.stringMatching(/\S/),
    });
    expect(manifest.scale.default).toBeGreaterThan(0);
    expect(manifest.sources).toContain('user/runtime/program.c');
    for (const source of manifest.sources) expect(existsSync(join(WORKLOADS, source)), source).toBe(true);
  });

  it('is the image that the manifest records', () => {
    expect(createHash('sha256').update(image).digest('hex')).toBe(manifest.sha256);
    expect(image.length).toBeLessThanOrEqual(IMAGE_BYTES_MAXIMUM);
  });

  it('is a static ELF32 executable for the 386', () => {
    expect([...image.subarray(0, ELF32_LITTLE_ENDIAN.length)]).toEqual(ELF32_LITTLE_ENDIAN);
    expect(image.readUInt16LE(16)).toBe(EXECUTABLE_FILE);
    expect(image.readUInt16LE(18)).toBe(MACHINE_386);
    const types = segmentsOf(image).map(({ type }) => type);
    expect(types).not.toContain(SEGMENT_INTERPRETER);
    expect(types).not.toContain(SEGMENT_DYNAMIC);
  });

  it('is entered in its code and has no page that is both writable and executable', () => {
    const entry = image.readUInt32LE(24);
    const loaded = segmentsOf(image).filter(({ type }) => type === SEGMENT_LOAD);
    const code = loaded.filter(({ flags }) => flags & SEGMENT_EXECUTABLE);
    expect(code.some(({ address, memoryBytes }) => entry >= address && entry < address + memoryBytes)).toBe(true);
    for (const { address, offset, fileBytes, flags } of loaded) {
      expect(flags & SEGMENT_EXECUTABLE && flags & SEGMENT_WRITABLE).toBeFalsy();
      expect(address % PAGE_BYTES).toBe(offset % PAGE_BYTES);
      expect(offset + fileBytes).toBeLessThanOrEqual(image.length);
    }
  });

  it('prints the recorded output when Linux runs it', ({ skip }) => {
    const outcome = checkedRun(program, manifest.scale.default, skip);
    expect(outcome).toEqual({ kind: RUN.DONE, stdout: manifest.expected.stdout });
  });

  it('does one unit when asked to, and another sum comes of it', ({ skip }) => {
    const outcome = checkedRun(program, 1, skip);
    expect(outcome).toEqual({ kind: RUN.DONE, stdout: expect.stringMatching(/^START\nEND sum=[0-9a-f]{8}\n$/) });
    expect(outcome.stdout).not.toBe(manifest.expected.stdout);
  });
});

describe('a program', () => {
  it.for(['0', '-1', '12x', '', '99999999999'])('refuses the scale %j', (scale, { skip }) => {
    const program = programs.find(({ id }) => id === 'null-syscall');
    checkedRun(program, 1, skip);
    const outcome = spawnSync(join(program.folder, program.manifest.image), [scale], { encoding: 'latin1' });
    expect(outcome).toMatchObject({ status: FAILED_STATUS, stdout: '', stderr: expect.stringMatching(/^FAIL usage: /) });
  });

  it('skips with a reason where the machine lacks what it measures', ({ skip }) => {
    if (existsSync('/dev/hda')) skip('this host has /dev/hda');
    const program = programs.find(({ id }) => id === 'disk-read-4k');
    const { nativeArguments: _, ...withoutStandIn } = program.manifest;
    expect(runNatively({ ...program, manifest: withoutStandIn }, 1)).toEqual(
      { kind: RUN.SKIPPED, reason: expect.stringMatching(/\S/) });
  });
});
