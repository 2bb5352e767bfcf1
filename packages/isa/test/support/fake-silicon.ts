import { Access, CPU_MODELS, CR0, Feature, Flag, STATE_WORDS, Segment, SILICON_EVENTS, Vector, Word, refreshSegment, storeFlags } from '../../src/index.js';
import type { Silicon } from '../../src/index.js';

const MEMORY_BYTES = 1 << 20;
/** Of machines that are no longer looked at; cleared. Fresh memory costs more than all that a test does with it. */
const released: ArrayBuffer[] = [];

/** A processor around the system procedures: flat memory, linear = physical, and a log of what the procedures told the machine. */
export class FakeSilicon implements Silicon {
  readonly state = new Int32Array(STATE_WORDS);
  readonly memory = new DataView(released.pop() ?? new ArrayBuffer(MEMORY_BYTES));
  readonly log: string[] = [];
  readonly counts = new Map<string, number>();
  /** Linear pages that fault on any access, on stores only, and those that a system access may use only. */
  readonly absentPages = new Set<number>();
  readonly readOnlyPages = new Set<number>();
  readonly supervisorPages = new Set<number>();
  /** Linear pages with no second-level translation: an access is a V386 exit. */
  onSecondLevel: ((linear: number) => boolean) | undefined;
  faulted = false;
  faultVector = 0;
  faultErrorCode = 0;
  interruptsInhibited = false;
  debugInhibited = false;
  clock = 1000;
  portValue = 0x11223344;

  /** Gives the memory to the next machine: for tests that make thousands. Nobody may look at this one any more. */
  release(): void {
    const { buffer } = this.memory;
    new Uint8Array(buffer).fill(0);
    released.push(buffer);
  }

  private mayAccess(linear: number, write: boolean, system: boolean): boolean {
    if (this.faulted) throw new Error('an access was made after a fault');
    const page = linear >>> 12;
    if (this.onSecondLevel?.(linear) === true) return false;
    if (!this.absentPages.has(page) && !(write && this.readOnlyPages.has(page)) && (system || this.state[Word.CPL] < 3 || !this.supervisorPages.has(page))) return true;
    this.state[Word.CR2] = linear;
    return this.raise(Vector.PF, write ? 2 : 0);
  }

  load(linear: number, bytes: 1 | 2 | 4, system: boolean): number {
    const address = linear >>> 0;
    if (!this.mayAccess(address, false, system) || address + bytes > MEMORY_BYTES) return 0;
    if (bytes === 1) return this.memory.getUint8(address);
    return bytes === 2 ? this.memory.getUint16(address, true) : this.memory.getInt32(address, true);
  }

  store(linear: number, bytes: 1 | 2 | 4, value: number, system: boolean): void {
    const address = linear >>> 0;
    if (!this.mayAccess(address, true, system) || address + bytes > MEMORY_BYTES) return;
    if (bytes === 1) this.memory.setUint8(address, value);
    else if (bytes === 2) this.memory.setUint16(address, value, true);
    else this.memory.setInt32(address, value, true);
  }

  probeWrite(linear: number, bytes: number, system: boolean): void {
    if (this.mayAccess(linear, true, system)) this.mayAccess((linear + bytes - 1) | 0, true, system);
  }

  loadPhysical(physical: number): number {
    return physical >>> 0 < MEMORY_BYTES ? this.memory.getInt32(physical >>> 0, true) : -1;
  }

  storePhysical(physical: number, value: number): void {
    if (physical >>> 0 < MEMORY_BYTES) this.memory.setInt32(physical >>> 0, value, true);
  }

  loadPhysicalWords(physical: number, words: Int32Array, first: number, count: number): void {
    for (let index = 0; index < count; index++) words[first + index] = this.loadPhysical(physical + 4 * index);
  }

  storePhysicalWords(physical: number, words: Int32Array, first: number, count: number): void {
    for (let index = 0; index < count; index++) this.storePhysical(physical + 4 * index, words[first + index]);
  }

