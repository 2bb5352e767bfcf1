import { compileEvaluation, SEMANTICS, type Evaluation, type Instruction, type Silicon } from '@ringbench/isa';
import { lower, type CodeContext } from './lowering.js';
import { fieldOfParameter, MICRO_OP_BYTES } from './micro-op.js';
import { OperationTable, type Operation } from './operations.js';

/** An instruction ready to be evaluated at one EIP. */
export interface EvaluatedInstruction {
  readonly evaluation: Evaluation;
  readonly parameters: Int32Array;
}

/** Parameters: the words of a micro-op and, because those share one where they can, the EIP behind the instruction. */
const NEXT = MICRO_OP_BYTES / 4;

/** One for all processors of a process, by the key of the operation. */
const compiled = new Map<string, (silicon: Silicon) => Evaluation>();

function compile({ key, code, hasMemoryOperand }: Operation): (silicon: Silicon) => Evaluation {
  const known = compiled.get(key);
  if (known !== undefined) return known;
  if (code === undefined) throw new Error(`${key} is a system procedure`);
  const made = compileEvaluation(code, (name) => (name === 'next' ? NEXT : fieldOfParameter(name, hasMemoryOperand)));
  compiled.set(key, made);
  return made;
}

/**
 * Executes single instructions by their recorded semantics on a processor that no executor drives, such as the one that a monitor interprets for: from the same
 * operations and micro-op words as the executor's, but over a `Silicon` instead of linear memory.
 */
export class InstructionEvaluator {
  private readonly table = new OperationTable();
  private readonly evaluations: (Evaluation | undefined)[] = [];

  constructor(private readonly silicon: Silicon) {}

  /** Whether an instruction's meaning is recorded; the others are system procedures, or #UD. */
  static isRecorded(mnemonic: string): boolean { return SEMANTICS[mnemonic] !== undefined; }

  /** Throws when the instruction's meaning is not recorded, which is a bug of ours. */
  prepare(instruction: Instruction, eip: number, code32: boolean, stack32: boolean): EvaluatedInstruction {
    // What flat code does not check never fails there.
    const context: CodeContext = { code32, stack32, flat: false };
    const { operation, words, next } = lower(this.table, instruction, eip, context, () => 0);
    const evaluation = this.evaluations[operation.id] ?? compile(operation)(this.silicon);
    this.evaluations[operation.id] = evaluation;
    const parameters = new Int32Array(NEXT + 1);
    parameters.set(words);
    parameters[NEXT] = next;
    return { evaluation, parameters };
  }
}
