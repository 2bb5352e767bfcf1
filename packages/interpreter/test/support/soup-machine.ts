import { Interpreter, type HotSet } from '@ringbench/interpreter';
import { Access, CR0, CR4, Flag, Segment, storeFloat, storeFlags, storeSegmentRegister, Word } from '@ringbench/isa';
import { Machine, Region, type MachineOptions, type MachineStop, type MemoryPool } from '@ringbench/machine';
import { isCode32, SOUP_RAM_BYTES, soupBytes, type Soup } from './soup-programs.js';

/**
 * A machine on which soup is run: a PC with a little RAM, tables of every kind of descriptor and gate in it, and guard bytes around it. It is used again
 * for one soup after the other; devices and the instruction clock go on, so that two machines have to be given the same soups to be compared.
 */

const PAGE = 0x1000;
const WASM_PAGE = 0x10000;
const RAM_PAGES = SOUP_RAM_BYTES / PAGE;
const At = { GDT: 0x1000, IDT: 0x2000, TSS: 0x3000, DIRECTORY: 0x5000, LOW_TABLE: 0x6000, HIGH_TABLE: 0x7000, LDT: 0x8000, HANDLERS: 0x9000, CODE: 0xa000, DATA: 0x10000, STACK: 0x20000 } as const;
const GDT_ENTRIES = 32;
const LDT_ENTRIES = 8;
const VECTORS = 256;
/** Selectors of the first descriptors; those behind them are random. */
const Index = { CODE32: 1, DATA: 2, USER_CODE32: 3, USER_DATA: 4, TSS: 5, CODE16: 6, DATA16: 7, USER_CODE_SEGMENT: 8, USER_DATA_SEGMENT: 9, LDT: 10, TSS_OTHER: 11, RANDOM: 12 } as const;
const ACCESS_CODE = 0x9b, ACCESS_DATA = 0x93, USER = 0x60, FLAT = 0xc000;
const TSS_AVAILABLE = 0x89, TSS_BUSY = 0x8b, LDT_ACCESS = 0x82;
const SEGMENT_LIMIT = 0xffff;
const HANDLER_BYTES = 32;
const IO_MAP_OFFSET = 0x68;
const HIGH_LINEAR = 0x40000000;
const GUARD = 0xa5;
/** As long as the longest guard. */
const UNTOUCHED = new Uint8Array(Region.RAM - Region.ROM).fill(GUARD);

/** Handlers that step over one byte of what was interrupted: without and with an error code, 32-bit; and one of real mode. */
const STEP_OVER32 = [0xff, 0x04, 0x24, 0xcf]; // inc dword [esp]; iretd
const STEP_OVER32_ERROR = [0x83, 0xc4, 0x04, 0xff, 0x04, 0x24, 0xcf]; // add esp, 4; …
const STEP_OVER16 = [0x55, 0x89, 0xe5, 0xff, 0x46, 0x02, 0x5d, 0xcf]; // push bp; mov bp, sp; inc word [bp+2]; pop bp; iret
const VECTORS_WITH_ERROR = [8, 10, 11, 12, 13, 14, 17];

/** Seeded generator of table contents (xorshift32). */
function createDice(seed: number): { below: (n: number) => number; word: () => number } {
  let state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) | 1;
  const word = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
  return { word, below: (n) => (word() >>> 8) % n };
}

/** Memory of a machine under construction. */
class Image {
  readonly bytes = new Uint8Array(SOUP_RAM_BYTES);
  private readonly view = new DataView(this.bytes.buffer);
  word(at: number, value: number): void { this.view.setInt32(at, value, true); }
  descriptor(at: number, base: number, limit: number, access: number): void {
    this.word(at, (limit & 0xffff) | (base << 16));
    this.word(at + 4, ((base >>> 16) & 0xff) | ((access & 0xff) << 8) | (limit & 0xf0000) | ((access & 0xf000) << 8) | (base & 0xff000000));
  }
  gate(at: number, selector: number, offset: number, type: number, parameters: number): void {
    this.word(at, (selector << 16) | (offset & 0xffff));
    this.word(at + 4, (offset & ~0xffff) | (type << 8) | parameters);
  }
}

type Dice = ReturnType<typeof createDice>;

/** A descriptor of any type: often present, with a base and a limit inside memory. */
function randomDescriptor(image: Image, at: number, dice: Dice): void {
  const access = dice.word() & 0xf0ff;
  const system = (access & Access.NOT_SYSTEM) === 0;
  const present = dice.below(8) === 0 ? access : access | Access.PRESENT;
  if (system && dice.below(2) === 0) image.gate(at, dice.below(16) * 8 + dice.below(4), At.CODE + dice.below(256), present & 0xff, dice.below(32));
  else image.descriptor(at, dice.below(3) === 0 ? 0 : dice.below(At.STACK), dice.below(4) === 0 ? dice.word() & 0xfffff : 0xfffff, present);
}