  raise(vector: number, errorCode: number): false {
    if (this.faulted) throw new Error('a second fault was recorded over the first');
    this.faulted = true;
    this.faultVector = vector;
    this.faultErrorCode = errorCode;
    return false;
  }

  clearFault(): void {
    this.faulted = false;
  }

  privilegeChanged(): void {
    this.log.push('privilege');
  }

  segmentChanged(segment: number): void {
    this.log.push(`segment ${segment}`);
  }

  pagingChanged(): void {
    this.log.push('paging');
  }

  flushTranslations(): void {
    this.log.push('flush');
  }

  invalidatePage(linear: number): void {
    this.log.push(`invalidate ${(linear >>> 0).toString(16)}`);
  }

  interruptFlagChanged(): void {
    this.log.push('interrupt-flag');
  }

  inhibitInterrupts(debugToo: boolean): void {
    this.log.push(debugToo ? 'inhibit with debug' : 'inhibit');
  }

  debugRegistersChanged(): void {
    this.log.push('debug registers');
  }

  debugTrap(cause: number): void {
    this.log.push(`debug trap ${cause.toString(16)}`);
  }

  alignmentChanged(): void {
    this.log.push('alignment');
  }

  settleResumption(): void {}

  now(): number {
    return this.clock;
  }

  portRead(port: number, bytes: 1 | 2 | 4): number {
    this.log.push(`in ${port.toString(16)} ${bytes}`);
    return this.portValue;
  }

  portWrite(port: number, bytes: 1 | 2 | 4, value: number): void {
    this.log.push(`out ${port.toString(16)} ${bytes} ${(value >>> 0).toString(16)}`);
  }

  halt(): void {
    this.log.push('halt');
  }

  shutdown(): void {
    this.log.push('shutdown');
  }

