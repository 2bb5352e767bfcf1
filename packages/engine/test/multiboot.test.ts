import { describe, expect, it } from 'vitest';
import { multibootImage, CODE_ADDRESS, LOAD_ADDRESS } from '../src/conformance/image.js';
import { Random } from '../src/conformance/random.js';
import { Register } from '@ringbench/isa';
import type { LoadedGuest } from '../src/guest-load.js';
import { loadMultiboot, MULTIBOOT_MAGIC } from '../src/multiboot.js';
import { workloads } from './support/workloads.js';

const RAM_BYTES = 8 << 20;
const INFORMATION = 0x9000;

interface Written { readonly ram: Uint8Array; readonly result: LoadedGuest; readonly outside: number }

/** Loads into a memory that notices writes beyond its end instead of throwing. */
function load(bytes: Uint8Array, commandLine?: string, ramBytes = RAM_BYTES, ram = new Uint8Array(ramBytes)): Written {
  let outside = 0;
  const result = loadMultiboot({ name: 'test image', format: 'multiboot', bytes, ...(commandLine === undefined ? {} : { commandLine }) }, ramBytes, (physical, part) => {
    if (!Number.isInteger(physical) || physical < 0 || physical + part.length > ramBytes) outside++;
    else ram.set(part, physical);
  });
  return { ram, result, outside };
}

const text = (ram: Uint8Array, at: number): string => String.fromCharCode(...ram.subarray(at, ram.indexOf(0, at)));

