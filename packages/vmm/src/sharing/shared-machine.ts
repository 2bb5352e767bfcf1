import { SILICON_EVENTS } from '@ringbench/isa';
import type { GuestSite, SharedUse } from '@ringbench/engine';
import { Machine, type MachineOptions } from '@ringbench/machine';
import { Allocator, Owner, OwnersAllocator } from '../allocator.js';
import { DeviceAllocator } from '../devices/device-allocator.js';
import { takePage } from '../host-context.js';
import { ProcessorContext } from './processor-context.js';
import { SharedPages } from './shared-pages.js';
import type { Tenancy } from './tenancy.js';

const PAGE_BYTES = 4096;
const ZEROS = new Uint8Array(PAGE_BYTES);

/** What every virtual machine of a machine must agree on. */
export type SharedSilicon = Pick<MachineOptions, 'features' | 'cpu' | 'createExecutor'>;

/**
 * A machine that many virtual machines share: one memory, of which each has what it touched; one processor, which one has at a time; one executor, whose decoded
 * code serves all that show the same page. The first of them decides what the processor is.
 */
export class SharedMachine implements GuestSite {
  readonly allocator: Allocator;
  readonly devices = new DeviceAllocator();
  private made: { readonly machine: Machine; readonly pages: SharedPages; readonly trapAddress: number; readonly start: ProcessorContext } | undefined;
  /** Who has the processor. */
  private seated: Tenancy | undefined = undefined;
  /** The machine is nearly out of pages and this owner asks for one: whoever runs the machine may take some from another. */
  onScarce: ((owner: number) => void) | undefined = undefined;
  private readonly freeOwners: number[] = [];
  private nextOwner: number = Owner.FIRST_VM;

  /** `ramBytes`: the machine's memory, a multiple of 4096, at most some 1.9 GiB. */
  constructor(readonly ramBytes: number) {
    this.allocator = new Allocator(ramBytes / PAGE_BYTES);
  }

  /** The machine, made at the first call. */
  open(silicon: SharedSilicon): Machine {
    if (this.made === undefined) {
      const machine = new Machine({ ...silicon, ramBytes: this.ramBytes, onMarker: (value) => this.seated?.mark(value) });
      const trapAddress = takePage(this.allocator);
      const start = new ProcessorContext();
      start.save(machine);
      this.made = { machine, pages: new SharedPages(machine, this.allocator), trapAddress, start };
    }
    return this.made.machine;
  }

  private get parts() {
    if (this.made === undefined) throw new Error('nobody has a place on this machine yet');
    return this.made;
  }
  get machine(): Machine { return this.parts.machine; }
  get pages(): SharedPages { return this.parts.pages; }
  /** Where all monitors have their entry points. */
  get trapAddress(): number { return this.parts.trapAddress; }

  get use(): SharedUse {
    const { free } = this.allocator;
    return { pages: this.ramBytes / PAGE_BYTES, free, shared: this.made?.pages.size ?? 0 };
  }

  /** A place for another virtual machine: an allocator with an owner's number, and the processor as after power-on. Undefined: there are as many as can be numbered. */
  admit(tenancy: Tenancy): OwnersAllocator | undefined {
    const owner = this.freeOwners.pop() ?? (this.nextOwner < Owner.SHARED ? this.nextOwner++ : undefined);
    if (owner === undefined) return undefined;
    this.seated?.suspend();
    this.seated = tenancy;
    this.parts.start.load(this.machine);
    this.machine.memory.counts.fill(0, 0, SILICON_EVENTS.length);
    return new OwnersAllocator(this.allocator, owner, () => this.onScarce?.(owner));
  }

  /** Gives the processor to a virtual machine; true unless it has it. */
  seat(tenancy: Tenancy): boolean {
    if (this.seated === tenancy) return false;
    this.seated?.suspend();
    this.seated = tenancy;
    return true;
  }
  isSeated(tenancy: Tenancy): boolean { return this.seated === tenancy; }

  /** Everything of a tenant's goes back, wiped. */
  evict(tenancy: Tenancy): void {
    if (this.seated === tenancy) this.seated = undefined;
    const { allocator } = tenancy;
    for (const page of allocator.pages) this.giveBack(page, allocator);
    this.freeOwners.push(allocator.owner);
  }

  /** Wipes a page, because whoever gets it next must find zeros, and takes it back. */
  giveBack(page: number, to: Allocator, owner: number = Owner.SHARED): void {
    this.machine.processor.mmu.writePhysical(page * PAGE_BYTES, ZEROS);
    to.release(page, owner);
  }

  /** One guest page less shows a shared page. */
  unshare(machinePage: number): void {
    if (this.pages.unshare(machinePage)) this.giveBack(machinePage, this.allocator);
  }
}
