import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const WORKLOADS = fileURLToPath(new URL('..', import.meta.url));
const KIB = 1024;
const LOAD_ADDRESS = 1024 * KIB;
/** What one page table maps: the guests have one for their image. */
const IMAGE_END_MAXIMUM = 4096 * KIB;
const IMAGE_BYTES_MAXIMUM = 20 * KIB;
const PAGE_BYTES = 4096;

const MULTIBOOT_MAGIC = 0x1badb002;
/** The header must be 32-bit aligned in the first 8192 bytes (Multiboot Specification 0.6.96, section 3.1). */
const MULTIBOOT_SEARCH_BYTES = 8 * KIB;

/** ELF header and program header fields (Tool Interface Standard, ELF 1.2, part 1). */
const ELF32_LITTLE_ENDIAN = [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1];
const EXECUTABLE_FILE = 2;
const MACHINE_386 = 3;
const SEGMENT_LOAD = 1;
const SEGMENT_EXECUTABLE = 1;
const SEGMENT_WRITABLE = 2;

const ids = readdirSync(WORKLOADS).filter((id) => existsSync(join(WORKLOADS, id, 'workload.json')));

function loadSegments(image) {
  const start = image.readUInt32LE(28);
  const size = image.readUInt16LE(42);
  return Array.from({ length: image.readUInt16LE(44) }, (_, index) => image.subarray(start + index * size))
    .filter((header) => header.readUInt32LE(0) === SEGMENT_LOAD)
    .map((header) => {
      const words = [4, 8, 12, 16, 20, 24].map((at) => header.readUInt32LE(at));
      const [offset, linear, physical, fileBytes, memoryBytes, flags] = words;
      return { offset, linear, physical, fileBytes, memoryBytes, flags };
    });
}

function multibootHeader(image) {
  for (let at = 0; at + 12 <= Math.min(image.length, MULTIBOOT_SEARCH_BYTES); at += 4) {
    if (image.readUInt32LE(at) === MULTIBOOT_MAGIC) return [0, 4, 8].map((field) => image.readUInt32LE(at + field));
  }
  return undefined;
}

describe('the set of workloads', () => {
  it('has the guests that the suites name, and the README tells why each is there', () => {
    expect(ids).toEqual(expect.arrayContaining(
      ['address-spaces', 'cli-sti-storm', 'coremark-like', 'demand-paging', 'flags-round-trip', 'interpreter-loop', 'noop', 'page-table-storm', 'patch-other-page',
        'patch-same-page', 'port-io', 'sensitive', 'sieve-sort', 'state-stores', 'string-copy', 'syscall-loop', 'v86-monitor']));
    const readme = readFileSync(join(WORKLOADS, 'README.md'), 'utf8');
    for (const id of ids) expect(readme).toContain(`| \`${id}\` |`);
  });
});

describe.each(ids)('workload %s', (id) => {
  const manifest = JSON.parse(readFileSync(join(WORKLOADS, id, 'workload.json'), 'utf8'));
  const image = readFileSync(join(WORKLOADS, id, manifest.image));

  it('has a complete manifest', () => {
    expect(manifest).toMatchObject({
      id,
      title: expect.stringMatching(/\S/),
      why: expect.stringMatching(/\S/),
      checksum: expect.stringMatching(/^[0-9a-f]{8}$/),
      checksumSource: expect.stringMatching(/\S/),
      scale: { default: expect.any(Number), unit: expect.stringMatching(/\S/) },
      hasNativeTwin: expect.any(Boolean),
      compiler: expect.stringMatching(/^gcc \d/),
      assembler: expect.stringMatching(/\S/),
    });
    expect(manifest.scale.default).toBeGreaterThan(0);
    for (const source of manifest.sources) expect(existsSync(join(WORKLOADS, source)), source).toBe(true);
  });

  it('is the image that the manifest records', () => {
    expect(createHash('sha256').update(image).digest('hex')).toBe(manifest.sha256);
    expect(image.length).toBeLessThanOrEqual(IMAGE_BYTES_MAXIMUM);
  });

  it('has a valid multiboot header', () => {
    const header = multibootHeader(image);
    expect(header).toBeDefined();
    expect(header.reduce((sum, word) => (sum + word) >>> 0, 0)).toBe(0);
  });

  it('is an ELF32 executable for the 386', () => {
    expect([...image.subarray(0, ELF32_LITTLE_ENDIAN.length)]).toEqual(ELF32_LITTLE_ENDIAN);
    expect(image.readUInt16LE(16)).toBe(EXECUTABLE_FILE);
    expect(image.readUInt16LE(18)).toBe(MACHINE_386);
  });

  it('loads code and data on separate pages at 1 MB, and is entered in its code', () => {
    const segments = loadSegments(image);
    const entry = image.readUInt32LE(24);
    const rights = segments.map(({ flags }) => flags & (SEGMENT_EXECUTABLE | SEGMENT_WRITABLE));
    expect(rights).toEqual([SEGMENT_EXECUTABLE, SEGMENT_WRITABLE]);
    const [code, data] = segments;
    expect(code.linear).toBe(LOAD_ADDRESS);
    expect(entry).toBeGreaterThanOrEqual(code.linear);
    expect(entry).toBeLessThan(code.linear + code.memoryBytes);
    expect(data.linear % PAGE_BYTES).toBe(0);
    expect(data.linear).toBeGreaterThanOrEqual(code.linear + code.memoryBytes);
    expect(data.linear + data.memoryBytes).toBeLessThanOrEqual(IMAGE_END_MAXIMUM);
    for (const { linear, physical, offset, fileBytes } of segments) {
      expect(physical).toBe(linear);
      expect(offset + fileBytes).toBeLessThanOrEqual(image.length);
    }
  });
});