describe('loadMultiboot', () => {
  it('places a flat image and writes the information that the guest finds through EBX', () => {
    const code = Uint8Array.of(1, 2, 3, 4);
    const { ram, result } = load(multibootImage(code), 'scale=7 quiet');
    expect(result).toMatchObject({ ok: true, entry: CODE_ADDRESS, registers: [[Register.EAX, MULTIBOOT_MAGIC], [Register.EBX, INFORMATION]] });
    expect([...ram.subarray(CODE_ADDRESS, CODE_ADDRESS + 5)]).toEqual([1, 2, 3, 4, 0]);
    const information = new DataView(ram.buffer, INFORMATION);
    const field = (offset: number): number => information.getUint32(offset, true);
    expect([field(0), field(4), field(8)]).toEqual([0x205, 640, (RAM_BYTES >> 10) - 1024]);
    expect(text(ram, field(16))).toBe('scale=7 quiet');
    expect(text(ram, field(64))).toBe('Ringbench');
  });

  it('says nothing of a command line when there is none', () => {
    const { ram } = load(multibootImage(Uint8Array.of(0)));
    expect(new DataView(ram.buffer).getUint32(INFORMATION, true)).toBe(0x201);
  });

  it('honours load and bss ends, and an image whose header is not its first byte', () => {
    const { result, ram } = load(multibootImage(Uint8Array.of(9, 8, 7, 6), { loadEnd: CODE_ADDRESS + 2, bssEnd: LOAD_ADDRESS + 4096, entry: LOAD_ADDRESS + 4095 }));
    expect(result.ok).toBe(true);
    expect([...ram.subarray(CODE_ADDRESS, CODE_ADDRESS + 4)]).toEqual([9, 8, 0, 0]);
    const image = multibootImage(Uint8Array.of(5), { headerAddress: LOAD_ADDRESS + 64 });
    const shifted = new Uint8Array(64 + image.length);
    shifted.set(image, 64);
    expect(load(shifted).result).toMatchObject({ ok: true, entry: CODE_ADDRESS, registers: [[Register.EAX, MULTIBOOT_MAGIC], [Register.EBX, INFORMATION]] });
  });

  it('places modules on page borders at the end of memory, with their texts', () => {
    const ram = new Uint8Array(RAM_BYTES);
    const modules = [{ name: 'first', bytes: Uint8Array.of(1, 2, 3), commandLine: 'a b' }, { name: 'second', bytes: new Uint8Array(5000).fill(7) }];
    const write = (physical: number, part: Uint8Array): void => ram.set(part, physical);
    expect(loadMultiboot({ name: 'test image', format: 'multiboot', bytes: multibootImage(Uint8Array.of(0)), modules }, RAM_BYTES, write)).toMatchObject({ ok: true });
    const word = (at: number): number => new DataView(ram.buffer).getUint32(at, true);
    expect([word(INFORMATION) & 8, word(INFORMATION + 20)]).toEqual([8, 2]);
    const list = word(INFORMATION + 24);
    const found = [0, 1].map((index) => [word(list + index * 16), word(list + index * 16 + 4), text(ram, word(list + index * 16 + 8))]);
    const second = RAM_BYTES - 4096 - 8192;
    expect(found).toEqual([[RAM_BYTES - 4096, RAM_BYTES - 4093, 'a b'], [second, second + 5000, 'second']]);
    expect([ram[RAM_BYTES - 4094], ram[second + 4999], ram[second + 5000]]).toEqual([3, 7, 0]);
  });

  it.each([
    ['too large', [{ name: 'big', bytes: new Uint8Array(RAM_BYTES) }], /big with 8388608 bytes does not fit/],
    ['too many', Array.from({ length: 17 }, () => ({ name: 'x', bytes: new Uint8Array(1) })), /at most 16 modules/],
    ['described at length', [{ name: 'talk', bytes: new Uint8Array(1), commandLine: 'x'.repeat(256) }], /text of module talk/],
  ])('refuses modules that are %s', (_what, modules, reason) => {
    const image = { name: 'test image', format: 'multiboot' as const, bytes: multibootImage(Uint8Array.of(0)), modules };
    expect(loadMultiboot(image, RAM_BYTES, () => undefined)).toMatchObject({ ok: false, problem: expect.stringMatching(reason) });
  });

  it.each(workloads)('loads $id, whose segments are where its program headers say', ({ bytes }) => {
    const { result, ram, outside } = load(bytes);
    expect(result).toMatchObject({ ok: true });
    expect(outside).toBe(0);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const first = view.getUint32(28, true);
    const [offset, physical, length] = [4, 12, 16].map((field) => view.getUint32(first + field, true));
    expect(ram.subarray(physical, (physical ?? 0) + (length ?? 0))).toEqual(new Uint8Array(bytes.subarray(offset, (offset ?? 0) + (length ?? 0))));
  });

  const elf = workloads[0]?.bytes ?? new Uint8Array(0);
  const patched = (at: number, ...values: readonly number[]): Uint8Array => {
    const copy = Uint8Array.from(elf);
    copy.set(values, at);
    return copy;
  };
  it.each([
    ['another machine', patched(18, 62), /not for 32-bit Intel 386/],
    ['64 bits', patched(4, 2), /not for 32-bit Intel 386/],
    ['a program header table behind its end', patched(28, 0, 0, 0, 0x7f), /program headers/],
    ['no program headers', patched(44, 0, 0), /nothing in it is to be loaded/],
    ['program headers that are too small', patched(42, 8), /program headers/],
    ['an entry outside', patched(24, 0, 0, 0, 0x40), /entry point/],
  ])('refuses an ELF file for %s', (_what, bytes, reason) => {
    const { result } = load(bytes);
    expect(result).toMatchObject({ ok: false, problem: expect.stringMatching(reason) });
  });

  it('survives 20,000 mutated images without an exception and without a write outside memory', () => {
    const random = new Random(0x5eed);
    const originals = [...workloads.map(({ bytes }) => bytes), multibootImage(random.bytes(64))];
    const ram = new Uint8Array(RAM_BYTES);
    const seen = { loaded: 0, refused: 0 };
    for (let round = 0; round < 20_000; round++) {
      const { result, outside } = load(mutate(originals[round % originals.length] ?? elf, random), undefined, RAM_BYTES, ram);
      expect(outside).toBe(0);
      if (result.ok) {
        seen.loaded++;
        expect(result.entry).toBeLessThan(RAM_BYTES);
      } else {
        seen.refused++;
        expect(result.problem).toContain('test image');
      }
    }
    // The mutations must reach both sides, or they prove nothing.
    expect(seen.loaded).toBeGreaterThan(1000);
    expect(seen.refused).toBeGreaterThan(1000);
  });
});

const ELF_HEADERS_BYTES = 52 + 3 * 32;

/** Changes a few bytes, most of them in the headers, and sometimes cuts the image off. */
function mutate(original: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(original);
  const interesting = [0, 1, 0x7f, 0x80, 0xff];
  for (let change = random.below(4); change >= 0; change--) {
    const at = random.below(random.below(8) === 0 ? copy.length : Math.min(copy.length, ELF_HEADERS_BYTES));
    copy[at] = random.below(2) === 0 ? random.next() : (interesting[random.below(interesting.length)] ?? 0);
  }
  return random.below(10) === 0 ? copy.subarray(0, random.below(copy.length)) : copy;
}