function writeDescriptors(image: Image, dice: Dice): void {
  const put = (index: number, base: number, limit: number, access: number): void => image.descriptor(At.GDT + index * 8, base, limit, access);
  put(Index.CODE32, 0, 0xfffff, ACCESS_CODE | FLAT);
  put(Index.DATA, 0, 0xfffff, ACCESS_DATA | FLAT);
  put(Index.USER_CODE32, 0, 0xfffff, ACCESS_CODE | USER | FLAT);
  put(Index.USER_DATA, 0, 0xfffff, ACCESS_DATA | USER | FLAT);
  put(Index.TSS, At.TSS, 0x2067, TSS_BUSY);
  put(Index.CODE16, 0, SEGMENT_LIMIT, ACCESS_CODE);
  put(Index.DATA16, At.DATA, SEGMENT_LIMIT, ACCESS_DATA);
  put(Index.USER_CODE_SEGMENT, At.CODE, 0x3fff, ACCESS_CODE | USER | Access.BIG);
  put(Index.USER_DATA_SEGMENT, At.DATA, 0xffff, ACCESS_DATA | USER | Access.BIG);
  put(Index.LDT, At.LDT, LDT_ENTRIES * 8 - 1, LDT_ACCESS);
  put(Index.TSS_OTHER, At.TSS + 0x800, 0x67, TSS_AVAILABLE);
  for (let index = Index.RANDOM; index < GDT_ENTRIES; index++) randomDescriptor(image, At.GDT + index * 8, dice);
  for (let index = 0; index < LDT_ENTRIES; index++) randomDescriptor(image, At.LDT + index * 8, dice);
}

/** The IDT, or in real mode the vector table at 0; handlers step over what faulted, or are anywhere in the soup. */
function writeHandlers(image: Image, dice: Dice, { mode, handlersAreSoup }: Soup, codeBytes: number): void {
  image.bytes.set(STEP_OVER32, At.HANDLERS);
  image.bytes.set(STEP_OVER32_ERROR, At.HANDLERS + HANDLER_BYTES);
  image.bytes.set(STEP_OVER16, At.HANDLERS + 2 * HANDLER_BYTES);
  for (let vector = 0; vector < VECTORS; vector++) {
    const soup = handlersAreSoup || dice.below(24) === 0;
    const withError = VECTORS_WITH_ERROR.includes(vector) ? HANDLER_BYTES : 0;
    const offset = soup ? At.CODE + dice.below(codeBytes) : At.HANDLERS + withError;
    const type = soup ? 0x84 | (dice.below(4) << 5) | dice.below(12) : 0xee | dice.below(2);
    image.gate(At.IDT + vector * 8, (soup && dice.below(4) === 0 ? dice.below(GDT_ENTRIES) : Index.CODE32) * 8, offset, type, 0);
    if (mode === 'real') image.word(vector * 4, soup ? offset : At.HANDLERS + 2 * HANDLER_BYTES);
  }
}

function writeTask(image: Image, dice: Dice): void {
  for (const base of [At.TSS, At.TSS + 0x800]) {
    for (let ring = 0; ring < 3; ring++) {
      image.word(base + 4 + ring * 8, At.STACK + dice.below(8) * PAGE);
      image.word(base + 8 + ring * 8, ring === 0 ? Index.DATA * 8 : (Index.USER_DATA * 8) | ring);
    }
    image.word(base + 0x1c, At.DIRECTORY);
    image.word(base + 0x20, At.CODE + dice.below(64));
    image.word(base + 0x24, Flag.FIXED);
    for (const [offset, index] of [[0x48, Index.DATA], [0x4c, Index.CODE32], [0x50, Index.DATA], [0x54, Index.DATA]] as const) image.word(base + offset, index * 8);
    image.word(base + 0x64, IO_MAP_OFFSET << 16);
  }
}

/** The first 4 MB and 4 MB at HIGH_LINEAR, pages with all kinds of permissions; a few lead elsewhere or to no memory. */
function writePageTables(image: Image, dice: Dice): void {
  const bits = (): number => (dice.below(12) === 0 ? dice.below(8) : 7) | (dice.below(4) === 0 ? 0x100 : 0);
  image.word(At.DIRECTORY, At.LOW_TABLE | 7);
  image.word(At.DIRECTORY + (HIGH_LINEAR >>> 22) * 4, At.HIGH_TABLE | bits());
  image.word(At.DIRECTORY + 4, 0x87); // 4 MB page over everything, with CR4.PSE
  for (let page = 0; page < PAGE / 4; page++) {
    const elsewhere = dice.below(2) === 0 ? dice.below(RAM_PAGES) : RAM_PAGES - 1 + dice.below(3);
    const target = dice.below(16) === 0 ? elsewhere : page;
    const isTable = page * PAGE < At.CODE;
    image.word(At.LOW_TABLE + page * 4, isTable ? (page * PAGE) | (dice.below(8) === 0 ? 7 : 3) : (target * PAGE) | bits());
    image.word(At.HIGH_TABLE + page * 4, (dice.below(RAM_PAGES) * PAGE) | bits());
  }
}

