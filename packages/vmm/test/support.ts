import { CR0, Word } from '@ringbench/isa';
import { startGuest } from '@ringbench/engine';
import { Interpreter as Executor } from '@ringbench/interpreter';
import { Machine, type PcEquipment } from '@ringbench/machine';
import { Allocator, GuestClock, GuestMemory, HostContext, Owner, VirtualMachine, VmmCounters, type VirtualMachineOptions } from '../src/index.js';

const PAGE_BYTES = 4096;
const GUEST_PAGES = 32;
const HOST_PAGES = 2;
export const PAGE_DIRECTORY = 0x2000;
export const PAGE_TABLE = 0x3000;

/** A machine with a VMM's tables in place and a virtual machine whose instructions tests interpret; nothing executes. */
export class VmFixture {
  readonly machine = new Machine({ ramBytes: (HOST_PAGES + GUEST_PAGES) * PAGE_BYTES, createExecutor: (processor) => new Executor(processor) });
  readonly allocator = new Allocator(HOST_PAGES + GUEST_PAGES);
  readonly host = new HostContext(this.machine, this.allocator);
  readonly counters = new VmmCounters();
  readonly clock = new GuestClock(() => 0);
  readonly memory: GuestMemory;
  readonly vm: VirtualMachine;
  readonly markers: number[] = [];
  console = '';

  constructor(equipment: PcEquipment = {}, onStore?: VirtualMachineOptions['onStore']) {
    const pages = this.allocator.allocateMany(Owner.FIRST_VM, GUEST_PAGES) ?? [];
    this.memory = new GuestMemory(this.machine.memory, this.machine.processor.mmu, pages.toReversed());
    const { memory, clock, counters } = this;
    this.vm = new VirtualMachine({
      ...equipment, ...(onStore === undefined ? {} : { onStore }), memory, clock, counters, memoryBytes: GUEST_PAGES * PAGE_BYTES, onMarker: (value) => this.markers.push(value), onConsole: (byte) => (this.console += String.fromCharCode(byte)),
    });
    startGuest(this.vm.processor, { entry: 0x1000, registers: [], codeSelector: 0x08, dataSelector: 0x10 });
  }

  get state(): Int32Array { return this.vm.processor.state; }

  /** Turns guest paging on with an identity mapping of the first pages; entries in `other` replace it. */
  page(other: Readonly<Record<number, number>> = {}): void {
    this.memory.write(PAGE_DIRECTORY >>> 12, 0, 4, PAGE_TABLE | 7);
    for (let page = 0; page < GUEST_PAGES; page++) this.setEntry(page, (page << 12) | 7);
    for (const [page, entry] of Object.entries(other)) this.setEntry(Number(page), entry);
    this.state[Word.CR3] = PAGE_DIRECTORY;
    this.state[Word.CR0] |= CR0.PG | CR0.WP;
  }
  setEntry(page: number, entry: number): void {
    this.memory.write(PAGE_TABLE >>> 12, page * 4, 4, entry);
  }
  entry(page: number): number {
    return this.memory.read(PAGE_TABLE >>> 12, page * 4, 4);
  }
}
