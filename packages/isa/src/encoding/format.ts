import type { Instruction, Operand } from './instruction.js';

/** A short rendering for messages and test failures; a disassembler it is not. */

const SEGMENT_NAMES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldtr', 'tr'] as const;
const HEXADECIMAL = 16;
const hex = (value: number): string => (value >>> 0).toString(HEXADECIMAL);

function formatMemory(operand: Extract<Operand, { kind: 'memory' }>): string {
  const parts = [];
  if (operand.base >= 0) parts.push(`r${operand.base}`);
  if (operand.index >= 0) parts.push(`r${operand.index}*${1 << operand.scale}`);
  if (operand.displacement !== 0 || parts.length === 0) parts.push(hex(operand.displacement));
  return `m${operand.size}[${SEGMENT_NAMES[operand.segment]}:${parts.join('+')}]`;
}

function formatOperand(operand: Operand, next: number): string {
  switch (operand.kind) {
    case 'register': return `r${operand.size}:${operand.index}`;
    case 'segment': return SEGMENT_NAMES[operand.index];
    case 'control': return `cr${operand.index}`;
    case 'debug': return `dr${operand.index}`;
    case 'test': return `tr${operand.index}`;
    case 'stack': return `st${operand.index}`;
    case 'memory': return formatMemory(operand);
    case 'immediate': return `i${operand.size}:${operand.value}`;
    case 'relative': return hex(next + operand.value);
    case 'far': return `${hex(operand.selector)}:${hex(operand.offset)}`;
  }
}

/** A decoded instruction at offset `eip` as text, e.g. `lock add m32[ds:r0+r1*4+8] r32:2`. Branch targets ignore 16-bit wrap-around. */
export function formatInstruction(instruction: Instruction, eip: number): string {
  const prefixes = [instruction.lock ? 'lock' : '', instruction.repeat === 'none' ? '' : instruction.repeat];
  const operands = instruction.operands.map((operand) => formatOperand(operand, eip + instruction.length));
  return [...prefixes, instruction.row.mnemonic, ...operands].filter((part) => part !== '').join(' ');
}
