import { Register, V386Block, V386ExitNumber, Word, type V386ExitName, type V386FieldName } from '@ringbench/isa';
import { Interpreter as Executor } from '@ringbench/interpreter';
import { startGuest } from '@ringbench/engine';
import { Machine, Region } from '@ringbench/machine';
import { Allocator, GuestClock, GuestMemory, HostContext, Owner, SecondLevelTables, secondLevelPages, takePage, VirtualMachine, VmmCounters } from '@ringbench/vmm';
import { ControlBlock, ExitFrame } from '../src/control-block.js';
import { ModeSwitch } from '../src/mode-switch.js';

const PAGE_BYTES = 4096;
const GUEST_PAGES = 64;
const HOST_PAGES = 4;
export const CODE = 0x8000;
const STACK = 0x10000;

/** A host with a guest in V386 mode, driven one exit at a time: the guest's program is given as bytes and runs in flat ring 0. */
export class ModeFixture {
  readonly machine: Machine;
  readonly block: ControlBlock;
  readonly guest: VirtualMachine;
  readonly secondLevel: SecondLevelTables;
  readonly switch: ModeSwitch;
  /** A page of the host's in which there is code. */
  readonly hostCode: number;
  private readonly host: HostContext;

  constructor(program: readonly number[], flags = 0) {
    const pages = HOST_PAGES + secondLevelPages(GUEST_PAGES) + GUEST_PAGES;
    this.machine = new Machine({ ramBytes: pages * PAGE_BYTES, createExecutor: (processor) => new Executor(processor) });
    const { memory, processor } = this.machine;
    const allocator = new Allocator(pages);
    this.host = new HostContext(this.machine, allocator);
    this.hostCode = takePage(allocator);
    const blockAddress = takePage(allocator);
    const machinePages = allocator.allocateMany(Owner.FIRST_VM, GUEST_PAGES) ?? [];
    const guestMemory = new GuestMemory(memory, processor.mmu, machinePages.toReversed());
    this.secondLevel = new SecondLevelTables(memory, allocator, guestMemory);
    this.block = new ControlBlock(memory, blockAddress, this.host.frameAddress(ExitFrame.WORDS));
    const clock = new GuestClock(() => processor.now());
    this.guest = new VirtualMachine({ memory: guestMemory, clock, counters: new VmmCounters(), memoryBytes: GUEST_PAGES * PAGE_BYTES, onMarker: () => {} });
    this.switch = new ModeSwitch(this.machine, this.host, this.block, this.guest, this.secondLevel.root);
    guestMemory.writeBytes(CODE, Uint8Array.from(program));
    startGuest(this.guest.processor, { entry: CODE, registers: [], codeSelector: 0x08, dataSelector: 0x10 });
    this.guest.processor.state[Register.ESP] = STACK;
    this.guest.processor.state[Word.FLAG_SYSTEM] |= flags;
  }

  /** Enters with these fields of the block as given. */
  enter(fields: Partial<Record<V386FieldName, number>> = {}): void {
    const { block } = this;
    const store = block.store.bind(block);
    // An entry writes CONTROLS itself, from the guest's devices: the test's value must win.
    block.store = (field, value) => store(field, fields[field] ?? value);
    for (const [name, value] of Object.entries(fields) as [V386FieldName, number][]) store(name, value);
    this.switch.enter();
    block.store = store;
  }

  /** Machine time. */
  get now(): number { return this.machine.processor.now(); }

  /** Runs until the guest exits, and takes the exit. */
  exit(budget = 10_000): V386ExitName {
    const stop = this.machine.run(budget);
    if (stop.kind !== 'trap-page') throw new Error(`no exit: ${stop.kind}`);
    const reason = this.switch.takeExit();
    const name = (Object.keys(V386ExitNumber) as V386ExitName[]).find((each) => V386ExitNumber[each] === reason);
    if (name === undefined) throw new Error(`no exit has the number ${reason}`);
    return name;
  }

  /** Leaves an entry's IRET to the executor: host code at `hostCode`, with the frame that `switch.enter` would use. */
  enterByExecutor(hostProgram: readonly number[]): void {
    const { machine, guest, block } = this;
    block.saveGuest(guest.processor.state, machine.processor.state);
    machine.processor.mmu.writePhysical(this.hostCode, Uint8Array.from(hostProgram));
    machine.processor.state[Register.ESP] = this.host.frameAddress(ExitFrame.WORDS - ExitFrame.EIP);
    machine.processor.state[Word.EIP] = this.hostCode;
  }

  /** Every page that is not the guest's, as its words in text. */
  hostWords(): Map<number, string> {
    const { memory } = this.machine;
    const guestPages = new Set(Array.from({ length: GUEST_PAGES }, (_, page) => this.guest.memory.machinePage(page)));
    const pages = new Map<number, string>();
    for (let page = 0; page < memory.ramBytes / PAGE_BYTES; page++) {
      if (!guestPages.has(page)) pages.set(page, new Int32Array(memory.buffer, Region.RAM + page * PAGE_BYTES, PAGE_BYTES / 4).join());
    }
    return pages;
  }

  /** EIP of the guest after an exit. */
  get eip(): number { return this.guest.processor.state[Word.EIP]; }
  register(number: number): number { return this.guest.processor.state[number]; }
  count(name: string): number { return this.machine.counts()[name] ?? 0; }

  /** The byte at a machine-physical address. */
  machineByte(physical: number): number { return this.machine.memory.bytes[Region.RAM + physical]; }
  fieldAddress(field: V386FieldName): number { return this.block.address + V386Block[field]; }
}
