import type { Silicon } from '@ringbench/isa';
import { ROM_BYTES, type Machine, type Pc, type PortBus } from '@ringbench/machine';
import type { GuestHost } from '@ringbench/engine';
import { Owner, type Allocator, type GuestMemory, type VirtualMachine } from '@ringbench/vmm';
import type { SecondLevelTables } from './second-level.js';

const PAGE_BYTES = 4096;
const DIRECTORY_BYTES = 4 << 20;

/** Machine pages set aside for ROM beyond the guest's memory, and for the tables that map it: one for each 4 MB that ROMs of whole pages can touch. */
export const ROM_PAGES = ROM_BYTES / PAGE_BYTES;
export const ROM_TABLE_PAGES = ROM_PAGES + 2 * Math.ceil(ROM_BYTES / DIRECTORY_BYTES);

/**
 * The virtual machine as its guest's loaders and firmware see it. A ROM of the guest is ROM of the machine: the pages that the allocator gave for it are
 * write-protected in silicon, and the second level leads the guest there. So a store to ROM is dropped without an exit, as on the machine itself (docs/decisions/0011-rom-pages.md).
 */
export class GuestPlatform implements GuestHost {
  readonly processor: Silicon;
  readonly pc: Pc;
  readonly state: Int32Array;
  readonly bus: PortBus;
  readonly ramBytes: number;
  private readonly memory: GuestMemory;

  constructor(
    private readonly guest: VirtualMachine, private readonly machine: Machine, private readonly allocator: Allocator, private readonly secondLevel: SecondLevelTables,
    private readonly onReset: () => void,
  ) {
    this.processor = guest.processor;
    this.state = guest.processor.state;
    this.pc = guest.pc;
    this.bus = guest.pc.bus;
    this.memory = guest.memory;
    this.ramBytes = guest.memory.pages * PAGE_BYTES;
  }

  readPhysical(address: number, count: number): Uint8Array {
    return this.memory.readBytes(address, count);
  }

  writePhysical(address: number, bytes: Uint8Array): void {
    this.memory.writeBytes(address, bytes);
  }

  addRom(address: number, bytes: Uint8Array, aliases: readonly number[]): void {
    const pages = bytes.length / PAGE_BYTES;
    const first = address / PAGE_BYTES;
    if (address >= this.ramBytes) this.allocate(first, pages);
    this.memory.writeBytes(address, bytes);
    for (let page = first; page < first + pages; page++) this.protect(page, aliases.map((alias) => alias / PAGE_BYTES + page - first));
    for (const alias of aliases) this.secondLevel.mapBeyond(alias / PAGE_BYTES, pages);
  }

  reset(): void {
    this.guest.reset();
    this.onReset();
  }

  private allocate(first: number, pages: number): void {
    const machinePages = this.allocator.allocateMany(Owner.FIRST_VM, pages);
    if (machinePages === undefined) throw new Error('too much ROM beyond the guest\'s memory');
    machinePages.forEach((machinePage, index) => this.memory.map(first + index, machinePage));
    this.secondLevel.mapBeyond(first, pages);
  }

  private protect(page: number, aliases: readonly number[]): void {
    const machinePage = this.memory.machinePage(page);
    if (machinePage === undefined) throw new Error(`guest page ${page} has no ROM`);
    this.machine.processor.mmu.addWindow({ start: machinePage * PAGE_BYTES, bytes: PAGE_BYTES, write: () => undefined });
    for (const alias of aliases) this.memory.map(alias, machinePage);
  }
}
