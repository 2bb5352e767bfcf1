import { FlowControl, InstructionInfoFactory, OpAccess, OpKind, RflagsBits, type Instruction as IcedInstruction } from 'iced-x86';
import { beforeAll, describe, expect, it } from 'vitest';
import { byteSource, decode } from '../src/encoding/decoder.js';
import type { EncodingRow, Instruction } from '../src/encoding/instruction.js';
import { instructionSet } from '../src/encoding/instruction-set.js';
import { encodingRows } from '../src/encoding/rows/index.js';
import { ARITHMETIC_FLAGS, Flag } from '../src/state.js';
import { buildCases, systematicHeads } from './encoding/encodings.js';
import { CASE_BYTES, Oracle } from './encoding/oracle.js';

/**
 * Every trait of every row against what iced-x86 says of the instructions that the row decodes. Where we differ, a list says so and why;
 * a list's entry that no longer differs fails too.
 */

const CODE32 = { code32: true };

const EFLAGS_OF_ICED = [
  [RflagsBits.CF, Flag.CF], [RflagsBits.PF, Flag.PF], [RflagsBits.AF, Flag.AF], [RflagsBits.ZF, Flag.ZF], [RflagsBits.SF, Flag.SF], [RflagsBits.OF, Flag.OF],
] as const;

const eflags = (iced: number): number => EFLAGS_OF_ICED.reduce((mask, [theirs, ours]) => ((iced & theirs) !== 0 ? mask | ours : mask), 0);

/** What iced says of all instructions of one row together. */
interface Facts {
  reads: number;
  undefined: number;
  /** Modified, whether with a defined value or not, by some of them and by every one of them. */
  modified: number;
  alwaysModified: number;
  flow: Set<FlowControl>;
  privileged: boolean;
  inputOutput: boolean;
  canLock: boolean;
  canRepeat: boolean;
  canRepeatNotEqual: boolean;
  memoryAccess: Set<OpAccess>;
}

const facts = new Map<EncodingRow, Facts>();
const registerSeen = new Set<EncodingRow>();
const memorySeen = new Set<EncodingRow>();

function newFacts(): Facts {
  return {
    reads: 0, undefined: 0, modified: 0, alwaysModified: ARITHMETIC_FLAGS, flow: new Set(), privileged: false, inputOutput: false,
    canLock: false, canRepeat: false, canRepeatNotEqual: false, memoryAccess: new Set(),
  };
}

function addMemoryAccess(known: Facts, iced: IcedInstruction, factory: InstructionInfoFactory): void {
  const info = factory.info(iced);
  [info.op0Access, info.op1Access, info.op2Access].forEach((access, number) => {
    if (number < iced.opCount && iced.opKind(number) >= OpKind.MemorySegSI) known.memoryAccess.add(access);
  });
  info.free();
}

function addFacts(known: Facts, iced: IcedInstruction): void {
  known.reads |= eflags(iced.rflagsRead);
  known.modified |= eflags(iced.rflagsModified);
  known.undefined |= eflags(iced.rflagsUndefined);
  known.alwaysModified &= eflags(iced.rflagsModified);
  known.flow.add(iced.flowControl);
  const opCode = iced.opCode;
  known.privileged ||= opCode.mustBeCpl0;
  known.inputOutput ||= opCode.isInputOutput;
  known.canLock ||= opCode.canUseLockPrefix;
  known.canRepeat ||= opCode.canUseRepPrefix;
  known.canRepeatNotEqual ||= opCode.canUseRepnePrefix;
  opCode.free();
}

function noteForms(ours: Instruction): void {
  const memory = ours.operands.some((operand) => operand.kind === 'memory');
  (memory ? memorySeen : registerSeen).add(ours.row);
}

/** Shifts by immediates: a count of 0, 1 and more have different flags, and random immediates may leave one of them out. */
function shiftsByImmediates(): number[][] {
  const FIRST_REGISTER_MODRM = 0xc0;
  return [[0xc0], [0xc1], [0x0f, 0xa4], [0x0f, 0xac]].flatMap((opcode) => (
    [0, 1, 2, 3, 4, 5, 6, 7].flatMap((reg) => [0, 1, 2].map((count) => [...opcode, FIRST_REGISTER_MODRM + 8 * reg, count]))
  ));
}

beforeAll(() => {
  const cases = buildCases([...systematicHeads([], 1), ...shiftsByImmediates()], 1);
  const oracle = new Oracle(CODE32, cases);
  const factory = new InstructionInfoFactory();
  const source = byteSource(cases);
  for (let number = 0; number * CASE_BYTES < cases.length; number++) {
    const ours = decode(source, number * CASE_BYTES, CODE32);
    if (typeof ours === 'string') continue;
    const iced = oracle.decode(number);
    const known = facts.get(ours.row) ?? newFacts();
    facts.set(ours.row, known);
    noteForms(ours);
    addFacts(known, iced);
    addMemoryAccess(known, iced, factory);
  }
  factory.free();
  oracle.free();
});

/** Rows for which a property differs from iced's, as `mnemonic operands`. */
function differing(differs: (row: EncodingRow, known: Facts) => boolean): Set<string> {
  const names = new Set<string>();
  for (const [row, known] of facts) if (differs(row, known)) names.add(`${row.mnemonic} ${row.operands.join(' ')}`);
  return names;
}

