import type { Silicon } from '@ringbench/isa';
import { ROM_BYTES, type Machine, type Pc, type PortBus } from '@ringbench/machine';
import type { GuestHost } from '@ringbench/engine';
import { Owner, type Allocator } from './allocator.js';
import type { GuestMemory } from './guest-memory.js';
import type { VirtualMachine } from './virtual-machine.js';

const PAGE_BYTES = 4096;

/** Machine pages set aside for ROM beyond the guest's memory. */
export const ROM_PAGES = ROM_BYTES / PAGE_BYTES;

/** What the technique has to do besides. */
export interface PlatformEvents {
  /** `count` guest-physical pages from `first` on lead elsewhere than before. */
  readonly onMapped: (first: number, count: number) => void;
  /** The guest's processor and devices were reset. */
  readonly onReset: () => void;
}

/**
 * The virtual machine as its guest's loaders and firmware see it. A ROM of the guest is ROM of the machine: the pages that the allocator gave for it are
 * write-protected in silicon, and the technique's translation leads the guest there. So a store to ROM is dropped without an exit, as on the machine itself (docs/decisions/0011-rom-pages.md).
 */
export class GuestPlatform implements GuestHost {
  readonly processor: Silicon;
  readonly pc: Pc;
  readonly state: Int32Array;
  readonly bus: PortBus;
  readonly ramBytes: number;
  private readonly memory: GuestMemory;

  constructor(
    private readonly guest: VirtualMachine, private readonly machine: Machine, private readonly allocator: Allocator, private readonly events: PlatformEvents,
    private readonly owner: number = Owner.FIRST_VM,
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
    for (const alias of aliases) this.events.onMapped(alias / PAGE_BYTES, pages);
  }

  reset(): void {
    this.guest.reset();
    this.events.onReset();
  }

  private allocate(first: number, pages: number): void {
    const machinePages = this.allocator.allocateMany(this.owner, pages);
    if (machinePages === undefined) throw new Error('too much ROM beyond the guest\'s memory');
    machinePages.forEach((machinePage, index) => this.memory.map(first + index, machinePage));
    this.events.onMapped(first, pages);
  }

  private protect(page: number, aliases: readonly number[]): void {
    const machinePage = this.memory.ownPage(page);
    if (machinePage === undefined) throw new Error(`guest page ${page} has no ROM`);
    this.machine.processor.mmu.addWindow({ start: machinePage * PAGE_BYTES, bytes: PAGE_BYTES, write: () => undefined });
    for (const alias of aliases) this.memory.map(alias, machinePage);
  }
}
