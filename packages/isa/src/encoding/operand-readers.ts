import { Register, Segment, type SegmentIndex } from '../state.js';
import { MOD_REGISTER, type Decoding } from './decoding.js';
import type { Operand, OperandSize, OperandType } from './instruction.js';
import { effectiveSegment, modrmMemory, offsetMemory, registerMemory } from './memory-operand.js';

/** Reads one operand: takes what it needs from the decoding and consumes its bytes. */
export type OperandReader = (decoding: Decoding) => Operand;

const { EAX, ECX, EDX, EBX, ESI, EDI } = Register;

const PSEUDO_DESCRIPTOR_BITS = 48;
const SELECTOR_BITS = 16;
/** x87: a register, the fields of the environment, FXSAVE's image. */
const EXTENDED_BITS = 80;
const ENVIRONMENT_FIELDS = 7;
const FAST_SAVE_BITS = 4096;
const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** Operands without data of their own exist once and are shared by all instructions. */
function registersOf(size: OperandSize): readonly Operand[] {
  return EIGHT.map((index) => Object.freeze<Operand>({ kind: 'register', size, index }));
}
const BYTE_REGISTERS = registersOf(8);
const WORD_REGISTERS = registersOf(16);
const DOUBLEWORD_REGISTERS = registersOf(32);
const SEGMENTS = EIGHT.map((index) => Object.freeze<Operand>({ kind: 'segment', index }));
const CONTROL_REGISTERS = EIGHT.map((index) => Object.freeze<Operand>({ kind: 'control', index }));
const DEBUG_REGISTERS = EIGHT.map((index) => Object.freeze<Operand>({ kind: 'debug', index }));
const TEST_REGISTERS = EIGHT.map((index) => Object.freeze<Operand>({ kind: 'test', index }));
const STACK_REGISTERS = EIGHT.map((index) => Object.freeze<Operand>({ kind: 'stack', index }));
const ONE = Object.freeze<Operand>({ kind: 'immediate', size: 8, value: 1 });

/** A general register of the instruction's operand size. */
function sized(decoding: Decoding, index: number): Operand {
  return decoding.operandSize === 32 ? DOUBLEWORD_REGISTERS[index] : WORD_REGISTERS[index];
}

function immediate(size: OperandSize, value: number): Operand {
  return { kind: 'immediate', size, value };
}

function farPointer(decoding: Decoding): Operand {
  const offset = decoding.operandSize === 32 ? decoding.signed(32) : decoding.word();
  return { kind: 'far', offset, selector: decoding.word() };
}

function stringSource(decoding: Decoding, size: number): Operand {
  return registerMemory(size, effectiveSegment(decoding, Segment.DS), ESI);
}

function environmentBits(decoding: Decoding): number {
  return ENVIRONMENT_FIELDS * decoding.operandSize;
}

const named = (operand: Operand): OperandReader => () => operand;
const segment = (index: SegmentIndex): OperandReader => named(SEGMENTS[index]);

/** How each operand type is read (SDM vol. 2, appendix A.2). */
export const OPERAND_READERS: Readonly<Record<OperandType, OperandReader>> = {
  Eb: (d) => (d.mod === MOD_REGISTER ? BYTE_REGISTERS[d.rm] : modrmMemory(d, 8)),
  Ew: (d) => (d.mod === MOD_REGISTER ? WORD_REGISTERS[d.rm] : modrmMemory(d, 16)),
  Ev: (d) => (d.mod === MOD_REGISTER ? sized(d, d.rm) : modrmMemory(d, d.operandSize)),
  Gb: (d) => BYTE_REGISTERS[d.reg],
  Gw: (d) => WORD_REGISTERS[d.reg],
  Gv: (d) => sized(d, d.reg),
  Rd: (d) => DOUBLEWORD_REGISTERS[d.rm],
  Rv: (d) => sized(d, d.rm),
  Sw: (d) => SEGMENTS[d.reg],
  Cd: (d) => CONTROL_REGISTERS[d.reg],
  Dd: (d) => DEBUG_REGISTERS[d.reg],
  Td: (d) => TEST_REGISTERS[d.reg],
  Zb: (d) => BYTE_REGISTERS[d.opcodeRegister],
  Zv: (d) => sized(d, d.opcodeRegister),

  M: (d) => modrmMemory(d, 0),
  Mp: (d) => modrmMemory(d, d.operandSize + SELECTOR_BITS),
  Ma: (d) => modrmMemory(d, 2 * d.operandSize),
  Ms: (d) => modrmMemory(d, PSEUDO_DESCRIPTOR_BITS),
  Mq: (d) => modrmMemory(d, 64),
  Mw: (d) => modrmMemory(d, 16),
  Md: (d) => modrmMemory(d, 32),
  Mt: (d) => modrmMemory(d, EXTENDED_BITS),
  Me: (d) => modrmMemory(d, environmentBits(d)),
  Mf: (d) => modrmMemory(d, environmentBits(d) + 8 * EXTENDED_BITS),
  Mx: (d) => modrmMemory(d, FAST_SAVE_BITS),
  Ob: (d) => offsetMemory(d, 8),
  Ov: (d) => offsetMemory(d, d.operandSize),
  Xb: (d) => stringSource(d, 8),
  Xv: (d) => stringSource(d, d.operandSize),
  Yb: () => registerMemory(8, Segment.ES, EDI),
  Yv: (d) => registerMemory(d.operandSize, Segment.ES, EDI),
  BB: (d) => registerMemory(8, effectiveSegment(d, Segment.DS), EBX),

  Ib: (d) => immediate(8, d.signed(8)),
  Ibs: (d) => immediate(d.operandSize, d.signed(8)),
  Iw: (d) => immediate(16, d.signed(16)),
  Iz: (d) => immediate(d.operandSize, d.signed(d.operandSize)),
  Jb: (d) => ({ kind: 'relative', value: d.signed(8) }),
  Jz: (d) => ({ kind: 'relative', value: d.signed(d.operandSize) }),
  Ap: farPointer,

  ST0: named(STACK_REGISTERS[0]),
  STi: (d) => STACK_REGISTERS[d.rm],

  AL: named(BYTE_REGISTERS[EAX]),
  CL: named(BYTE_REGISTERS[ECX]),
  AX: named(WORD_REGISTERS[EAX]),
  DX: named(WORD_REGISTERS[EDX]),
  eAX: (d) => sized(d, EAX),
  1: named(ONE),
  ES: segment(Segment.ES),
  CS: segment(Segment.CS),
  SS: segment(Segment.SS),
  DS: segment(Segment.DS),
  FS: segment(Segment.FS),
  GS: segment(Segment.GS),
};
