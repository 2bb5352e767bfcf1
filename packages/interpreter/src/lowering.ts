import { Segment, SEMANTICS, Word, X87_SEMANTICS, type AccessSize, type EncodingRow, type Instruction, type Operand, type OperandType } from '@ringbench/isa';
import { Field, fieldOfInstructionNumber, MICRO_OP_BYTES } from './micro-op.js';
import type { Operation, OperandShape, OperationTable, Shape } from './operations.js';

/** What the meaning of code bytes depends on besides themselves. `flat`: CS, DS, ES and SS have base 0 and no limit, and 32-bit defaults. */
export interface CodeContext {
  readonly code32: boolean;
  readonly stack32: boolean;
  readonly flat: boolean;
  /** What the processor has (isa, `CodeMode`). */
  readonly features?: number;
}

/** A micro-op before it is placed in memory. */
export interface LoweredInstruction {
  operation: Operation;
  /** Undefined for bytes that are no instruction. */
  readonly instruction: Instruction | undefined;
  readonly eip: number;
  /** EIP behind it. */
  readonly next: number;
  readonly words: Int32Array;
  /** Whether control may go elsewhere than to the next instruction, or what follows must be looked at anew. */
  readonly endsBlock: boolean;
}

const BYTE_OPERANDS: readonly OperandType[] = ['Eb', 'Gb', 'Zb', 'AL', 'Ob', 'Xb', 'Yb', 'BB'];
const SHIFTS = new Set(['rol', 'ror', 'rcl', 'rcr', 'shl', 'shr', 'sar', 'shld', 'shrd']);
const STRINGS = new Set(['movs', 'stos', 'lods', 'scas', 'cmps', 'xlat']);
const COUNT_MASK = 31;
const NO_OPERANDS: readonly OperandShape[] = [];

/** Byte offset of a register operand in the state; 8-bit registers 4-7 are the second bytes of registers 0-3. */
export function registerByteOffset(size: number, index: number): number {
  return size === 8 ? (index & 3) * 4 + (index >> 2) : index * 4;
}

/** What lowering needs to know of a row over and over. */
interface RowFacts {
  readonly recorded: boolean;
  readonly isX87: boolean;
  readonly isString: boolean;
  readonly isByte: boolean;
}
const factsOfRows = new Map<EncodingRow, RowFacts>();

function factsOf(row: EncodingRow): RowFacts {
  const known = factsOfRows.get(row);
  if (known !== undefined) return known;
  const { mnemonic, operands } = row;
  const facts = { recorded: SEMANTICS[mnemonic] !== undefined, isX87: X87_SEMANTICS[mnemonic] !== undefined, isString: STRINGS.has(mnemonic), isByte: operands.length > 0 && BYTE_OPERANDS.includes(operands[0]) };
  factsOfRows.set(row, facts);
  return facts;
}

const truncate = (value: number, size: number): number => (size === 32 ? value | 0 : value & ((1 << size) - 1));

function isFlatMemory(operand: Extract<Operand, { kind: 'memory' }>, instruction: Instruction, context: CodeContext): boolean {
  if (instruction.addressSize === 16) return false;
  if (instruction.row.traits.addressOnly) return true;
  return context.flat && (operand.segment === Segment.DS || operand.segment === Segment.SS || operand.segment === Segment.ES);
}

function placeMemory(operand: Extract<Operand, { kind: 'memory' }>, instruction: Instruction, context: CodeContext, words: Int32Array): OperandShape {
  const zero = Word.ZERO * 4;
  const index = operand.index < 0 ? zero : operand.index * 4;
  words[Field.BASE] = operand.base < 0 ? zero : operand.base * 4;
  words[Field.INDEX] = index | (operand.scale << 8) | (operand.segment << 16);
  words[Field.DISPLACEMENT] = operand.displacement;
  if (!isFlatMemory(operand, instruction, context)) return { place: 'g', size: operand.size };
  return { place: operand.index < 0 ? 'm' : 'n', size: operand.size };
}

function placeOperand(operand: Operand, position: number, instruction: Instruction, context: CodeContext, size: AccessSize, words: Int32Array): OperandShape {
  switch (operand.kind) {
    case 'register': {
      if (instruction.row.operands[position] === 'CL') return { place: 'c', size: 8 };
      // A register behind a numbered one (MOV Sreg, r) leaves SOURCE to that.
      const first = position === 0 || instruction.operands[0].kind === 'segment';
      words[first ? Field.DESTINATION : Field.SOURCE] = registerByteOffset(operand.size, operand.index);
      return { place: first ? 'r' : 's', size: operand.size };
    }
    case 'segment':
      words[Field.SOURCE] = operand.index;
      return { place: 'x', size };
    case 'control':
      words[Field.SOURCE] = Math.max(0, operand.index - 1); // there is no CR1
      return { place: 'x', size };
    case 'immediate': {
      const isCount = SHIFTS.has(instruction.row.mnemonic);
      // The immediate's own size: AAM's and AAD's is a byte whatever the operand size (instruction.ts, Operand).
      words[Field.IMMEDIATE] = isCount ? operand.value & COUNT_MASK : truncate(operand.value, operand.size);
      return { place: isCount && words[Field.IMMEDIATE] !== 0 ? 'k' : 'i', size };
    }
    case 'memory': return placeMemory(operand, instruction, context, words);
    default: throw new Error(`operand of kind ${operand.kind} in recorded semantics of ${instruction.row.mnemonic}`);
  }
}

