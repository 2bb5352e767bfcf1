import { Recorder, Word, X87_SEMANTICS, constant, recordInstruction, type OperandSource, type Silicon, type Statement, type SystemOperands } from '../../src/index.js';
import { Evaluator, type Ending } from '../support/evaluate.js';

/** The recorded common cases of x87 instructions, evaluated for an operand record as the procedures have it. */

const SEGMENT_SHIFT = 16;
/** Bits of the memory operand by the mnemonic's suffix; the control word's instructions have none. */
const OPERAND_BITS: Readonly<Record<string, number>> = { m16: 16, m32: 32, m64: 64 };
const CONTROL_BITS = 16;

const recordings = new Map<string, readonly Statement[]>();

function memoryOperand(mnemonic: string, segment: number): OperandSource {
  const size = OPERAND_BITS[mnemonic.slice(mnemonic.lastIndexOf('-') + 1)] ?? CONTROL_BITS;
  return { kind: 'memory', size, base: { kind: 'parameter', name: 'base' }, index: undefined, displacement: { kind: 'parameter', name: 'displacement' }, segment: constant(segment) };
}

function recordingOf(mnemonic: string, op: SystemOperands): readonly Statement[] {
  const key = `${mnemonic} ${op.memory ? op.segment : ''}`;
  const known = recordings.get(key);
  if (known !== undefined) return known;
  const recorder = new Recorder({ operandSize: 32, addressSize: 32, stackSize: 32, flat: false, stringSegment: undefined });
  recordInstruction(recorder, mnemonic, op.memory ? [memoryOperand(mnemonic, op.segment)] : [], 'none');
  recordings.set(key, recorder.statements);
  return recorder.statements;
}

export const isRecorded = (mnemonic: string): boolean => X87_SEMANTICS[mnemonic] !== undefined;

/** Executes an instruction by its recorded statements. */
export function evaluateRecorded(silicon: Silicon, mnemonic: string, op: SystemOperands): Ending {
  const parameters = { destination: op.escape, source: silicon.state[Word.EIP], base: Word.ZERO * 4, index: op.segment << SEGMENT_SHIFT, displacement: op.offset, next: op.nextEip };
  return new Evaluator(silicon, parameters).run(recordingOf(mnemonic, op));
}
