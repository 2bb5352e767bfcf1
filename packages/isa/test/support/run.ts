import { Access, compileEvaluation, constant, recordInstruction, Recorder, Segment, SYSTEM_PROCEDURES, SystemOperands, Word } from '../../src/index.js';
import type { Ending, Evaluation, OperandSource, ParameterName, Silicon, Statement, SystemMnemonic, SystemProcedure } from '../../src/index.js';
import type { FakeSilicon } from './fake-silicon.js';

/** EIP behind the instruction in these tests. */
export const NEXT = 0x502;

const PSEUDO_DESCRIPTOR_BITS = 48;
/** READ_TOP and WRITE_TOP of a segment without limit. */
const UNLIMITED_TOP = -8;

const numbered = (op: SystemOperands): OperandSource => ({ kind: 'numbered', number: constant(op.target) });
const memory = (op: SystemOperands, size: number): OperandSource => ({
  kind: 'memory', size, base: constant(Word.ZERO * 4), index: undefined, displacement: constant(op.offset), segment: constant(op.segment),
});
/** A 16-bit memory operand or a register of `registerSize` bits. */
const wordOrRegister = (op: SystemOperands, registerSize: 16 | 32): OperandSource =>
  op.memory ? memory(op, 16) : { kind: 'register', size: registerSize, offset: constant(op.register * 4) };
const controlRegister = (op: SystemOperands): OperandSource => ({ kind: 'numbered', number: constant(Math.max(0, op.target - 1)) }); // there is no CR1

/** Operands of the recorded instructions that are written in the terms of system procedures here: as the decoder would give them, in the order of the row. */
const RECORDED_OPERANDS = {
  sgdt: (op) => [memory(op, PSEUDO_DESCRIPTOR_BITS)], sidt: (op) => [memory(op, PSEUDO_DESCRIPTOR_BITS)],
  sldt: (op) => [wordOrRegister(op, op.operandSize)], str: (op) => [wordOrRegister(op, op.operandSize)], smsw: (op) => [wordOrRegister(op, op.operandSize)],
  'mov-sreg': (op) => [wordOrRegister(op, op.operandSize), numbered(op)], 'load-sreg': (op) => [numbered(op), wordOrRegister(op, 16)],
  'push-sreg': (op) => [numbered(op)], 'pop-sreg': (op) => [numbered(op)],
  'mov-from-cr': (op) => [{ kind: 'register', size: 32, offset: constant(op.register * 4) }, controlRegister(op)],
  int: (op) => [{ kind: 'immediate', value: constant(op.immediate), nonZero: false }], iret: () => [],
  pusha: () => [], popa: () => [], pushf: () => [], popf: () => [], cli: () => [],
} as const satisfies Record<string, (op: SystemOperands) => OperandSource[]>;

export type RecordedMnemonic = keyof typeof RECORDED_OPERANDS;
const procedures: Readonly<Record<string, SystemProcedure | undefined>> = SYSTEM_PROCEDURES;

/** Decoded operands, the rest as `SystemOperands` has them. */
export function operandsOf(fields: Partial<SystemOperands>): SystemOperands {
  return Object.assign(new SystemOperands(), { length: 2, nextEip: NEXT }, fields);
}

/** True when what the recorder may assume of flat code holds: 32-bit segments without base and limit. */
function isFlat(state: Int32Array): boolean {
  const unlimited = [Segment.SS, Segment.DS, Segment.ES].every((segment) => state[Word.BASE + segment] === 0 && state[Word.WRITE_TOP + segment] === UNLIMITED_TOP);
  return unlimited && [Segment.CS, Segment.SS].every((segment) => (state[Word.ACCESS + segment] & Access.BIG) !== 0);
}

/** The parameters that these instructions have. */
const PARAMETERS: readonly ParameterName[] = ['immediate', 'next'];
function placeOf(name: ParameterName): number {
  const place = PARAMETERS.indexOf(name);
  if (place < 0) throw new Error(`the code reads the parameter ${name}, which is not given`);
  return place;
}

/** Evaluates the recorded form of one instruction, recorded for the segments that the processor has now. */
export function evaluate(silicon: Silicon, mnemonic: RecordedMnemonic, op: SystemOperands): Ending {
  const { state } = silicon;
  const stackSize = (state[Word.ACCESS + Segment.SS] & Access.BIG) === 0 ? 16 : 32;
  const recorder = new Recorder({ operandSize: op.operandSize, addressSize: op.addressSize, stackSize, flat: isFlat(state), stringSegment: undefined });
  recordInstruction(recorder, mnemonic, RECORDED_OPERANDS[mnemonic](op), 'none');
  return compiledOf(recorder.statements)(silicon)(Int32Array.of(op.immediate, op.nextEip));
}

const compiled = new Map<string, (silicon: Silicon) => Evaluation>();
/** The tests record the same code for many machines. */
function compiledOf(code: readonly Statement[]): (silicon: Silicon) => Evaluation {
  const key = JSON.stringify(code);
  const known = compiled.get(key) ?? compileEvaluation(code, placeOf);
  compiled.set(key, known);
  return known;
}

/** Executes one instruction with these decoded operands: by its procedure, which is complete, or by its recorded statements if it has none. */
export function run(silicon: FakeSilicon, mnemonic: SystemMnemonic | RecordedMnemonic, fields: Partial<SystemOperands> = {}): boolean {
  const op = operandsOf(fields);
  const procedure = procedures[mnemonic];
  if (procedure !== undefined) return procedure(silicon, op);
  const ending = evaluate(silicon, mnemonic as RecordedMnemonic, op);
  if (ending === 'left') throw new Error(`${mnemonic} leaves to a procedure, and has none`);
  return ending === 'completed';
}