/** Segment of a string source that is not plain flat DS, else undefined. */
function stringSegment(instruction: Instruction, context: CodeContext): number | undefined {
  const source = instruction.operands.find((operand, position) => operand.kind === 'memory' && ['Xb', 'Xv', 'BB'].includes(instruction.row.operands[position]));
  if (source === undefined || source.kind !== 'memory') return context.flat ? undefined : Segment.DS;
  return context.flat && (source.segment === Segment.DS || source.segment === Segment.SS || source.segment === Segment.ES) ? undefined : source.segment;
}

function lowerRecorded(table: OperationTable, instruction: Instruction, eip: number, next: number, context: CodeContext, words: Int32Array): Operation {
  const { row } = instruction;
  const { isByte, isX87, isString } = factsOf(row);
  const size: AccessSize = isByte ? 8 : instruction.operandSize;
  let operands: readonly OperandShape[] = NO_OPERANDS;
  let segmentedString = false;
  const relative = instruction.operands.find((operand) => operand.kind === 'relative');
  if (isString) {
    const segment = stringSegment(instruction, context);
    segmentedString = segment !== undefined;
    words[Field.SOURCE] = segment ?? 0;
    words[Field.IMMEDIATE] = eip; // a repetition goes back to itself
  } else if (relative !== undefined && relative.kind === 'relative') {
    words[Field.IMMEDIATE] = truncate(next + relative.value, instruction.operandSize);
  } else if (isX87) {
    // What it leaves in the unit's pointers; ST(i) is in the opcode.
    words[Field.DESTINATION] = instruction.escape;
    words[Field.SOURCE] = eip;
    operands = instruction.operands.filter((operand) => operand.kind === 'memory').map((operand) => placeMemory(operand, instruction, context, words));
  } else if (row.mnemonic !== 'nop') {
    operands = instruction.operands.map((operand, position) => placeOperand(operand, position, instruction, context, size, words));
  }
  const shape: Shape = {
    mnemonic: row.mnemonic, size, addressSize: instruction.addressSize, stackSize: context.stack32 ? 32 : 16, flat: context.flat,
    repeat: instruction.repeat, segmentedString, operands, dropFlags: false,
  };
  const operation = table.get(shape);
  if (operation.hasMemoryOperand) {
    if (row.mnemonic === 'call-indirect') words[Field.IMMEDIATE] = next;
  } else words[Field.DISPLACEMENT] = next;
  return operation;
}

/** Translates a decoded instruction. `register` is called with a system instruction and returns its number, by which the handler finds it again. */
export function lower(table: OperationTable, instruction: Instruction, eip: number, context: CodeContext, register: (instruction: Instruction) => number): LoweredInstruction {
  const words = new Int32Array(MICRO_OP_BYTES / 4);
  const next = (eip + instruction.length) | 0;
  words[Field.EIP] = eip;
  const { recorded } = factsOf(instruction.row);
  let operation: Operation;
  if (recorded) {
    operation = lowerRecorded(table, instruction, eip, next, context, words);
    if (operation.hasProcedure) words[fieldOfInstructionNumber(operation.hasMemoryOperand)] = register(instruction);
  } else {
    words[fieldOfInstructionNumber(false)] = register(instruction);
    operation = table.get({
      mnemonic: instruction.row.mnemonic, size: instruction.operandSize, addressSize: instruction.addressSize, stackSize: context.stack32 ? 32 : 16,
      flat: context.flat, repeat: 'none', segmentedString: false, operands: NO_OPERANDS, dropFlags: false,
    });
  }
  const endsBlock = recorded ? operation.terminal : instruction.row.traits.endsBlock === true || instruction.repeat !== 'none';
  return { operation, instruction, eip, next, words, endsBlock };
}

/** Of operations that no instruction's bytes stand for: they exist only in decoded code. */
export function pseudoShape(mnemonic: string): Shape {
  return { mnemonic, size: 32, addressSize: 32, stackSize: 32, flat: true, repeat: 'none', segmentedString: false, operands: [], dropFlags: false };
}

/** Stands for bytes that are no instruction: #UD, or #GP(0) for one longer than 15 bytes or beyond the limit of CS. */
export function lowerUndecodable(table: OperationTable, failure: string, eip: number): LoweredInstruction {
  const mnemonic = failure === 'too-long' || failure === 'limit' || failure === 'truncated' ? 'general-protection' : 'undefined-opcode';
  const words = new Int32Array(MICRO_OP_BYTES / 4);
  words[Field.EIP] = eip;
  return { operation: table.get(pseudoShape(mnemonic)), instruction: undefined, eip, next: eip, words, endsBlock: true };
}
