import { Register } from '@ringbench/isa';
import { describe, expect, test } from 'vitest';
import { DirectEngine } from '../src/direct-engine.js';
import type { LinuxImage } from '../src/engine.js';
import { loadLinux } from '../src/linux-boot.js';
import { bzImage } from './support/bz-image.js';

const MEMORY = 8 << 20;
const image = (bytes: Uint8Array, more: Partial<LinuxImage> = {}): LinuxImage => ({ name: 'vmlinuz', format: 'linux', bytes, ...more });

describe('loadLinux', () => {
  test('a guest finds its command line, its initial RAM disk and the memory map through ESI, and flat segments', () => {
    // mov ebx,[esi+228h]; mov al,[ebx]; out E9,al; mov ebx,[esi+218h]; mov al,[ebx]; out E9,al; mov al,[esi+1E8h]; add al,'0'; out E9,al;
    // mov ax,ds; out E9,al; push cs; pop eax; out E9,al; mov al,0; out F4,al
    const code = [
      0xbc, 0x00, 0x80, 0x00, 0x00, 0x8b, 0x9e, 0x28, 0x02, 0, 0, 0x8a, 0x03, 0xe6, 0xe9, 0x8b, 0x9e, 0x18, 0x02, 0, 0, 0x8a, 0x03, 0xe6, 0xe9, 0x8a, 0x86, 0xe8, 0x01, 0, 0, 0x04, 0x30, 0xe6, 0xe9,
      0x8c, 0xd8, 0xe6, 0xe9, 0x0e, 0x58, 0xe6, 0xe9, 0xb0, 0x00, 0xe6, 0xf4,
    ];
    const console: number[] = [];
    const engine = new DirectEngine({ memoryBytes: MEMORY, onConsole: (byte) => console.push(byte) }, (counts) => counts);
    expect(engine.load(image(bzImage(code), { commandLine: 'quiet', initrd: Uint8Array.from([0x52, 1, 2]) }))).toEqual({ ok: true });
    expect(engine.run(1000)).toEqual({ kind: 'power-off', status: 0 });
    expect(String.fromCharCode(...console.slice(0, 3))).toBe('qR4');
    expect(console.slice(3)).toEqual([0x18, 0x10]);
  });

  test('the protocol\'s registers: ESI alone', () => {
    const start = loadLinux(image(bzImage([0xf4])), MEMORY, () => {});
    expect(start).toMatchObject({ ok: true, entry: 0x100000, registers: [[Register.ESI, 0x90000]] });
  });

  test.each([
    ['no kernel', new Uint8Array(4096), /is no Linux bzImage/],
    ['an empty file', new Uint8Array(0), /is no Linux bzImage/],
    ['an old protocol', bzImage([0xf4], (view) => view.setUint16(0x206, 0x205, true)), /older than 2\.06/],
    ['a zImage', bzImage([0xf4], (view) => view.setUint8(0x211, 0)), /zImage/],
    ['a file cut off in its real-mode part', bzImage([0xf4]).subarray(0, 900), /truncated/],
    ['a file cut off in its code', bzImage(Array<number>(4096).fill(0x90)).subarray(0, 3000), /truncated: \d+ bytes/],
    ['a kernel that needs more memory', bzImage([0xf4], (view) => view.setUint32(0x260, 64 << 20, true)), /needs at least 66 MiB/],
  ])('%s is refused in one line', (_what, bytes, problem) => {
    const loaded = loadLinux(image(bytes), MEMORY, () => { throw new Error('nothing may be written'); });
    expect(loaded).toMatchObject({ ok: false });
    expect(loaded.ok ? '' : loaded.problem).toMatch(problem);
  });

  test('20,000 damaged images are refused or loaded within memory', () => {
    let state = 1;
    const random = (of: number): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % of;
    for (let round = 0; round < 20_000; round++) {
      const bytes = bzImage(Array<number>(64).fill(0x90));
      for (let change = 0; change < 4; change++) bytes[0x1f0 + random(0x90)] = random(256);
      loadLinux(image(bytes.subarray(0, random(4) === 0 ? random(bytes.length) : bytes.length), { initrd: new Uint8Array(random(5000)) }), MEMORY, (physical, part) => {
        expect(physical >= 0 && physical + part.length <= MEMORY).toBe(true);
      });
    }
  });
});
