import { describe, expect, it } from 'vitest';
import { digestMemory } from '@ringbench/engine';
import { VmFixture } from './support.js';

describe('GuestMemory', () => {
  it('reads what it wrote, in every width, at pages of its own', () => {
    const { memory } = new VmFixture();
    memory.write(5, 0x10, 4, 0x12345678);
    memory.write(5, 0x11, 1, 0xab);
    memory.write(5, 0x12, 2, 0x9999);
    expect([memory.read(5, 0x10, 4), memory.read(5, 0x10, 2), memory.read(5, 0x11, 1)]).toEqual([0x9999ab78 | 0, 0xab78, 0xab]);
  });

  it('has ones and no effect beyond its end', () => {
    const { memory } = new VmFixture();
    memory.write(32, 0, 4, 0);
    memory.writeBytes(0x1ffff, Uint8Array.from([1, 2, 3]));
    expect([memory.read(32, 0, 4), memory.read(0xfffff, 0, 2), memory.read(32, 0, 1), memory.read(31, 0xfff, 1)]).toEqual([-1, 0xffff, 0xff, 1]);
  });

  it('writes bytes across pages that are no neighbours in the machine', () => {
    const { memory } = new VmFixture();
    memory.writeBytes(0x2ffe, Uint8Array.from([1, 2, 3, 4]));
    expect([memory.read(2, 0xffe, 2), memory.read(3, 0, 2)]).toEqual([0x0201, 0x0403]);
    expect(memory.machinePage(3)).not.toBe((memory.machinePage(2) ?? 0) + 1);
  });

  it('has the digest that the same bytes have in one piece', () => {
    const { memory } = new VmFixture();
    const flat = new Uint8Array(memory.pages * 4096);
    for (let i = 0; i < flat.length; i += 97) flat[i] = i * 31;
    memory.writeBytes(0, flat);
    expect(memory.digest()).toBe(digestMemory(new Int32Array(flat.buffer)));
    memory.write(17, 8, 1, 0xee);
    expect(memory.digest()).not.toBe(digestMemory(new Int32Array(flat.buffer)));
  });
});