/** Code, and data of random words of which some point into memory. */
function buildImage(soup: Soup, code: Uint8Array): Uint8Array {
  const image = new Image();
  const dice = createDice(soup.seed);
  for (let at = At.CODE; at < SOUP_RAM_BYTES; at += 4) image.word(at, dice.below(4) === 0 ? dice.below(SOUP_RAM_BYTES) : dice.word());
  for (let at = At.CODE; at + code.length < At.DATA; at += code.length) image.bytes.set(code, at);
  writeTask(image, dice);
  writeDescriptors(image, dice);
  writeHandlers(image, dice, soup, code.length);
  if (soup.mode !== 'real') writePageTables(image, dice);
  return image.bytes;
}

const ALL_DATA = [Segment.ES, Segment.SS, Segment.DS, Segment.FS, Segment.GS] as const;

/** What a run of a soup came to: everything that must not depend on how it was executed. */
export interface SoupResult {
  readonly stop: MachineStop['kind'];
  readonly retired: number;
}

export class SoupMachine {
  readonly machine: Machine;
  readonly interpreter: Interpreter;
  readonly ram: Uint8Array;
  private startedAt = 0;

  constructor(hot: HotSet, createExecutor: MachineOptions['createExecutor'] = (processor) => new Interpreter(processor, hot), memories?: MemoryPool) {
    this.machine = new Machine({ ramBytes: SOUP_RAM_BYTES, createExecutor, ...(memories === undefined ? {} : { memories }) });
    this.interpreter = this.machine.executor as Interpreter;
    this.ram = this.machine.memory.bytes.subarray(Region.RAM, Region.RAM + SOUP_RAM_BYTES);
    for (const [from, to] of this.guards()) this.machine.memory.bytes.fill(GUARD, from, to);
  }

  /** What belongs to nobody in linear memory: behind state, counters and bounce area, ROM, which this machine lacks, and behind RAM. */
  private guards(): (readonly [from: number, to: number])[] {
    const { memory } = this.machine;
    const behind = Math.ceil((Region.RAM + SOUP_RAM_BYTES) / WASM_PAGE) * WASM_PAGE;
    return [
      [Region.STATE + memory.state.byteLength, Region.COUNTS], [Region.COUNTS + memory.counts.byteLength, Region.BOUNCE], [Region.BOUNCE + 64, Region.OPEN_BUS], [Region.ROM, Region.RAM], [Region.RAM + SOUP_RAM_BYTES, behind],
    ];
  }
  /** Guard bytes that changed, as a text each. */
  guardViolations(): string[] {
    const { bytes } = this.machine.memory;
    const found = this.guards().flatMap(([from, to]) => {
      const own = bytes.subarray(from, to);
      if (Buffer.compare(own, UNTOUCHED.subarray(0, to - from)) === 0) return [];
      const at = own.findIndex((byte) => byte !== GUARD);
      return [`linear memory at ${(from + at).toString(16)} was written`];
    });
    if (bytes.subarray(Region.OPEN_BUS, Region.OPEN_BUS + PAGE).some((byte) => byte !== 0xff)) found.push('the open bus was written');
    return found;
  }

