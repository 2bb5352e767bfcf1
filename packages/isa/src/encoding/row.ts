import type { EncodingRow, OperandType, Traits } from './instruction.js';

/** The text itself if every word of it is an operand type, otherwise `never`, so that a misspelt operand does not compile. */
type OperandText<Text extends string> = Text extends `${infer First} ${infer Rest}`
  ? First extends OperandType
    ? Rest extends OperandText<Rest> ? Text : never
    : never
  : Text extends OperandType | '' ? Text : never;

/**
 * One line of the instruction set. `operands` are separated by blanks and in the order in which the manuals print them, destination first.
 * Operands that only memory (M…) or only a register (R + v) can be make the row `memoryOnly` or `registerOnly`; Rd does not, because MOV to and from
 * control and debug registers ignores the mod field (SDM vol. 2, MOV—Move to/from Control Registers).
 */
export function row<Text extends string>(mnemonic: string, opcode: string, operands: Text & OperandText<Text>, traits: Traits = {}): EncodingRow {
  const types = (operands === '' ? [] : operands.split(' ')) as OperandType[];
  const memoryOnly = traits.memoryOnly ?? (types.some((type) => type.startsWith('M')) ? true : undefined);
  const registerOnly = traits.registerOnly ?? (types.includes('Rv') ? true : undefined);
  return { mnemonic, opcode, operands: types, traits: { ...traits, ...(memoryOnly && { memoryOnly }), ...(registerOnly && { registerOnly }) } };
}

const HEXADECIMAL = 16;

/** An opcode byte as the manuals print it. */
export function hexByte(value: number): string {
  return value.toString(HEXADECIMAL).toUpperCase().padStart(2, '0');
}
