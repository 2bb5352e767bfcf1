import { CR0, Flag, Segment, storeFlags, storeSegmentRegister, Vector, Word } from '@ringbench/isa';
import { DATA_SEGMENTS, FLAT_CODE_ACCESS, FLAT_DATA_ACCESS, NO_LIMIT } from '@ringbench/engine';
import { Region, type Machine, type PortRange } from '@ringbench/machine';
import { Owner, type Allocator } from './allocator.js';
import { PortMap } from './devices/port-map.js';

const PAGE_BYTES = 4096;
const WORD_BYTES = 4;
const GATE_BYTES = 8;
const VECTORS = 256;
/** Access bytes (SDM vol. 3, 3.4.5.1 and 6.11): a present ring-0 32-bit interrupt gate and a busy 32-bit TSS. */
const INTERRUPT_GATE = 0x8e00;
const PRESENT_GATE = 0x8000;
const BUSY_TSS = 0x8b;
const AVAILABLE_TSS = 0x89;
const TSS_BYTES = 0x68;
/** ESP0; SS0 follows it (SDM vol. 3, figure 7-2). */
const TSS_STACK0 = 4;
/** LDT selector; T bit and base of the I/O permission map. */
const TSS_LAST_WORDS = 0x60;
/** The map begins behind the TSS proper and has the ports of ISA devices; those above are closed as if their bits were set. It ends with a byte of ones (SDM vol. 1, 19.5.2). */
const MAPPED_PORTS = 0x400;
const PORTS_PER_BYTE = 8;
const MAP_BYTES = MAPPED_PORTS / PORTS_PER_BYTE + 1;
const TSS_LIMIT = TSS_BYTES + MAP_BYTES - 1;
/** Base of a map where the segment ends: there is none, and every port access of ring 3 faults. */
const NO_MAP = TSS_LIMIT + 1;
const Selector = { CODE: 0x08, DATA: 0x10, TSS: 0x18, STACK: 0x20, LDT: 0x28, LIMIT: 0x2f } as const;
/** The TI bit of a selector: it is of the LDT (SDM vol. 3, 3.4.2). */
const LOCAL = 4;
const LDT_TYPE = 0x82;
const SHADOWED_REGISTERS = 6;
const USER_LEVEL = 3;
const DESCRIPTOR_BYTES = 8;
const UPPER_HALF = 0xffff0000;
/** Where tables and stack lie in their page. It is one page, so that a trap finds all it needs with one translation. */
const GDT = 0;
const LDT = 0x30;
const TSS = 0x100;
const LDT_LIMIT = SHADOWED_REGISTERS * DESCRIPTOR_BYTES - 1;
const STACK_TOP = 0x800;
const IDT = 0x800;
/** Flat 4 GB segment descriptors with 4 KB granularity. */
const FLAT_LOW = 0x0000ffff;
const FLAT_HIGH_CODE = 0x00cf9b00;
const FLAT_HIGH_DATA = 0x00cf9300;

/**
 * The VMM's own place on the machine: descriptor tables, stack, and the page of entry points to which every gate of the IDT leads. It runs in ring 0 of
 * flat protected mode, without paging or, under a guest's shadow page tables, through a window of two linear pages. The entry point of vector v is byte v of the trap page; the executor stops there and the Dispatcher goes on.
 */
export class HostContext {
  /** Machine-physical addresses of the two pages. */
  readonly tables: number;
  readonly trapAddress: number;
  private readonly stackTop: number;
  /** Where the processor finds them: linear addresses, the same while paging is off. */
  private linearTables: number;
  private linearTrap: number;
  /** Where ring 3 finds a map of ports. */
  private arePortsOpen = false;
  /** The gate of debug exceptions is present. */
  private isDebugGateOpen = true;