  /** Puts memory and processor into a soup's start. */
  load(soup: Soup): void {
    const { machine } = this;
    const { processor } = machine;
    const { state } = processor;
    if (processor.faulted) processor.clearFault();
    processor.halted = processor.inShutdown = processor.livelocked = false;
    const code = soupBytes(soup);
    processor.mmu.writePhysical(0, buildImage(soup, code));
    // What is set once and for all stays: features, and what belongs to the privilege levels.
    state[Word.IN_V386] = state[Word.V386_BLOCK] = state[Word.SECOND_LEVEL_ROOT] = 0;
    storeFloat(state, Word.V386_DEADLINE, Infinity);
    storeFloat(state, Word.TSC_OFFSET, 0);
    state.fill(0, Word.CR0, Word.GDTR_BASE);
    state.fill(0, Word.SYSENTER_CS, Word.SYSENTER_EIP + 1);
    state[Word.X87_CONTROL] = 0x37f;
    state.fill(0, Word.X87_STATUS, Word.X87_REGISTERS + 24);
    soup.registers.forEach((value, register) => (state[register] = value));
    this.enter(soup);
    processor.interruptFlagChanged();
    this.startedAt = machine.retired;
  }
  private enter(soup: Soup): void {
    const { processor } = this.machine;
    const { state } = processor;
    const { mode } = soup;
    const virtual = mode.endsWith('virtual8086');
    const user = mode.endsWith('user') || virtual;
    const paged = mode.startsWith('paged');
    const freeFlags = Flag.CF | Flag.PF | Flag.AF | Flag.ZF | Flag.SF | Flag.DF | Flag.OF | Flag.IOPL | Flag.NT | (soup.seed % 8 === 0 ? Flag.TF | Flag.IF | Flag.AC : 0);
    storeFlags(state, (soup.flags & freeFlags) | Flag.FIXED | (virtual ? Flag.VM : 0));
    state[Word.CR3] = At.DIRECTORY;
    state[Word.CR4] = paged ? CR4.PSE | ((soup.seed & 8) !== 0 ? CR4.PGE : 0) : 0;
    state[Word.CR0] = CR0.ET | CR0.NE | (mode === 'real' ? 0 : CR0.PE) | (paged ? CR0.PG : 0) | ((soup.seed & 16) !== 0 ? CR0.WP : 0) | ((soup.seed & 32) !== 0 ? CR0.AM : 0);
    state[Word.CPL] = user ? 3 : 0;
    state[Word.GDTR_BASE] = At.GDT;
    state[Word.GDTR_LIMIT] = GDT_ENTRIES * 8 - 1;
    state[Word.IDTR_BASE] = mode === 'real' ? 0 : At.IDT;
    state[Word.IDTR_LIMIT] = VECTORS * (mode === 'real' ? 4 : 8) - 1;
    processor.pagingChanged();
    processor.flushTranslations();
    processor.privilegeChanged();
    processor.alignmentChanged();
    this.loadSegments(soup, user);
  }
  private loadSegments({ mode }: Soup, user: boolean): void {
    const { processor } = this.machine;
    const { state } = processor;
    const store = (segment: (typeof Segment)[keyof typeof Segment], selector: number, base: number, limit: number, access: number): void => storeSegmentRegister(processor, segment, selector, base, limit, access);
    store(Segment.TR, Index.TSS * 8, At.TSS, 0x2067, TSS_BUSY);
    store(Segment.LDTR, Index.LDT * 8, At.LDT, LDT_ENTRIES * 8 - 1, LDT_ACCESS);
    state[Word.EIP] = At.CODE;
    const level = user ? 3 : 0;
    if (mode === 'real' || mode.endsWith('virtual8086')) {
      store(Segment.CS, 0, 0, SEGMENT_LIMIT, mode === 'real' ? ACCESS_DATA : ACCESS_DATA | USER);
      for (const segment of ALL_DATA) store(segment, At.DATA >>> 4, At.DATA, SEGMENT_LIMIT, mode === 'real' ? ACCESS_DATA : ACCESS_DATA | USER);
    } else if (mode.startsWith('segmented')) {
      const big = isCode32(mode) ? Access.BIG : 0;
      const [code, data] = user ? [Index.USER_CODE_SEGMENT, Index.USER_DATA_SEGMENT] : [Index.CODE16, Index.DATA16];
      store(Segment.CS, code * 8 | level, user ? At.CODE : 0, user ? 0x3fff : SEGMENT_LIMIT, ACCESS_CODE | (user ? USER : 0) | big);
      for (const segment of ALL_DATA) store(segment, data * 8 | level, At.DATA, SEGMENT_LIMIT, ACCESS_DATA | (user ? USER : 0) | big);
      if (user) state[Word.EIP] = 0;
    } else {
      const [code, data] = user ? [Index.USER_CODE32, Index.USER_DATA] : [Index.CODE32, Index.DATA];
      store(Segment.CS, code * 8 | level, 0, -1, ACCESS_CODE | (user ? USER : 0) | FLAT);
      for (const segment of ALL_DATA) store(segment, data * 8 | level, 0, -1, ACCESS_DATA | (user ? USER : 0) | FLAT);
    }
  }

  get retired(): number { return this.machine.retired - this.startedAt; }

  /** Runs until `budget` instructions of the soup have retired or the machine stops by itself, in slices of the given lengths over and over. */
  run(budget: number, slices: readonly number[]): SoupResult {
    for (let i = 0; ; i++) {
      const left = budget - this.retired;
      if (left <= 0) return { stop: 'budget', retired: this.retired };
      const stop = this.machine.run(Math.min(left, slices[i % slices.length]));
      if (stop.kind !== 'budget') return { stop: stop.kind, retired: this.retired };
    }
  }
}
