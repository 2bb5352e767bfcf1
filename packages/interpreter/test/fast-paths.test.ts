import { Interpreter, HOT_SET } from '@ringbench/interpreter';
import { byteSource, COUNTED_INSTRUCTIONS, CR0, decode, eventIndex, Flag, refreshSegment, Segment, SEMANTICS, SILICON_EVENTS, storeFlags, storeSegmentRegister, SYSTEM_PROCEDURES, Word, type SystemProcedure } from '@ringbench/isa';
import { Machine, Region } from '@ringbench/machine';
import { describe, expect, test } from 'vitest';
import { SystemInstruction } from '../src/system-operands.js';
import { createChooser, word } from './support/bare-machine.js';

/**
 * Instructions whose common case is recorded and whose other cases leave to a system procedure: on random machines, most of them broken in some
 * way, the instruction as executed must do exactly what the procedure alone does.
 */

const CASES = 250;
/** Of x87 instructions, whose numbers are tested elsewhere (isa, x87-recorded). */
const ESCAPE_CASES = 80;
const RAM_BYTES = 0x30000;
const CODE = 0x8000;
const GDT = 0x1800;
const IDT = 0x1000;
const TSS = 0x2800;
const STACK = 0x7000;
const HANDLERS = 0x9000;
const NOP = 0x90;
const DATA = 0x20000;
const PAGE_DIRECTORY = 0x3000;
const PAGE_TABLE = 0x4000;
const VECTOR = 0x30;
const Selector = { CODE0: 0x08, DATA0: 0x10, CODE3: 0x1b, DATA3: 0x23, TASK: 0x28, ODD: 0x30 } as const;

const INSTRUCTIONS: Readonly<Record<string, readonly number[]>> = {
  int: [0xcd, VECTOR], iret: [0xcf], 'load-sreg': [0x8e, 0xd8], 'load-sreg es, memory': [0x8e, 0x03], 'load-sreg ss': [0x8e, 0xd0], 'pop-sreg': [0x1f], 'pop-sreg fs': [0x0f, 0xa1],
  pushf: [0x9c], popf: [0x9d], cli: [0xfa], 'mov-from-cr': [0x0f, 0x20, 0xd8],
  // x87, memory operands at [EBX] and [FS:EBX], whose segment may be unusable
  'fld-m64': [0xdd, 0x03], 'fld-m64 fs': [0x64, 0xdd, 0x03], 'fld-m32': [0xd9, 0x03], 'fild-m32': [0xdb, 0x03], 'fstp-m64': [0xdd, 0x1b], 'fst-m64 fs': [0x64, 0xdd, 0x13], 'fst-m32': [0xd9, 0x13],
  'fadd-m64': [0xdc, 0x03], 'fmul-m32': [0xd8, 0x0b], fadd: [0xd8, 0xc1], fsubp: [0xde, 0xe9], 'fmul-to': [0xdc, 0xca], fxch: [0xd9, 0xc9], 'fcomp-m64': [0xdc, 0x1b], fucomip: [0xdf, 0xe9],
  fnstsw: [0xdf, 0xe0], fldcw: [0xd9, 0x2b], fnstcw: [0xd9, 0x3b],
};
/** Escape opcodes are D8h to DFh. */
const isEscape = (bytes: readonly number[]): boolean => bytes.some((byte) => (byte & 0xf8) === 0xd8);

const counted = new Set<string>(COUNTED_INSTRUCTIONS);

type Choose = (of: number) => number;
const flat = (high: number): number[] => [...word(0xffff), ...word(high)];
/** A good descriptor, or one in seven times one with a random bit changed. */
const descriptor = (choose: Choose, high: number, low = 0xffff): number[] => {
  const bits = [low, high];
  if (choose(7) === 0) bits[choose(2)] ^= 1 << choose(32);
  return [...word(bits[0]), ...word(bits[1])];
};

function writeTables(machine: Machine, choose: Choose): void {
  const { mmu } = machine.processor;
  const put = (address: number, bytes: readonly number[]): void => mmu.writePhysical(address, Uint8Array.from(bytes));
  put(GDT, [...flat(0).fill(0), ...descriptor(choose, 0x00cf9b00), ...descriptor(choose, 0x00cf9300), ...descriptor(choose, 0x00cffb00), ...descriptor(choose, 0x00cff300)]);
  put(GDT + Selector.TASK, [...word((TSS << 16) | 0x67), ...word(0x00008b00)]);
  put(GDT + Selector.ODD, descriptor(choose, [0x00cf9200, 0x00409b00, 0x0000f200, 0x00cf9f00][choose(4)]));
  const handler = choose(8) === 0 ? choose(0x60) : Selector.CODE0;
  for (let vector = 0; vector < 64; vector++) put(IDT + vector * 8, [...word((Selector.CODE0 << 16) | HANDLERS), ...word(0xee00)]);
  put(IDT + VECTOR * 8, descriptor(choose, [0xee00, 0xef00, 0x8e00][choose(3)] | 0x10000, (handler << 16) | (HANDLERS + 0x123)));
  put(TSS + 4, [...word(choose(6) === 0 ? DATA + choose(0x3000) : 0x6000), ...word(choose(8) === 0 ? choose(0x60) : Selector.DATA0)]);
  put(PAGE_DIRECTORY, word(PAGE_TABLE | 7));
  for (let page = 0; page < 0x40; page++) put(PAGE_TABLE + page * 4, word((page << 12) | (choose(20) === 0 && page >= 0x20 ? choose(8) : 7)));
}

