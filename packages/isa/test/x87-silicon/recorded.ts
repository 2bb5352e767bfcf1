import { Recorder, Word, X87_SEMANTICS, compileEvaluation, constant, recordInstruction, type Ending, type Evaluation, type OperandSource, type ParameterName, type Silicon, type SystemOperands } from '../../src/index.js';

/** The recorded common cases of x87 instructions, evaluated for an operand record as the procedures have it. */

const SEGMENT_SHIFT = 16;
/** Bits of the memory operand by the mnemonic's suffix; the control word's instructions have none. */
const OPERAND_BITS: Readonly<Record<string, number>> = { m16: 16, m32: 32, m64: 64 };
const CONTROL_BITS = 16;

type MakeEvaluation = (silicon: Silicon) => Evaluation;

const compiled = new Map<string, MakeEvaluation>();
/** Where `evaluateRecorded` puts each parameter. */
const PARAMETERS: readonly ParameterName[] = ['destination', 'source', 'immediate', 'base', 'index', 'displacement', 'next'];

function memoryOperand(mnemonic: string, segment: number): OperandSource {
  const size = OPERAND_BITS[mnemonic.slice(mnemonic.lastIndexOf('-') + 1)] ?? CONTROL_BITS;
  return { kind: 'memory', size, base: { kind: 'parameter', name: 'base' }, index: undefined, displacement: { kind: 'parameter', name: 'displacement' }, segment: constant(segment) };
}

function evaluationOf(mnemonic: string, op: SystemOperands): MakeEvaluation {
  const key = `${mnemonic} ${op.memory ? op.segment : ''}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const recorder = new Recorder({ operandSize: 32, addressSize: 32, stackSize: 32, flat: false, stringSegment: undefined });
  recordInstruction(recorder, mnemonic, op.memory ? [memoryOperand(mnemonic, op.segment)] : [], 'none');
  const evaluation = compileEvaluation(recorder.statements, (name) => PARAMETERS.indexOf(name));
  compiled.set(key, evaluation);
  return evaluation;
}

export const isRecorded = (mnemonic: string): boolean => X87_SEMANTICS[mnemonic] !== undefined;

/** Executes an instruction by its recorded statements. */
export function evaluateRecorded(silicon: Silicon, mnemonic: string, op: SystemOperands): Ending {
  return evaluationOf(mnemonic, op)(silicon)(Int32Array.of(op.escape, silicon.state[Word.EIP], 0, Word.ZERO * 4, op.segment << SEGMENT_SHIFT, op.offset, op.nextEip));
}
