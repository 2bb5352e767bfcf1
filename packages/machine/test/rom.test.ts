import { expect, it } from 'vitest';
import { Mmu } from '../src/mmu/mmu.js';
import { Region, ROM_BYTES } from '../src/layout.js';
import { MachineMemory } from '../src/memory.js';
import { RomBank } from '../src/rom.js';

const PAGE = 4096;
const RAM_BYTES = 64 * PAGE;
const chip = (fill: number, pages = 1): Uint8Array => new Uint8Array(pages * PAGE).fill(fill);

function make(): { memory: MachineMemory; mmu: Mmu; roms: RomBank } {
  const memory = new MachineMemory(RAM_BYTES);
  const mmu = new Mmu(memory);
  return { memory, mmu, roms: new RomBank(memory, mmu) };
}

it('shows a ROM in memory, beyond it, and at an alias to loads, fetches and readers', () => {
  const { memory, mmu, roms } = make();
  roms.add(8 * PAGE, chip(0x11), [0xfff00000]);
  roms.add(0x100000, chip(0x22, 2));
  const seen = [8 * PAGE, 0xfff00000, 0x100000, 0x101ffc].map((address) => [mmu.load(address | 0, 4, false), memory.bytes[mmu.fetch(address | 0, false)], mmu.readPhysical(address, 1)[0]]);
  expect(seen).toEqual([[0x11111111, 0x11, 0x11], [0x11111111, 0x11, 0x11], [0x22222222, 0x22, 0x22], [0x22222222, 0x22, 0x22]]);
  expect([mmu.load(0x100ffe, 4, false), mmu.load(0x101ffe, 4, false) >>> 0, mmu.pageOfHost(mmu.fetch(0x100000, false))]).toEqual([0x22222222, 0xffff2222, -1]);
});

it('drops stores everywhere', () => {
  const { mmu, roms } = make();
  roms.add(8 * PAGE, chip(0x11), [0xfff00000]);
  roms.add(0x100000, chip(0x22));
  for (const address of [8 * PAGE, 0xfff00000, 0x100000]) {
    expect(mmu.store(address | 0, 4, 0, false)).toBe(true);
    mmu.writePhysical(address, chip(0));
    const before = mmu.load(address | 0, 1, false);
    expect(before).toBe(address === 0x100000 ? 0x22 : 0x11);
  }
  // Across its start, the part in memory is written.
  mmu.store(8 * PAGE - 2, 4, 0x33333333, false);
  expect(mmu.load(8 * PAGE - 2, 4, false)).toBe(0x11113333);
});

it('has room for so much beyond memory', () => {
  const { roms } = make();
  roms.add(0x100000, chip(1, ROM_BYTES / PAGE));
  expect(() => roms.add(0x800000, chip(2))).toThrow('too much ROM');
  roms.add(0, chip(3));
  expect(Region.RAM - Region.ROM).toBe(ROM_BYTES);
});