const has = (value: true | undefined): boolean => value === true;
const flags = (value: number | undefined): number => value ?? 0;

describe('the traits of every row agree with iced-x86', () => {
  it('for every row there is', () => {
    // Of the latest processor: iced knows older ones only in part (encoding-models.test.ts has their rows).
    expect(facts.size).toBe(instructionSet().length);
  });

  it('flags read', () => {
    expect(differing((row, known) => flags(row.traits.reads) !== known.reads)).toEqual(new Set([
      // Saved with EFLAGS in the old task's TSS if there is a task switch; iced looks at the ordinary case.
      'callf Ap', 'callf Mp', 'jmpf Ap', 'jmpf Mp', 'iret ',
      // EFLAGS is pushed (for INTO if OF, which iced has).
      'int Ib', 'int3 ', 'int1 ', 'into ',
    ]));
  });

  it('flags modified, by some operands at least', () => {
    const modified = (row: EncodingRow): number => flags(row.traits.writes) | flags(row.traits.mayWrite) | flags(row.traits.undefined);
    // A task switch loads EFLAGS; iced looks at the ordinary case.
    expect(differing((row, known) => modified(row) !== known.modified)).toEqual(new Set(['callf Ap', 'callf Mp', 'jmpf Ap', 'jmpf Mp']));
  });

  it('flags left undefined', () => {
    expect(differing((row, known) => flags(row.traits.undefined) !== known.undefined)).toEqual(new Set());
  });

  it('flags modified by every operand', () => {
    const always = (row: EncodingRow): number => (flags(row.traits.writes) | flags(row.traits.undefined)) & ~flags(row.traits.mayWrite);
    expect(differing((row, known) => always(row) !== known.alwaysModified)).toEqual(new Set([
      // CL may be 0 after masking; iced cannot know and takes it to be 2 or more. With an immediate count it looks, and agrees.
      ...['rol', 'ror', 'rcl', 'rcr', 'shl', 'shr', 'sar'].flatMap((mnemonic) => [`${mnemonic} Eb CL`, `${mnemonic} Ev CL`]),
      'shld Ev Gv CL', 'shrd Ev Gv CL',
      // The repeat count may be 0.
      'cmps Xb Yb', 'cmps Xv Yv', 'scas AL Yb', 'scas eAX Yv',
    ]));
  });

  it('end of block', () => {
    expect(differing((row, known) => has(row.traits.endsBlock) === (known.flow.size === 1 && known.flow.has(FlowControl.Next)))).toEqual(new Set([
      'hlt ', // nothing is fetched after it until an interrupt
      'popf ', 'sti ', // an interrupt or a single-step trap may follow
      'pop-sreg SS', 'load-sreg SS Ew', 'load-far-pointer SS Gv Mp', // SS.B, and no interrupt at the next boundary
      'lmsw Ew', 'mov-to-cr Cd Rd', 'invlpg M', // the mode, or the translation of the next instruction's page
      'mov-to-dr Dd Rd', // a breakpoint on the next instruction
    ]));
  });

  it('privilege', () => {
    expect(differing((row, known) => has(row.traits.privileged) !== known.privileged)).toEqual(new Set());
  });

  it('I/O sensitivity', () => {
    expect(differing((row, known) => has(row.traits.ioSensitive) !== known.inputOutput)).toEqual(new Set(['cli ', 'sti '])); // they obey IOPL, but are no I/O instructions
  });

  it('LOCK', () => {
    expect(differing((row, known) => has(row.traits.lockable) !== known.canLock)).toEqual(new Set());
  });

  it('repeat prefixes', () => {
    expect(differing((row, known) => (row.traits.repeat !== undefined) !== known.canRepeat)).toEqual(new Set());
    expect(differing((row, known) => (row.traits.repeat === 'repe') !== known.canRepeatNotEqual)).toEqual(new Set());
  });

  it('memory operands that are not accessed', () => {
    const unused = (known: Facts): boolean => known.memoryAccess.size > 0 && [...known.memoryAccess].every((access) => access === OpAccess.NoMemAccess || access === OpAccess.None);
    expect(differing((row, known) => has(row.traits.addressOnly) !== unused(known))).toEqual(new Set(['ud2 '])); // UD0 has operands for iced (see compare.ts)
  });

  it('register and memory forms', () => {
    for (const { traits, operands, mnemonic } of encodingRows) {
      expect(has(traits.memoryOnly) && has(traits.registerOnly), mnemonic).toBe(false);
      if (operands.some((type) => type.startsWith('M'))) expect(traits.memoryOnly, mnemonic).toBe(true);
    }
    for (const row of memorySeen) expect(row.traits.registerOnly, row.opcode).toBeUndefined();
    for (const row of registerSeen) expect(row.traits.memoryOnly, row.opcode).toBeUndefined();
  });
});

describe('flag traits', () => {
  it('keep writes apart from what may be left alone or undefined', () => {
    for (const { traits, opcode } of encodingRows) {
      expect(flags(traits.writes) & (flags(traits.mayWrite) | flags(traits.undefined)), opcode).toBe(0);
      expect((flags(traits.writes) | flags(traits.mayWrite) | flags(traits.undefined) | flags(traits.reads)) & ~ARITHMETIC_FLAGS, opcode).toBe(0);
    }
  });
});
