import { describe, expect } from 'vitest';
import type { Engine } from '../engine.js';
import { Assembler } from './assembler.js';
import { CODE_ADDRESS, LOAD_ADDRESS, multibootImage, type HeaderFields } from './image.js';
import { GUEST_MEMORY_BYTES } from './memory-map.js';
import { Random } from './random.js';
import type { Subject } from './subject.js';

const EXIT_PORT = 0xf4;
const GOOD_STATUS = 42;
const HEADER_BYTES = CODE_ADDRESS - LOAD_ADDRESS;

function code(): Uint8Array { return new Assembler(CODE_ADDRESS).outByte(EXIT_PORT, GOOD_STATUS).hlt().assemble(); }
const good = (overrides: Partial<HeaderFields> = {}): Uint8Array => multibootImage(code(), overrides);
const NAME = 'image under test';

/** Loads an image that must be refused; returns the reason. */
function refusal(engine: Engine, bytes: Uint8Array, commandLine?: string): string {
  const result = engine.load({ name: NAME, format: 'multiboot', bytes, ...(commandLine === undefined ? {} : { commandLine }) });
  return result.ok ? 'it was loaded' : result.problem;
}

const MALFORMED: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['nothing at all', new Uint8Array(0), /no Multiboot header/],
  ['no header', good().fill(0, 0, 4), /no Multiboot header/],
  ['a wrong checksum', good().fill(1, 8, 9), /no Multiboot header/],
  ['half a header', good().subarray(0, 20), /ends within the Multiboot header/],
  ['fewer bytes than its header says', good({ loadEnd: LOAD_ADDRESS + 4096 }), /truncated/],
  ['more memory than there is', good({ bssEnd: LOAD_ADDRESS + GUEST_MEMORY_BYTES }), /needs memory up to/],
  ['an address beyond memory', good({ headerAddress: 0xfff00000, loadAddress: 0xfff00000, entry: 0xfff00020 }), /needs memory up to/],
  ['an address below the boot information', good({ headerAddress: 0x1000, loadAddress: 0x1000, entry: 0x1020 }), /below the area/],
  ['an entry behind its end', good({ entry: LOAD_ADDRESS + 4096 }), /entry point/],
  ['an entry before its start', good({ entry: LOAD_ADDRESS - 1 }), /entry point/],
  ['addresses in the wrong order', good({ headerAddress: LOAD_ADDRESS - 4096 }), /contradict|truncated/],
  ['an end before its start', good({ loadEnd: LOAD_ADDRESS - 1 }), /contradict/],
];

/** Load errors are values, name the image, and leave the engine as it was. */
export function loadingChecks(subject: Subject): void {
  describe('loading', () => {
    subject.check('loading: malformed images are refused with a reason; then a good one runs', () => {
      const engine = subject.create();
      for (const [what, bytes, reason] of MALFORMED) {
        const problem = refusal(engine, bytes);
        expect(problem, what).toMatch(reason);
        expect(problem, what).toContain(NAME);
      }
      expect(refusal(engine, good(), 'x'.repeat(5000))).toMatch(/command line/);
      expectGood(engine);
    });
    subject.check('loading: a machine that is too small is a reason, not an exception', () => {
      expect(refusal(subject.create({ memoryBytes: 512 << 10 }), good())).toMatch(/at least 1 MiB/);
      expect(refusal(subject.create({ memoryBytes: 1 << 20 }), good())).toMatch(/needs memory up to/);
    });
    subject.check('loading: images with random headers are refused or run to an outcome', () => {
      const random = new Random(0xb007);
      let engine = subject.create();
      for (let round = 0; round < 400; round++) {
        const loaded = engine.load({ name: NAME, format: 'multiboot', bytes: mutated(random) });
        if (!loaded.ok) continue;
        expect(engine.run(1000)).toHaveProperty('kind');
        engine = subject.create();
      }
      expectGood(engine);
    });
    for (const { id, bytes } of subject.options.workloads ?? []) {
      subject.check(`loading: ${id} cut off before its last segment ends is refused`, () => {
        const engine = subject.create({ memoryBytes: 8 << 20 });
        const end = elfDataEnd(bytes);
        for (let length = 0; length < end; length += 211) expect(refusal(engine, bytes.subarray(0, length))).toMatch(/header|truncated|ends within/);
        expect(refusal(engine, bytes.subarray(0, end - 1))).toMatch(/truncated/);
      });
    }
  });
}

/** Where the last byte that the program headers name lies in the file, plus one (ELF 1.2, book I, 2). */
function elfDataEnd(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [table, headerBytes, count] = [view.getUint32(28, true), view.getUint16(42, true), view.getUint16(44, true)];
  const ends = Array.from({ length: count }, (_, index) => table + index * headerBytes).filter((at) => view.getUint32(at, true) === 1);
  return Math.max(...ends.map((at) => view.getUint32(at + 4, true) + view.getUint32(at + 16, true)));
}

function expectGood(engine: Engine): void {
  expect(engine.load({ name: NAME, format: 'multiboot', bytes: good() })).toEqual({ ok: true });
  expect(engine.run(1000)).toEqual({ kind: 'power-off', status: GOOD_STATUS });
}

/** A good image with a few bytes of its address fields changed, which the header's own checksum does not cover. */
function mutated(random: Random): Uint8Array {
  const bytes = good();
  for (let change = 0; change <= random.below(4); change++) bytes[12 + random.below(HEADER_BYTES - 12)] = random.next();
  return bytes;
}