const X87_BIAS = 16383;
/** Numbers near one and now and then anything, in the registers and where EBX points. */
function setUpX87(machine: Machine, choose: Choose): void {
  const { state, mmu } = machine.processor;
  state[Word.CR0] |= choose(12) === 0 ? CR0.TS : 0;
  state[Word.X87_CONTROL] = [0x37f, 0x27f, 0x27f, 0x340 | choose(0xc40)][choose(4)] & 0xf7f;
  state[Word.X87_STATUS] = choose(12) === 0 ? 0x81 : choose(2) << 9;
  state[Word.X87_TOP] = choose(8);
  state[Word.X87_VALID] = choose(2) === 0 ? 0xff & ~(1 << ((state[Word.X87_TOP] + 7) & 7)) : choose(256);
  for (let register = 0; register < 8; register++) {
    const at = Word.X87_REGISTERS + 3 * register;
    state[at] = choose(2) === 0 ? 0 : choose(0x7fffffff) << 11;
    state[at + 1] = (choose(0x7fffffff) << choose(3)) | (choose(12) === 0 ? 0 : 1 << 31);
    state[at + 2] = (choose(2) << 15) | (choose(8) === 0 ? choose(0x8000) : X87_BIAS + choose(40) - 20);
  }
  const operand = choose(4) === 0 ? [choose(0x7fffffff), choose(0x7fffffff)] : [choose(0x7fffffff), (0x3ff + choose(8)) << 20];
  mmu.writePhysical(state[Word.EBX], Uint8Array.from((choose(3) === 0 ? [0x3f800000 | choose(0x800000), 0] : operand).flatMap(word)));
}

function setUp(machine: Machine, seed: number, bytes: readonly number[]): void {
  const choose = createChooser(seed);
  const { processor } = machine;
  const { state } = processor;
  processor.mmu.writePhysical(0, new Uint8Array(RAM_BYTES));
  writeTables(machine, choose);
  processor.mmu.writePhysical(CODE, Uint8Array.from(bytes));
  processor.mmu.writePhysical(HANDLERS, new Uint8Array(0x800).fill(NOP));
  const user = choose(2) === 0;
  state[Word.CR0] = choose(10) === 0 ? 1 : 0x80000001;
  state[Word.CR3] = PAGE_DIRECTORY;
  state[Word.CR2] = 0;
  state[Word.CR4] = 0;
  state[Word.DR + 6] = 0;
  processor.inShutdown = false;
  state[Word.DR + 7] = choose(10) === 0 ? 1 : 0;
  for (const [base, limit, at, size] of [['GDTR_BASE', 'GDTR_LIMIT', GDT, 0x37], ['IDTR_BASE', 'IDTR_LIMIT', IDT, 0x1ff]] as const) {
    state[Word[base]] = at;
    state[Word[limit]] = choose(12) === 0 ? choose(0x60) : size;
  }
  state[Word.CPL] = user ? 3 : 0;
  processor.sensitiveTraps = choose(8) === 0;
  processor.flushTranslations();
  processor.privilegeChanged();
  const segment = (register: number, selector: number, access: number, limit = -1): void => storeSegmentRegister(processor, register, selector, 0, limit, access);
  segment(Segment.CS, user ? Selector.CODE3 : Selector.CODE0, user ? 0xc0fb : 0xc09b);
  for (const register of [Segment.ES, Segment.SS, Segment.DS, Segment.FS, Segment.GS]) segment(register, user ? Selector.DATA3 : Selector.DATA0, user ? 0xc0f3 : 0xc093);
  if (choose(8) === 0) segment(Segment.FS, 0, 1 << 16, 0);
  if (choose(10) === 0) segment(Segment.DS, Selector.DATA3, 0xc0f3, 0xfffff);
  segment(Segment.TR, Selector.TASK, choose(10) === 0 ? 0x89 : 0x8b, 0x67);
  state[Word.BASE + Segment.TR] = TSS;
  refreshSegment(state, Segment.TR);
  storeFlags(state, (choose(0x1000) & 0xad5) | Flag.FIXED | (choose(12) === 0 ? Flag.NT : 0) | (choose(2) === 0 ? Flag.IOPL : 0));
  state[Word.INTERRUPT_PIN] = choose(10) === 0 ? 1 : 0;
  for (let register = 0; register < 8; register++) state[register] = choose(0x7fffffff);
  state[Word.EAX] = [Selector.DATA0, Selector.DATA3, Selector.DATA0 | 3, 0, Selector.ODD, 0xffff, Selector.CODE3, choose(0x10000)][choose(8)];
  state[Word.EBX] = DATA + choose(0x10000);
  state[Word.ESP] = choose(4) === 0 ? DATA + choose(0x10000) : STACK - 64;
  state[Word.EIP] = CODE;
  const target = choose(2) === 0 ? [Selector.CODE0, Selector.DATA0] : [Selector.CODE3, Selector.DATA3];
  const image = choose(0x1000) | (choose(6) === 0 ? 1 << (12 + choose(10)) : 0) | Flag.FIXED;
  const frame = [choose(3) === 0 ? state[Word.EAX] : 0x9456, target[0], image, STACK - 256, choose(8) === 0 ? choose(0x60) : target[1]];
  if (state[Word.ESP] === STACK - 64) processor.mmu.writePhysical(STACK - 64, Uint8Array.from(frame.flatMap(word)));
  if (isEscape(bytes)) setUpX87(machine, choose);
  processor.attention = false;
  processor.halted = false;
}

