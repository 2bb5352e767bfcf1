import { Interpreter, type HotSet } from '@ringbench/interpreter';
import { byteSource, composeFlags, CR0, decode, Flag, Register, Segment, storeFlags, storeSegmentRegister, Vector, Word, type Instruction } from '@ringbench/isa';
import { Machine, Region } from '@ringbench/machine';
import { CONDITION_READS, holds } from './silicon-conditions.ts';
import { adjustmentOf } from './silicon-deviations.ts';
import { AREAS, CODE_AT, PAGE } from './silicon-memory.ts';
import { descriptorOf, DESCRIPTORS, descriptorWords, limitOf } from './silicon-segments.ts';

/**
 * The machine on which single instructions are compared with real silicon: flat 32-bit user mode, the memory map of scripts/oracle/step.c, and a
 * kernel of one HLT behind each interrupt gate, so that a fault is seen as the guest's kernel sees it: vector, error code and frame.
 *
 * Imports packages only: plain node runs this file too (scripts/oracle/silicon.mjs).
 */

/** What became of one instruction. `vector` is 1 (#DB, the single step) when it completed; `writes` are changed bytes, address and hex. */
export interface Outcome {
  readonly vector: number;
  readonly error: number;
  readonly cr2: number;
  readonly eip: number;
  readonly registers: readonly number[];
  readonly eflags: number;
  /** Segment registers in encoding order; recordings of before they were compared lack them. */
  readonly selectors?: readonly number[];
  readonly writes: readonly (readonly [address: number, hex: string])[];
}
/** One instruction with all that it starts from, and what silicon made of it. Registers in encoding order. */
export interface SiliconCase {
  readonly mnemonic: string;
  readonly code: string;
  readonly registers: readonly number[];
  readonly eflags: number;
  /** Of the memory contents (step.c, filler). */
  readonly seed: number;
  readonly pokes: readonly (readonly [address: number, hex: string])[];
  /** ES, DS, FS, GS; flat data and null selectors where it is missing. */
  readonly segments?: readonly number[];
  readonly silicon: Outcome;
}

/** Ways of executing: alone by its handler; in a block; in a block that overwrites its flags; in a block with a conditional jump on its flags. */
export const WAYS = ['alone', 'block', 'flagless', 'fused'] as const;
export type Way = (typeof WAYS)[number];

const Physical = { DIRECTORY: 0x1000, TABLES: 0x2000, SYSTEM: 0x10000, CODE: 0x20000, DATA: 0x30000 } as const;
const RAM_BYTES = 0x100000;
/** Supervisor pages: linear address and what lies where. */
const SYSTEM = 0xc0000000;
const System = { GDT: 0, IDT: 0x100, TSS: 0x400, LDT: 0x600, HANDLERS: 0x1000, STACK_TOP: 0x3000 } as const;
const SYSTEM_PAGES = 3;
const HANDLER_BYTES = 16;
const VECTORS = 32;
/** User selectors as Linux has them. */
const Selector = { KERNEL_CODE: 0x08, KERNEL_DATA: 0x10, USER_CODE: 0x23, USER_DATA: 0x2b, TASK: 0x40 } as const;
const GDT_LIMIT = 0x7f;
const SET_SEGMENTS = [Segment.ES, Segment.DS, Segment.FS, Segment.GS] as const;
const USUAL_SEGMENTS = [Selector.USER_DATA, Selector.USER_DATA, 0, 0] as const;
const ACCESS = { USER_CODE: 0xc0fb, USER_DATA: 0xc0f3, TASK: 0x008b, LDT: 0x0082, NULL: 1 << 16 } as const;
/** I/O map base behind the limit of the TSS (SDM vol. 1, 19.5.2). */
const NO_IO_BITMAP = 0x68 << 16;
const INTERRUPT_GATE = 0x8e00;
const USER_INTERRUPT_GATE = 0xee00;