  /** `trapAddress`: machine-physical address of a trap page that others have too; absent, it takes one. */
  constructor(private readonly machine: Machine, allocator: Allocator, trapAddress?: number) {
    this.tables = takePage(allocator);
    this.stackTop = this.tables + STACK_TOP;
    this.trapAddress = trapAddress ?? takePage(allocator);
    this.linearTables = this.tables;
    this.linearTrap = this.trapAddress;
    new PortMap(machine.memory, this.tables + TSS + TSS_BYTES, MAP_BYTES).closeAll();
    this.writeTables();
    this.takeProcessor();
    machine.executor.trapPage = this.trapAddress / PAGE_BYTES;
  }

  /** Index in the machine's memory words of the word at a machine-physical address. */
  static wordIndex(physical: number): number {
    return (Region.RAM + physical) / WORD_BYTES;
  }

  /** Machine-physical address of the IDT, for monitors that open gates to ring 3. `relocate` writes it anew. */
  get interruptTable(): number {
    return this.tables + IDT;
  }

  /** The vector at whose entry point the processor stands. Throws when it is elsewhere. */
  trappedVector(): number {
    const vector = (this.machine.processor.state[Word.EIP] >>> 0) - (this.linearTrap >>> 0);
    if (vector < 0 || vector >= VECTORS) throw new Error(`the VMM was left at EIP ${this.machine.processor.state[Word.EIP].toString(16)}`);
    return vector;
  }

  /** Machine-physical address of a frame of `words` words that an event from the guest left on the VMM's stack: its lowest word. */
  frameAddress(words: number): number {
    return this.stackTop - words * WORD_BYTES;
  }

  /** Linear stack pointer of such a frame. */
  framePointer(words: number): number {
    return (this.linearTables + STACK_TOP - words * WORD_BYTES) | 0;
  }

  /**
   * IRET to a 16-bit stack leaves the upper half of ESP as it was in ring 0 (SDM vol. 2, IRET), which would be the monitor's. This describes a stack whose
   * base is such that ESP can have the guest's upper half while it points to the frame: the selector for SS, and the value for ESP.
   */
  stackFor(upperHalf: number, words: number): { readonly selector: number; readonly pointer: number } {
    const linear = this.framePointer(words);
    const pointer = (upperHalf & UPPER_HALF) | (linear & ~UPPER_HALF);
    const base = (linear - pointer) | 0;
    this.put(GDT + Selector.STACK, FLAT_LOW | (base << 16), ((base >>> 16) & 0xff) | FLAT_HIGH_DATA | (base & 0xff000000));
    return { selector: Selector.STACK, pointer };
  }

  /**
   * Selector, with RPL 3, of the entry that shadows what a segment register of a deprivileged guest holds. It is one of the LDT, as hardly any guest's is:
   * where segment loads do not trap, the guest's own selectors are then of no segment that ring 3 may have, and fault.
   */
  shadowSelector(segment: number): number {
    return (segment * DESCRIPTOR_BYTES) | LOCAL | USER_LEVEL;
  }

  /** Writes that entry. */
  writeShadow(segment: number, low: number, high: number): void {
    this.put(LDT + segment * DESCRIPTOR_BYTES, low, high);
  }

  /**
   * With paging, the VMM's two pages are seen through a window of the linear address space: puts everything that names a linear address there. The caller
   * has mapped `linear` to the tables and the page behind it to the trap page.
   */
  relocate(linear: number): void {
    this.linearTables = linear;
    this.linearTrap = (linear + PAGE_BYTES) | 0;
    this.writeTables();
    const { processor } = this.machine;
    this.loadTables();
    storeSegmentRegister(processor, Segment.TR, Selector.TSS, (linear + TSS) | 0, TSS_LIMIT, BUSY_TSS);
    storeSegmentRegister(processor, Segment.LDTR, Selector.LDT, (linear + LDT) | 0, LDT_LIMIT, LDT_TYPE);
  }

  /** Lets ring 3 through to ports below MAPPED_PORTS whenever `openPorts(true)` holds. */
  allowPorts(range: PortRange): void {
    new PortMap(this.machine.memory, this.tables + TSS + TSS_BYTES, MAP_BYTES).allow(range);
  }

  /** Shows the silicon the map of ports, or none, so that every access of ring 3 faults. */
  openPorts(open: boolean): void {
    if (open === this.arePortsOpen) return;
    this.arePortsOpen = open;
    this.writeMapBase();
  }

