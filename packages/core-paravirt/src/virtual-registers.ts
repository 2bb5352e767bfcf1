import { Region, type Machine } from '@ringbench/machine';
import type { GuestMemory } from '@ringbench/vmm';
import { VirtualRegister } from './interface.js';

const PAGE_BYTES = 4096;

/** The virtual registers: words of the guest's page 0, which both sides access as plain memory. */
export class VirtualRegisters {
  private readonly address: number;
  private readonly view: DataView;

  /** Throws for a guest without memory. */
  constructor(private readonly machine: Machine, memory: GuestMemory) {
    const page = memory.ownPage(0);
    if (page === undefined) throw new Error('a guest without memory has no virtual registers');
    this.address = page * PAGE_BYTES;
    this.view = new DataView(machine.memory.buffer, Region.RAM + this.address, PAGE_BYTES);
  }

  /** Unsigned. */
  load(register: keyof typeof VirtualRegister): number { return this.view.getUint32(VirtualRegister[register], true); }

  store(register: keyof typeof VirtualRegister, value: number): void {
    // Through the MMU, which tells the executor should the guest run code from this page.
    this.machine.processor.mmu.storePhysical(this.address + VirtualRegister[register], value);
  }

  /** Adds events to those pending. */
  raise(events: number): void { this.store('PENDING', this.load('PENDING') | events); }
}
