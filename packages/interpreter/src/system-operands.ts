import { SystemOperands, Word, type Instruction, type Operand } from '@ringbench/isa';

/** A repeated INS or OUTS: not repeated, repeated with a count of 0, or with iterations to do. */
export type Repetition = 'not' | 'none' | 'some';

const LOW_WORD = 0xffff;
const LOW_BYTE = 0xff;

type MemoryOperand = Extract<Operand, { kind: 'memory' }>;

function effectiveAddress(operand: MemoryOperand, addressSize: 16 | 32, state: Int32Array): number {
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

function fillOperand(op: SystemOperands, instruction: Instruction, position: number): void {
  const operand = instruction.operands[position];
  const type = instruction.row.operands[position];
  switch (operand.kind) {
    case 'memory':
      op.memory = true;
      op.segment = operand.segment;
      break;
    case 'register':
      if (type === 'AL') op.width = 1;
      else if (type.startsWith('E') || type.startsWith('R')) op.register = operand.index;
      // LDS and its kin name their segment in the opcode; ModR/M.reg is then the register of the offset.
      else if (type.startsWith('G') && instruction.row.mnemonic === 'load-far-pointer') op.register = operand.index;
      else if (type.startsWith('G')) op.target = operand.index;
      break;
    case 'segment': case 'control': case 'debug': case 'test': op.target = operand.index; break;
    case 'immediate': fillImmediate(op, instruction.row.mnemonic, type, operand.value); break;
    case 'far':
      op.selector = operand.selector;
      op.farOffset = operand.offset;
      break;
    case 'stack':
      if (type === 'STi') op.stack = operand.index;
      break;
    case 'relative': break;
  }
  if (type === 'Xb' || type === 'Yb') op.width = 1;
}

/** A decoded system instruction with the record that its procedure reads: filled once, only the effective address is computed at each execution. */
export class SystemInstruction {
  readonly operands = new SystemOperands();
  private readonly memory: MemoryOperand | undefined;

  constructor(readonly instruction: Instruction) {
    const { operands } = this;
    operands.operandSize = instruction.operandSize;
    operands.addressSize = instruction.addressSize;
    operands.length = instruction.length;
    operands.escape = instruction.escape;
    operands.width = instruction.operandSize === 32 ? 4 : 2;
    operands.repeated = instruction.repeat !== 'none';
    this.memory = instruction.operands.find((operand): operand is MemoryOperand => operand.kind === 'memory');
    for (let position = 0; position < instruction.operands.length; position++) fillOperand(operands, instruction, position);
  }

  /** Makes the record current. */
  prepare(state: Int32Array, eip: number, next: number): Repetition {
    const { operands, instruction } = this;
    operands.nextEip = next;
    if (this.memory !== undefined) operands.offset = effectiveAddress(this.memory, instruction.addressSize, state);
    if (!operands.repeated) return 'not';
    const count = instruction.addressSize === 32 ? state[Word.ECX] : state[Word.ECX] & LOW_WORD;
    if (count === 0) return 'none';
    if (count !== 1) operands.nextEip = eip;
    return 'some';
  }
}

/** System instructions under the numbers by which handlers find them. Single instructions share one, or stepping would fill memory. */
export class NumberedInstructions {
  readonly all: SystemInstruction[] = [];
  private singleNumber = -1;

  add(instruction: SystemInstruction, single: boolean): number {
    if (!single || this.singleNumber < 0) {
      const number = this.all.push(instruction) - 1;
      if (single) this.singleNumber = number;
      return number;
    }
    this.all[this.singleNumber] = instruction;
    return this.singleNumber;
  }
  forget(): void {
    this.all.length = 0;
    this.singleNumber = -1;
  }
}