  /**
   * Whether the gate of debug exceptions is present. Where it is not, what would have gone through it is #NP, with an error code that names the gate and EIP at the
   * instruction that asked for it (SDM vol. 3, 6.13).
   */
  openDebugGate(open: boolean): void {
    if (open === this.isDebugGateOpen) return;
    this.isDebugGateOpen = open;
    this.writeGate(Vector.DB);
  }

  private writeGate(vector: number): void {
    const entry = this.linearTrap + vector;
    const type = vector === Vector.DB && !this.isDebugGateOpen ? INTERRUPT_GATE & ~PRESENT_GATE : INTERRUPT_GATE;
    this.put(IDT + vector * GATE_BYTES, (Selector.CODE << 16) | (entry & 0xffff), (entry & 0xffff0000) | type);
  }

  private writeMapBase(): void {
    this.put(TSS + TSS_LAST_WORDS, 0, (this.arePortsOpen ? TSS_BYTES : NO_MAP) << 16);
  }

  private put(at: number, low: number, high: number): void {
    const { words } = this.machine.memory;
    const index = HostContext.wordIndex(this.tables + at);
    words[index] = low;
    words[index + 1] = high;
  }

  private writeTables(): void {
    this.put(GDT + Selector.CODE, FLAT_LOW, FLAT_HIGH_CODE);
    this.put(GDT + Selector.DATA, FLAT_LOW, FLAT_HIGH_DATA);
    const tss = this.linearTables + TSS;
    this.put(GDT + Selector.TSS, TSS_LIMIT | (tss << 16), ((tss >>> 16) & 0xff) | (AVAILABLE_TSS << 8) | (tss & 0xff000000));
    const ldt = this.linearTables + LDT;
    this.put(GDT + Selector.LDT, LDT_LIMIT | (ldt << 16), ((ldt >>> 16) & 0xff) | (LDT_TYPE << 8) | (ldt & 0xff000000));
    this.put(TSS + TSS_STACK0, this.linearTables + STACK_TOP, Selector.DATA);
    this.writeMapBase();
    for (let vector = 0; vector < VECTORS; vector++) this.writeGate(vector);
  }

  /** LGDT and LIDT. */
  private loadTables(): void {
    const { state } = this.machine.processor;
    state[Word.GDTR_BASE] = this.linearTables + GDT;
    state[Word.GDTR_LIMIT] = Selector.LIMIT;
    state[Word.IDTR_BASE] = this.linearTables + IDT;
    state[Word.IDTR_LIMIT] = VECTORS * GATE_BYTES - 1;
  }

  /** What the VMM's boot code would have done with LGDT, LIDT, LLDT, LTR and loads of the segment registers. */
  private takeProcessor(): void {
    const { processor } = this.machine;
    const { state } = processor;
    state[Word.CR0] = CR0.PE | CR0.ET;
    state[Word.CPL] = 0;
    storeFlags(state, Flag.FIXED);
    this.loadTables();
    processor.privilegeChanged();
    storeSegmentRegister(processor, Segment.CS, Selector.CODE, 0, NO_LIMIT, FLAT_CODE_ACCESS);
    for (const segment of DATA_SEGMENTS) storeSegmentRegister(processor, segment, Selector.DATA, 0, NO_LIMIT, FLAT_DATA_ACCESS);
    storeSegmentRegister(processor, Segment.TR, Selector.TSS, this.tables + TSS, TSS_LIMIT, BUSY_TSS);
    storeSegmentRegister(processor, Segment.LDTR, Selector.LDT, this.tables + LDT, LDT_LIMIT, LDT_TYPE);
    state[Word.ESP] = this.stackTop;
    state[Word.EIP] = this.trapAddress;
  }
}

/** Machine-physical address of a zeroed page for the VMM. Throws when there is none: the machine was built too small. */
export function takePage(allocator: Allocator): number {
  const page = allocator.allocate(Owner.VMM);
  if (page === undefined) throw new Error('the machine was built without enough memory for its VMM');
  return page * PAGE_BYTES;
}
