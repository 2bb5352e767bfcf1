import { Word, type Instruction, type Operand, type SystemOperands } from '@ringbench/isa';

/** A repeated INS or OUTS: not repeated, repeated with a count of 0, or with iterations to do. */
export type Repetition = 'not' | 'none' | 'some';

const LOW_WORD = 0xffff;
const LOW_BYTE = 0xff;

function effectiveAddress(operand: Extract<Operand, { kind: 'memory' }>, addressSize: 16 | 32, state: Int32Array): number {
  const base = operand.base < 0 ? 0 : state[operand.base];
  const index = operand.index < 0 ? 0 : state[operand.index] << operand.scale;
  const offset = (base + index + operand.displacement) | 0;
  return addressSize === 16 ? offset & LOW_WORD : offset;
}

function fillImmediate(op: SystemOperands, mnemonic: string, type: string, value: number): void {
  if (mnemonic === 'in' || mnemonic === 'out') op.port = value & LOW_BYTE;
  else if (mnemonic === 'enter' && type === 'Ib') op.level = value & LOW_BYTE;
  else op.immediate = type === 'Iw' ? value & LOW_WORD : value & LOW_BYTE;
}

function fillOperand(op: SystemOperands, instruction: Instruction, position: number, state: Int32Array): void {
  const operand = instruction.operands[position];
  const type = instruction.row.operands[position];
  switch (operand.kind) {
    case 'memory':
      op.memory = true;
      op.segment = operand.segment;
      op.offset = effectiveAddress(operand, instruction.addressSize, state);
      break;
    case 'register':
      if (type === 'AL') op.width = 1;
      else if (type.startsWith('E') || type.startsWith('R')) op.register = operand.index;
      else if (type.startsWith('G')) op.target = operand.index;
      break;
    case 'segment': case 'control': case 'debug': op.target = operand.index; break;
    case 'immediate': fillImmediate(op, instruction.row.mnemonic, type, operand.value); break;
    case 'far':
      op.selector = operand.selector;
      op.farOffset = operand.offset;
      break;
    case 'relative': break;
  }
  if (type === 'Xb' || type === 'Yb') op.width = 1;
}

/** Refills the record that system procedures read. */
export function fillOperands(op: SystemOperands, instruction: Instruction, state: Int32Array, eip: number, next: number): Repetition {
  op.operandSize = instruction.operandSize;
  op.addressSize = instruction.addressSize;
  op.length = instruction.length;
  op.nextEip = next;
  op.memory = false;
  op.port = -1;
  op.immediate = 0;
  op.width = instruction.operandSize === 32 ? 4 : 2;
  op.repeated = instruction.repeat !== 'none';
  for (let position = 0; position < instruction.operands.length; position++) fillOperand(op, instruction, position, state);
  if (!op.repeated) return 'not';
  const count = instruction.addressSize === 32 ? state[Word.ECX] : state[Word.ECX] & LOW_WORD;
  if (count === 0) return 'none';
  if (count !== 1) op.nextEip = eip;
  return 'some';
}