interface Outcome { readonly state: readonly number[]; readonly memory: Uint8Array; readonly counts: readonly number[] }
/** What differs first, in words; empty when nothing does. */
function difference(left: Outcome, right: Outcome): string {
  const wordAt = left.state.findIndex((value, index) => value !== right.state[index]);
  if (wordAt >= 0) return `word ${Object.entries(Word).findLast(([, at]) => at <= wordAt)?.[0]} (${wordAt}): ${left.state[wordAt]} for ${right.state[wordAt]}`;
  const countAt = left.counts.findIndex((value, index) => value !== right.counts[index]);
  if (countAt >= 0) return `count ${SILICON_EVENTS[countAt].name}: ${left.counts[countAt]} for ${right.counts[countAt]} (EIP ${right.state[Word.EIP].toString(16)})`;
  if (Buffer.compare(left.memory, right.memory) === 0) return '';
  const byteAt = left.memory.findIndex((value, index) => value !== right.memory[index]);
  return `memory at ${byteAt.toString(16)}: ${left.memory[byteAt]} for ${right.memory[byteAt]}`;
}
function outcome(machine: Machine): Outcome {
  const state = Array.from(machine.processor.state);
  // What the executor keeps for itself, and flag words that are equal only as flags.
  for (const name of ['BUDGET', 'MICRO_OP'] as const) state[Word[name]] = 0;
  const { memory } = machine;
  return { state, memory: memory.bytes.slice(Region.RAM, Region.RAM + RAM_BYTES), counts: Array.from(memory.counts) };
}
function createMachine(): Machine {
  return new Machine({ ramBytes: RAM_BYTES, createExecutor: (processor) => new Interpreter(processor, HOT_SET) });
}

describe('recorded common cases and the procedures behind them', () => {
  test.each(Object.entries(INSTRUCTIONS))('%s', (name, bytes) => {
    const mnemonic = name.split(' ')[0];
    expect(SEMANTICS[mnemonic], 'recorded').toBeDefined();
    const procedure = (SYSTEM_PROCEDURES as Readonly<Record<string, SystemProcedure>>)[mnemonic];
    const decoded = decode(byteSource(Uint8Array.from(bytes)), 0, { code32: true });
    if (typeof decoded === 'string') throw new Error(decoded);
    const instruction = new SystemInstruction(decoded);
    const cases = isEscape(bytes) ? ESCAPE_CASES : CASES;
    let completed = 0;
    for (let seed = 1; seed <= cases; seed++) {
      const [executed, alone] = [createOnce('executed'), createOnce('alone')];
      for (const machine of [executed, alone]) {
        setUp(machine, seed, bytes);
        machine.memory.counts.fill(0);
      }
      retireOne(executed);
      // The fetch and the charge, as the executor makes them.
      alone.processor.beginSlice(1);
      alone.processor.mmu.fetch(CODE, alone.processor.state[Word.CPL] === 3);
      instruction.prepare(alone.processor.state, CODE, CODE + bytes.length);
      alone.processor.state[Word.BUDGET] = 0;
      alone.processor.uncompleted = 1;
      const isComplete = procedure(alone.processor, instruction.operands);
      alone.processor.uncompleted = 0;
      if (isComplete) {
        if (counted.has(mnemonic)) alone.memory.counts[eventIndex(`executed.${mnemonic}`)]++;
        completed++;
      } else {
        // A fault retires nothing: the executor has gone on to the first instruction of the handler.
        alone.processor.state[Word.BUDGET] = 1;
        alone.processor.deliverRecordedFault();
        retireOne(alone);
      }
      expect(difference(outcome(executed), outcome(alone)), `seed ${seed}`).toBe('');
    }
    expect(completed).toBeGreaterThan(cases / 20);
  });
});

/** Executes until an instruction retires; `attention` alone does not stop it. */
function retireOne(machine: Machine): void {
  const start = machine.processor.now();
  while (machine.processor.now() === start && !machine.processor.inShutdown) machine.executor.execute(1);
}

const machines = new Map<string, Machine>();
function createOnce(name: string): Machine {
  const machine = machines.get(name) ?? createMachine();
  machines.set(name, machine);
  return machine;
}
