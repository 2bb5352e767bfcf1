import { Flag, SYSTEM_PROCEDURES, Segment, SystemOperands, Vector, Word, byteSource, composeFlags, decode, storeArithmeticFlags, type Instruction, type SystemProcedure } from '../../src/index.js';
import { protectedMachine } from '../support/fake-silicon.js';
import { evaluateRecorded, isRecorded } from './recorded.js';
import { ANSWER_BYTES, Answer, CODE_AT, CODE_BYTES, IMAGE_BYTES, MEMORY_AT, MEMORY_BYTES, Question, SIGFPE } from './case.js';

/** Runs a question on our procedures the way step.c runs it on the host: FRSTOR, the instruction, FNSAVE. */

const OPERAND_LINEAR = 0x10000;
const IMAGE_OFFSET = MEMORY_AT + 0x1000;
/** Selectors of a 32-bit process on Linux. */
const USER_CODE = 0x23;
const USER_DATA = 0x2b;

const silicon = protectedMachine(3);
const { state } = silicon;
state[Word.SELECTOR + Segment.CS] = USER_CODE;
state[Word.SELECTOR + Segment.DS] = USER_DATA;
state[Word.BASE + Segment.DS] = (OPERAND_LINEAR - MEMORY_AT) | 0;
state[Word.CR0] |= 1 << 5; // NE

const procedures: Readonly<Record<string, SystemProcedure | undefined>> = SYSTEM_PROCEDURES;
const op = new SystemOperands();

export function decodeQuestion(question: Uint8Array): Instruction {
  const code = question.subarray(Question.CODE, Question.CODE + CODE_BYTES);
  const instruction = decode(byteSource(code), 0, { code32: true });
  if (typeof instruction === 'string') throw new Error(`${[...code].map((byte) => byte.toString(16)).join(' ')} does not decode: ${instruction}`);
  return instruction;
}

/** Fills the operand record as an executor does. */
function fill(instruction: Instruction): void {
  op.operandSize = instruction.operandSize;
  op.escape = instruction.escape;
  op.memory = false;
  op.stack = 0;
  instruction.operands.forEach((operand, position) => {
    if (operand.kind === 'stack' && instruction.row.operands[position] === 'STi') op.stack = operand.index;
    if (operand.kind !== 'memory') return;
    op.memory = true;
    op.segment = operand.segment;
    op.offset = operand.displacement;
  });
}

function execute(mnemonic: string): boolean {
  const procedure = procedures[mnemonic];
  if (procedure === undefined) throw new Error(`${mnemonic} has no procedure`);
  return procedure(silicon, op);
}

function transferImage(mnemonic: 'frstor' | 'fnsave'): void {
  op.operandSize = 32;
  op.memory = true;
  op.segment = Segment.DS;
  op.offset = IMAGE_OFFSET;
  if (!execute(mnemonic)) throw new Error(`${mnemonic} failed: ${silicon.fault}`);
}

const bytes = new Uint8Array(silicon.memory.buffer);
const imageBytes = bytes.subarray(OPERAND_LINEAR + 0x1000, OPERAND_LINEAR + 0x1000 + IMAGE_BYTES);
const memoryBytes = bytes.subarray(OPERAND_LINEAR, OPERAND_LINEAR + MEMORY_BYTES);

/** How an instruction is executed: by its procedure alone, or as executors do, by its recorded common case where that does not leave. */
export type Execution = 'procedure' | 'recorded';

/** What `answer` found last: whether the recorded code decided. */
export const lastAnswer = { wasRecorded: false };

function executeAs(mnemonic: string, execution: Execution): boolean {
  const ending = execution === 'recorded' && isRecorded(mnemonic) ? evaluateRecorded(silicon, mnemonic, op) : 'left';
  lastAnswer.wasRecorded = ending !== 'left';
  return ending === 'left' ? execute(mnemonic) : ending === 'completed';
}

/** Our answer to a question. */
export function answer(question: Uint8Array, instruction: Instruction, execution: Execution): Uint8Array {
  const result = new Uint8Array(ANSWER_BYTES);
  const view = new DataView(result.buffer);
  const asked = new DataView(question.buffer, question.byteOffset, question.byteLength);
  memoryBytes.set(question.subarray(Question.MEMORY, Question.MEMORY + MEMORY_BYTES));
  imageBytes.set(question.subarray(Question.IMAGE, Question.IMAGE + IMAGE_BYTES));
  state[Word.X87_STATUS] = 0;
  transferImage('frstor');
  state[Word.EAX] = asked.getInt32(Question.EAX, true);
  storeArithmeticFlags(state, asked.getInt32(Question.FLAGS, true));
  state[Word.EIP] = CODE_AT;
  op.nextEip = CODE_AT + instruction.length;
  fill(instruction);
  if (!executeAs(instruction.row.mnemonic, execution)) {
    if (silicon.faultVector !== Vector.MF) throw new Error(`${instruction.row.mnemonic}: ${silicon.fault}`);
    silicon.clearFault();
    view.setUint32(Answer.SIGNAL, SIGFPE, true);
  } else {
    view.setInt32(Answer.EAX, state[Word.EAX], true);
    view.setInt32(Answer.FLAGS, (composeFlags(state) & ~Flag.IF) | Flag.FIXED, true);
    transferImage('fnsave');
    result.set(imageBytes, Answer.IMAGE);
  }
  result.set(memoryBytes, Answer.MEMORY);
  return result;
}