const Opcode = { NOP: 0x90, HLT: 0xf4, JCC: 0x70 } as const;
const COMPARE_EAX = [0x39, 0xc0];
const JUMP_DISPLACEMENT = 9;
/** Bits that differ for reasons of the method: the single-step flag, and RF in frames of faults. */
export const UNCOMPARED_FLAGS = Flag.TF | Flag.RF;
const EQUAL_FLAGS = Flag.ZF | Flag.PF;
const ARITHMETIC = Flag.CF | Flag.PF | Flag.AF | Flag.ZF | Flag.SF | Flag.OF;

/** Contents of a word before a case; the same function as in step.c. */
function filler(seed: number, address: number): number {
  let mixed = Math.imul(seed ^ address, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  mixed ^= mixed >>> 13;
  return (mixed & 7) === 0 ? INTERESTING_WORDS[(mixed >>> 3) & 7] : mixed;
}
const INTERESTING_WORDS = [0, -1, -0x80000000, 0x7fffffff, 1, 0x80, 0x8000, 0x7f] as const;

const fromHex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (value: number): string => (value >>> 0).toString(16);

/** The instruction of a case. Throws when the bytes do not decode, which is the generator's bug. */
export function instructionOf({ code }: { readonly code: string }): Instruction {
  const instruction = decode(byteSource(fromHex(code)), 0, { code32: true });
  if (typeof instruction === 'string') throw new Error(`${code}: ${instruction}`);
  return instruction;
}

/** A transfer or a repetition goes where no other instruction of the test's block follows. */
function leavesBlock(instruction: Instruction): boolean {
  return instruction.repeat !== 'none' || /^(j|loop|call|ret|iret|int)/.test(instruction.row.mnemonic);
}

/** Ways in which an instruction can be executed. */
export function waysOf(instruction: Instruction): readonly Way[] {
  if (leavesBlock(instruction)) return ['alone', 'block'];
  return instruction.row.traits.endsBlock === true ? ['alone', 'block'] : WAYS;
}

const SELECTOR_MASK = 0xffff;
const SHIFT_COUNT_MASK = 31;
/** Arithmetic flags that the manuals leave undefined after this very case: the row's, less what its count defines. */
export function undefinedFlags(instruction: Instruction, registers: readonly number[]): number {
  const { traits, operands } = instruction.row;
  const undefinedBits = traits.undefined ?? 0;
  if ((traits.mayWrite ?? 0) === 0 || undefinedBits === 0) return undefinedBits;
  const last = instruction.operands[operands.length - 1];
  const count = (last.kind === 'immediate' ? last.value : registers[Register.ECX]) & SHIFT_COUNT_MASK;
  if (count === 0) return 0;
  return count === 1 ? undefinedBits & ~Flag.OF : undefinedBits;
}

/** One machine with one executor. */
export class SiliconMachine {
  readonly interpreter: Interpreter;
  private readonly machine: Machine;
  private readonly areas: readonly { page: number; writable: boolean; host: number }[];
  private filledFor: SiliconCase | undefined;
  private readonly filled: Uint8Array[];
  private tables = 0;

  /** `low`: the pages below 64 KiB exist. */
  constructor(hot: HotSet, low: boolean) {
    this.machine = new Machine({ ramBytes: RAM_BYTES, createExecutor: (processor) => new Interpreter(processor, hot) });
    this.interpreter = this.machine.executor as Interpreter;
    this.areas = AREAS.filter((area) => low || !area.low).map(({ page, writable }, i) => ({ page, writable, host: Region.RAM + Physical.DATA + i * PAGE }));
    this.filled = this.areas.map(() => new Uint8Array(PAGE));
    this.mapMemory();
    this.writeTables();
    this.enterUserMode();
    storeSegmentRegister(this.machine.processor, Segment.TR, Selector.TASK, SYSTEM + System.TSS | 0, 0x67, ACCESS.TASK);
    storeSegmentRegister(this.machine.processor, Segment.LDTR, Selector.TASK + 8, (SYSTEM + System.LDT) | 0, DESCRIPTORS.length * 8 - 1, ACCESS.LDT);
  }

  private storeWord(physical: number, value: number): void { this.machine.memory.view.setInt32(Region.RAM + physical, value, true); }
  private map(linear: number, physical: number, bits: number): void {
    const entry = Physical.DIRECTORY + (linear >>> 22) * 4;
    let table = this.machine.processor.mmu.loadPhysical(entry) & ~(PAGE - 1);
    if (table === 0) {
      table = Physical.TABLES + this.tables++ * PAGE;
      this.storeWord(entry, table | 7);
    }
    this.storeWord(table + ((linear >>> 12) & 0x3ff) * 4, physical | bits);
  }
  private mapMemory(): void {
    const { processor } = this.machine;
    this.areas.forEach(({ page, writable }, i) => this.map(page, Physical.DATA + i * PAGE, writable ? 7 : 5));
    this.map(CODE_AT, Physical.CODE, 5);
    for (let i = 0; i < SYSTEM_PAGES; i++) this.map(SYSTEM + i * PAGE, Physical.SYSTEM + i * PAGE, 3);
    processor.state[Word.CR3] = Physical.DIRECTORY;
    processor.state[Word.CR0] = CR0.PE | CR0.ET | CR0.PG;
    processor.pagingChanged();
  }
  private writeTables(): void {
    const { state } = this.machine.processor;
    const descriptor = (selector: number, high: number): void => {
      this.storeWord(Physical.SYSTEM + System.GDT + selector, 0xffff);
      this.storeWord(Physical.SYSTEM + System.GDT + selector + 4, high);
    };
    descriptor(Selector.KERNEL_CODE, 0x00cf9b00);
    descriptor(Selector.KERNEL_DATA, 0x00cf9300);
    descriptor(Selector.USER_CODE & ~3, 0x00cffb00);
    descriptor(Selector.USER_DATA & ~3, 0x00cff300);
    DESCRIPTORS.forEach((entry, index) => descriptorWords(entry).forEach((value, i) => this.storeWord(Physical.SYSTEM + System.LDT + index * 8 + i * 4, value)));
    for (let vector = 0; vector < VECTORS; vector++) {
      const handler = (SYSTEM + System.HANDLERS + vector * HANDLER_BYTES) | 0;
      const gate = vector === Vector.BP || vector === Vector.OF ? USER_INTERRUPT_GATE : INTERRUPT_GATE;
      this.storeWord(Physical.SYSTEM + System.IDT + vector * 8, (Selector.KERNEL_CODE << 16) | (handler & 0xffff));
      this.storeWord(Physical.SYSTEM + System.IDT + vector * 8 + 4, (handler & ~0xffff) | gate);
      this.machine.memory.bytes[Region.RAM + Physical.SYSTEM + System.HANDLERS + vector * HANDLER_BYTES] = Opcode.HLT;
    }
    this.storeWord(Physical.SYSTEM + System.TSS + 4, (SYSTEM + System.STACK_TOP) | 0);
    this.storeWord(Physical.SYSTEM + System.TSS + 8, Selector.KERNEL_DATA);
    this.storeWord(Physical.SYSTEM + System.TSS + 0x64, NO_IO_BITMAP);
    state[Word.GDTR_BASE] = (SYSTEM + System.GDT) | 0;
    state[Word.GDTR_LIMIT] = GDT_LIMIT;
    state[Word.IDTR_BASE] = (SYSTEM + System.IDT) | 0;
    state[Word.IDTR_LIMIT] = VECTORS * 8 - 1;
  }
  private enterUserMode(): void {
    const { processor } = this.machine;
    processor.state[Word.CPL] = 3;
    storeSegmentRegister(processor, Segment.CS, Selector.USER_CODE, 0, -1, ACCESS.USER_CODE);
    storeSegmentRegister(processor, Segment.SS, Selector.USER_DATA, 0, -1, ACCESS.USER_DATA);
    processor.privilegeChanged();
    processor.halted = false;
    if (processor.faulted) processor.clearFault();
  }

  private loadDataSegments(selectors: readonly number[]): void {
    const { processor } = this.machine;
    SET_SEGMENTS.forEach((segment, i) => {
      const selector = selectors[i];
      const entry = descriptorOf(selector);
      if (selector === Selector.USER_DATA) storeSegmentRegister(processor, segment, selector, 0, -1, ACCESS.USER_DATA);
      else if (entry === undefined) storeSegmentRegister(processor, segment, selector, 0, 0, ACCESS.NULL);
      else storeSegmentRegister(processor, segment, selector, entry.base, limitOf(entry), entry.access);
    });
  }

  // ---- one case

  private fill(test: SiliconCase): void {
    if (this.filledFor === test) return;
    this.filledFor = test;
    this.areas.forEach(({ page }, i) => {
      const words = new Int32Array(this.filled[i].buffer);
      for (let at = 0; at < PAGE; at += 4) words[at >> 2] = filler(test.seed, page + at);
    });
    for (const [address, bytes] of test.pokes) this.apply(this.filled, address, bytes);
  }
  private apply(pages: readonly Uint8Array[], address: number, bytes: string): void {
    fromHex(bytes).forEach((byte, i) => {
      const at = (address + i) >>> 0;
      const area = this.areas.findIndex(({ page }) => page === at - (at % PAGE));
      if (area >= 0) pages[area][at % PAGE] = byte;
    });
  }

  /** Executes a case one way; a difference from silicon is one line each. `condition` is that of the conditional jump in the fused way. */
  differences(test: SiliconCase, way: Way, condition: number, flush: boolean): string[] {
    const { processor, memory } = this.machine;
    const instruction = instructionOf(test);
    this.fill(test);
    this.areas.forEach(({ host }, i) => memory.bytes.set(this.filled[i], host));
    const tail = this.writeCode(fromHex(test.code), way, condition);
    this.enterUserMode();
    this.loadDataSegments(test.segments ?? USUAL_SEGMENTS);
    if (flush) processor.flushTranslations();
    test.registers.forEach((value, register) => (processor.state[register] = value));
    storeFlags(processor.state, test.eflags);
    processor.state[Word.CR2] = 0;
    processor.state[Word.EIP] = way === 'alone' ? CODE_AT : CODE_AT - 1;
    this.execute(budgetOf(way, instruction));
    const seen = this.seen(CODE_AT + instruction.length + tail.length, way);
    const found = this.compare(test, way, condition, instruction, seen);
    const adjustment = found.length === 0 ? undefined : adjustmentOf(test, instruction, seen);
    if (adjustment === undefined) return found;
    this.explained.set(adjustment.reason, (this.explained.get(adjustment.reason) ?? 0) + 1);
    return this.compare({ ...test, silicon: adjustment.silicon }, way, condition, instruction, seen);
  }

  /** How often a known deviation of the silicon's explained a difference, by its reason. */
  readonly explained = new Map<string, number>();

  /** A load of a segment register can end a slice early. */
  private execute(instructions: number): void {
    const { processor } = this.machine;
    const end = processor.now() + instructions;
    for (let rounds = 0; processor.now() < end && !processor.halted && rounds <= instructions; rounds++) this.interpreter.execute(end - processor.now());
  }

  /** EFLAGS after the case executed last, undefined bits included. */
  get eflags(): number { return composeFlags(this.machine.processor.state); }

  /** Puts a NOP, the instruction, and what the way wants behind it in a page of HLT, which faults in user mode: it ends every path. */
  private writeCode(bytes: Uint8Array, way: Way, condition: number): readonly number[] {
    const tail = way === 'flagless' ? COMPARE_EAX : way === 'fused' ? [Opcode.JCC | condition, JUMP_DISPLACEMENT] : [];
    const code = new Uint8Array(64).fill(Opcode.HLT);
    code[0] = Opcode.NOP;
    code.set(bytes, 1);
    code.set(tail, 1 + bytes.length);
    this.machine.processor.mmu.writePhysical(Physical.CODE + (CODE_AT % PAGE) - 1, code);
    return tail;
  }

  /** The state of the guest's user mode, from the frame of the fault if there was one. */
  private seen(behind: number, way: Way): Outcome {
    const { state, memory } = { state: this.machine.processor.state, memory: this.machine.memory };
    const registers = Array.from(state.subarray(Register.EAX, Register.EDI + 1));
    const selectors = Array.from(state.subarray(Word.SELECTOR + Segment.ES, Word.SELECTOR + Segment.GS + 1));
    if (state[Word.CPL] === 3) return { vector: Vector.DB, error: 0, cr2: 0, eip: state[Word.EIP], registers, eflags: composeFlags(state), selectors, writes: [] };
    // A trap such as INTO's retires and ends the slice before the handler's HLT; behind a fault the HLT is done.
    const vector = Math.floor(((state[Word.EIP] >>> 0) - SYSTEM - System.HANDLERS) / HANDLER_BYTES);
    const hasError = vector === Vector.DF || (vector >= Vector.TS && vector <= Vector.PF);
    const top = Region.RAM + Physical.SYSTEM + System.STACK_TOP;
    const word = (below: number): number => memory.view.getInt32(top - below * 4, true);
    registers[Register.ESP] = word(2);
    const eip = word(5);
    selectors[Segment.SS] = word(1) & SELECTOR_MASK;
    selectors[Segment.CS] = word(4) & SELECTOR_MASK;
    const sentinel = way !== 'alone' && vector === Vector.GP && (eip === behind || eip === behind + JUMP_DISPLACEMENT);
    return { vector: sentinel ? Vector.DB : vector, error: hasError && !sentinel ? word(6) : 0, cr2: state[Word.CR2], eip, registers, eflags: word(3), selectors, writes: [] };
  }

  private compare(test: SiliconCase, way: Way, condition: number, instruction: Instruction, seen: Outcome): string[] {
    const { silicon } = test;
    const found: string[] = [];
    const differ = (what: string, ours: number, theirs: number): void => {
      if ((ours | 0) !== (theirs | 0)) found.push(`${what} ours ${hex(ours)} silicon ${hex(theirs)}`);
    };
    const completed = silicon.vector === Vector.DB;
    differ('vector', seen.vector, silicon.vector);
    if (!completed && seen.vector === silicon.vector) {
      differ('error code', seen.error, silicon.error);
      if (silicon.vector === Vector.PF) differ('cr2', seen.cr2, silicon.cr2);
    }
    silicon.registers.forEach((value, register) => {
      differ(`r${register}`, seen.registers[register], value);
    });
    silicon.selectors?.forEach((value, segment) => differ(`segment register ${segment}`, seen.selectors?.[segment] ?? 0, value));
    if (completed && seen.vector === Vector.DB) this.compareEnd(test, way, condition, instruction, seen, differ);
    else {
      differ('eip', seen.eip, silicon.eip);
      differ('eflags', seen.eflags & ~UNCOMPARED_FLAGS, silicon.eflags & ~UNCOMPARED_FLAGS);
    }
    found.push(...this.compareMemory(silicon));
    return found;
  }
  /** EIP and flags after completion, by what stands behind the instruction. */
  private compareEnd({ silicon, registers }: SiliconCase, way: Way, condition: number, instruction: Instruction, seen: Outcome, differ: (what: string, ours: number, theirs: number) => void): void {
    const masked = UNCOMPARED_FLAGS | undefinedFlags(instruction, registers);
    if (way === 'alone' || way === 'block') {
      differ('eip', seen.eip, silicon.eip);
      differ('eflags', seen.eflags & ~masked, silicon.eflags & ~masked);
    } else if (way === 'flagless') {
      differ('eip', seen.eip, silicon.eip + COMPARE_EAX.length);
      differ('eflags', seen.eflags & ~UNCOMPARED_FLAGS, (silicon.eflags & ~(UNCOMPARED_FLAGS | ARITHMETIC)) | EQUAL_FLAGS);
    } else {
      differ('eflags', seen.eflags & ~masked, silicon.eflags & ~masked);
      if ((CONDITION_READS[condition >> 1] & masked) !== 0) return;
      differ(`eip behind condition ${condition}`, seen.eip, silicon.eip + 2 + (holds(condition, silicon.eflags) ? JUMP_DISPLACEMENT : 0));
    }
  }
  private compareMemory(silicon: Outcome): string[] {
    const expected = this.filled.map((page) => page.slice());
    for (const [address, bytes] of silicon.writes) this.apply(expected, address, bytes);
    const found: string[] = [];
    this.areas.forEach(({ page, host }, i) => {
      const ours = this.machine.memory.bytes.subarray(host, host + PAGE);
      if (Buffer.compare(ours, expected[i]) === 0) return;
      const at = ours.findIndex((byte, offset) => byte !== expected[i][offset]);
      found.push(`memory at ${hex(page + at)} ours ${hex(ours[at])} silicon ${hex(expected[i][at])}`);
    });
    return found;
  }
}

/** Instructions to execute: exactly the case's, or in a block also what ends every path. */
function budgetOf(way: Way, instruction: Instruction): number {
  if (way === 'alone') return 1;
  if (leavesBlock(instruction)) return 2;
  return way === 'block' ? 3 : 4;
}

/** Keys of everything that the cases execute outside a hot loop, as far as a hot loop can have it: the hot set under test. */
export function hotSetOf(cases: readonly SiliconCase[], low: boolean): HotSet {
  const machine = new SiliconMachine({ operations: [], pairs: [] }, low);
  const operations = new Set<string>();
  const pairs = new Map<string, readonly [string, string]>();
  let previous = '';
  machine.interpreter.onMicroOp = (_u, operation) => {
    const key = operation?.code === undefined || !canBeHot(operation.key) ? '' : operation.key;
    if (key !== '') operations.add(key);
    if (/^j[a-z]{1,2}\.32:$/.test(key) && previous !== '' && key !== 'jmp.32:') pairs.set(`${previous} ${key}`, [previous, key]);
    previous = key;
  };
  cases.forEach((test, number) => {
    for (const way of waysOf(instructionOf(test))) if (way !== 'alone') machine.differences(test, way, conditionOf(number), false);
  });
  return { operations: [...operations], pairs: [...pairs.values()] };
}
/** Keys with a context (`@`, `~`) are of 16-bit addresses or segments with limits; a wide signed division has no fast form. */
function canBeHot(key: string): boolean {
  return !/[@~]/.test(key) && !key.startsWith('idiv.32:') && !/:.*g/.test(key);
}
/** The condition that the n-th case is followed by in the fused way. */
export const conditionOf = (number: number): number => number % 16;

/** Splits the cases into groups of whole mnemonics, so that one hot loop, which costs tens of milliseconds, serves many cases. */
export function groupByMnemonic(cases: readonly SiliconCase[], atLeast: number): Map<string, readonly SiliconCase[]>[] {
  const groups: Map<string, readonly SiliconCase[]>[] = [];
  let room = 0;
  for (const [mnemonic, own] of Map.groupBy(cases, (test) => test.mnemonic)) {
    if (room <= 0) {
      groups.push(new Map());
      room = atLeast;
    }
    groups[groups.length - 1].set(mnemonic, own);
    room -= own.length;
  }
  return groups;
}
