import type { Instruction as IcedInstruction } from 'iced-x86';
import type { Instruction } from '../../src/encoding/instruction.js';
import { icedMnemonic, icedMnemonics, icedOperand, ourOperand } from './oracle.js';

/** Rows whose selector operand iced shows with the operand's size although only 16 bits are used; we show 16 bits. */
const SELECTOR_SOURCES: ReadonlySet<string> = new Set(['load-sreg', 'lar', 'lsl', 'lldt', 'ltr', 'verr', 'verw', 'lmsw', 'arpl']);

/** Rows where our list of operands deliberately differs from iced's; the result is ours in iced's terms. */
function ourOperands(ours: Instruction, icedCount: number): string[] {
  const texts = ours.operands.map((operand) => ourOperand(operand, ours));
  switch (ours.row.mnemonic) {
    case 'load-far-pointer': return texts.slice(1); // the segment register is in iced's mnemonic
    case 'nop': return texts.slice(0, icedCount);
    case 'ud2': return []; // UD1 and UD0 have operands that nothing reads
    default: return texts;
  }
}

/** How many of iced's operands take part. A hint NOP's reg field is an operand for iced and nothing for us. */
function icedCountOf(ours: Instruction, iced: IcedInstruction): number {
  if (ours.row.mnemonic === 'nop') return Math.min(iced.opCount, ours.operands.length);
  return ours.row.mnemonic === 'ud2' ? 0 : iced.opCount;
}

/**
 * UD0 had no ModR/M byte on the older processors (SDM vol. 2, UD); iced gives it one except in its AMD mode, which would change more than that.
 * The instruction faults, so that its length is never used.
 */
const UD0_WITHOUT_MODRM = '0F FF';

/** A register operand's number without its size. */
const withoutSize = (text: string): string => text.replace(/^r(16|32):/, 'r:');

/** The first difference between two decodings of the same bytes, or undefined. */
export function difference(ours: Instruction, iced: IcedInstruction): string | undefined {
  if (ours.length !== iced.length && ours.row.opcode !== UD0_WITHOUT_MODRM) return `length ${ours.length}, iced ${iced.length}`;
  const mnemonic = icedMnemonic(iced);
  if (!icedMnemonics(ours.row).some((name) => mnemonic === name || (name === 'Reservednop' && mnemonic.startsWith(name)))) return `mnemonic ${ours.row.mnemonic}, iced ${mnemonic}`;
  const count = icedCountOf(ours, iced);
  const texts = ourOperands(ours, count);
  if (texts.length !== count) return `${texts.length} operands, iced ${count}`;
  for (let number = 0; number < count; number++) {
    const expected = icedOperand(iced, number, ours.addressSize);
    const same = SELECTOR_SOURCES.has(ours.row.mnemonic) ? withoutSize(texts[number]) === withoutSize(expected) : texts[number] === expected;
    if (!same) return `operand ${number} ${texts[number]}, iced ${expected}`;
  }
  if (ours.lock !== iced.hasLockPrefix) return `lock ${ours.lock}`;
  const repeat = iced.hasRepePrefix ? 'repe' : iced.hasRepnePrefix ? 'repne' : 'none';
  return ours.row.traits.repeat !== undefined && ours.repeat !== repeat ? `repeat ${ours.repeat}, iced ${repeat}` : undefined;
}