  count(event: number): void {
    const { name } = SILICON_EVENTS[event];
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** The recorded fault as `vector(error)`, or 'none'. */
  get fault(): string {
    return this.faulted ? `${this.faultVector}(${this.faultErrorCode})` : 'none';
  }

  word(address: number): number {
    return this.memory.getInt32(address, true);
  }

  half(address: number): number {
    return this.memory.getUint16(address, true);
  }

  setWord(address: number, value: number): void {
    this.memory.setInt32(address, value, true);
  }

  setHalf(address: number, value: number): void {
    this.memory.setUint16(address, value, true);
  }
}

/** Where the test machine keeps its tables. */
export const Place = {
  IDT: 0x1000, GDT: 0x2000, LDT: 0x3000, TSS: 0x4000, OTHER_TSS: 0x4800, STACK0: 0x8000, STACK1: 0x9000, STACK3: 0xa000, TSS16: 0x4c00, BLOCK: 0x20000, HOST_IDT: 0x21000, IO_MAP: 0x24000,
} as const;

/** Selectors of the test machine's GDT, RPL 0. */
export const Sel = {
  CODE0: 0x08, DATA0: 0x10, CODE3: 0x18, DATA3: 0x20, TSS: 0x28, LDT: 0x30, OTHER_TSS: 0x38, GATE: 0x40, CONFORMING0: 0x48, SMALL_CODE0: 0x50, ABSENT_CODE0: 0x58, READ_ONLY0: 0x60,
  ABSENT_DATA0: 0x68, TASK_GATE: 0x70, EXECUTE_ONLY0: 0x78, CODE1: 0x80, DATA1: 0x88, CODE16: 0x90, STACK16: 0x98, TSS16: 0xa0, SPARE: 0xa8, CONFORMING3: 0xb0, EXPAND_DOWN0: 0xb8, ABSENT_DATA3: 0xc0,
  LIMIT: 0xff,
} as const;

/** Access bytes without DPL. */
export const Kind = { DATA: 0x92, READ_ONLY: 0x90, EXPAND_DOWN: 0x96, CODE: 0x9a, EXECUTE_ONLY: 0x98, CONFORMING: 0x9e, LDT: 0x82, TSS32: 0x89, TSS32_BUSY: 0x8b, TSS16: 0x81, TSS16_BUSY: 0x83 } as const;
const PRESENT = 0x80;

export function putDescriptor(silicon: FakeSilicon, address: number, base: number, limit: number, access: number, sizes: number): void {
  silicon.setWord(address, (limit & 0xffff) | (base << 16));
  silicon.setWord(address + 4, ((base >>> 16) & 0xff) | (access << 8) | (limit & 0xf0000) | (sizes << 20) | (base & 0xff000000));
}

export function putGate(silicon: FakeSilicon, address: number, selector: number, offset: number, access: number, parameters = 0): void {
  silicon.setWord(address, (selector << 16) | (offset & 0xffff));
  silicon.setWord(address + 4, (offset & ~0xffff) | (access << 8) | parameters);
}

const FLAT = 0xfffff;
const BIG_PAGES = 0xc;
const dpl = (level: number): number => level << 5;

const SEGMENTS: readonly (readonly [number, number, number, number, number])[] = [
  [Sel.CODE0, 0, FLAT, Kind.CODE, BIG_PAGES], [Sel.DATA0, 0, FLAT, Kind.DATA, BIG_PAGES], [Sel.CODE3, 0, FLAT, Kind.CODE | dpl(3), BIG_PAGES], [Sel.DATA3, 0, FLAT, Kind.DATA | dpl(3), BIG_PAGES],
  [Sel.TSS, Place.TSS, 0x3ff, Kind.TSS32_BUSY, 0], [Sel.LDT, Place.LDT, 0xff, Kind.LDT, 0], [Sel.OTHER_TSS, Place.OTHER_TSS, 0x67, Kind.TSS32, 0], [Sel.CONFORMING0, 0, FLAT, Kind.CONFORMING, BIG_PAGES],
  [Sel.SMALL_CODE0, 0, 0xfff, Kind.CODE, 4], [Sel.ABSENT_CODE0, 0, FLAT, Kind.CODE & ~PRESENT, BIG_PAGES], [Sel.READ_ONLY0, 0, FLAT, Kind.READ_ONLY, BIG_PAGES],
  [Sel.ABSENT_DATA0, 0, FLAT, Kind.DATA & ~PRESENT, BIG_PAGES], [Sel.EXECUTE_ONLY0, 0, FLAT, Kind.EXECUTE_ONLY, BIG_PAGES], [Sel.CODE1, 0, FLAT, Kind.CODE | dpl(1), BIG_PAGES],
  [Sel.DATA1, 0, FLAT, Kind.DATA | dpl(1), BIG_PAGES], [Sel.CODE16, 0, 0xffff, Kind.CODE, 0], [Sel.STACK16, 0, 0xffff, Kind.DATA, 0], [Sel.TSS16, Place.TSS16, 0x2b, Kind.TSS16, 0],
  [Sel.CONFORMING3, 0, FLAT, Kind.CONFORMING | dpl(3), BIG_PAGES], [Sel.EXPAND_DOWN0, 0, 0xfff, Kind.EXPAND_DOWN, 4], [Sel.ABSENT_DATA3, 0, FLAT, (Kind.DATA & ~PRESENT) | dpl(3), BIG_PAGES],
];

/** Loads a segment register's cache straight from the GDT, without checks. */
export function force(silicon: FakeSilicon, register: number, selector: number): void {
  const { state } = silicon;
  const at = Place.GDT + (selector & ~7);
  const low = silicon.word(at);
  const high = silicon.word(at + 4);
  const limit = (low & 0xffff) | (high & 0xf0000);
  state[Word.SELECTOR + register] = selector;
  state[Word.BASE + register] = (low >>> 16) | ((high & 0xff) << 16) | (high & 0xff000000);
  state[Word.LIMIT + register] = (high & (1 << 23)) !== 0 ? (limit << 12) | 0xfff : limit;
  state[Word.ACCESS + register] = (high >>> 8) & 0xf0ff;
  refreshSegment(state, register);
}

/** A protected-mode machine running at `cpl` with flat segments, a GDT, an LDT, a TSS and an empty IDT. */
export function protectedMachine(cpl: 0 | 1 | 3 = 0, flags = 0): FakeSilicon {
  const silicon = new FakeSilicon();
  const { state } = silicon;
  for (const [selector, base, limit, access, sizes] of SEGMENTS) putDescriptor(silicon, Place.GDT + selector, base, limit, access, sizes);
  putGate(silicon, Place.GDT + Sel.TASK_GATE, Sel.OTHER_TSS, 0, 0x85 | dpl(3));
  Object.assign(state, { [Word.CR0]: CR0.PE | CR0.ET, [Word.CPL]: cpl, [Word.EIP]: 0x500, [Word.GDTR_BASE]: Place.GDT, [Word.GDTR_LIMIT]: Sel.LIMIT, [Word.IDTR_BASE]: Place.IDT, [Word.IDTR_LIMIT]: 0x7ff });
  state[Word.FEATURES] = CPU_MODELS.i686.features | Feature.V386 | Feature.FXSR;
  storeFlags(state, flags | Flag.FIXED);
  const [code, data, stack] = cpl === 0 ? [Sel.CODE0, Sel.DATA0, Place.STACK0] : cpl === 1 ? [Sel.CODE1, Sel.DATA1, Place.STACK1] : [Sel.CODE3, Sel.DATA3, Place.STACK3];
  force(silicon, Segment.CS, code | cpl);
  for (const register of [Segment.SS, Segment.DS, Segment.ES, Segment.FS, Segment.GS]) force(silicon, register, data | cpl);
  force(silicon, Segment.TR, Sel.TSS);
  force(silicon, Segment.LDTR, Sel.LDT);
  state[Word.ESP] = stack;
  silicon.setWord(Place.TSS + 4, Place.STACK0);
  silicon.setHalf(Place.TSS + 8, Sel.DATA0);
  silicon.setWord(Place.TSS + 12, Place.STACK1);
  silicon.setHalf(Place.TSS + 16, Sel.DATA1 | 1);
  return silicon;
}

/** A real-mode machine: 64 KB segments at zero but CS and SS, IVT at 0. */
export function realMachine(): FakeSilicon {
  const silicon = new FakeSilicon();
  const { state } = silicon;
  for (let register = 0; register <= Segment.GS; register++) paragraph(silicon, register, 0, 0x93);
  paragraph(silicon, Segment.CS, 0x100, 0x93);
  paragraph(silicon, Segment.SS, 0x800, 0x93);
  state[Word.SELECTOR + Segment.TR] = 0;
  state[Word.ACCESS + Segment.TR] = Access.UNUSABLE;
  state[Word.ACCESS + Segment.LDTR] = Access.UNUSABLE;
  Object.assign(state, { [Word.CR0]: CR0.ET, [Word.EIP]: 0x500, [Word.ESP]: 0x1000, [Word.IDTR_LIMIT]: 0x3ff, [Word.FEATURES]: CPU_MODELS.i686.features | Feature.V386 });
  storeFlags(state, Flag.FIXED);
  return silicon;
}

function paragraph(silicon: FakeSilicon, register: number, selector: number, access: number): void {
  const { state } = silicon;
  state[Word.SELECTOR + register] = selector;
  state[Word.BASE + register] = selector << 4;
  state[Word.LIMIT + register] = 0xffff;
  state[Word.ACCESS + register] = access;
  refreshSegment(state, register);
}

/** The protected machine in virtual-8086 mode. */
export function virtual8086Machine(iopl: number, flags = 0): FakeSilicon {
  const silicon = protectedMachine(3);
  storeFlags(silicon.state, flags | Flag.VM | Flag.FIXED | (iopl << Flag.IOPL_SHIFT));
  for (let register = 0; register <= Segment.GS; register++) paragraph(silicon, register, 0x100 + register, 0xf3);
  silicon.state[Word.ESP] = 0x800;
  return silicon;
}

/** A copy of all that a fault must leave alone. */
export function snapshot(silicon: FakeSilicon): number[] {
  const copy = [...silicon.state];
  copy[Word.CR2] = 0;
  return copy;
}
