import type { Instruction as IcedInstruction } from 'iced-x86';
import type { Instruction } from '../../src/encoding/instruction.js';
import { icedMnemonic, icedMnemonics, icedOperand, ourOperand } from './oracle.js';

/** Rows whose selector operand iced shows with the operand's size although only 16 bits are used; we show 16 bits. */
const SELECTOR_SOURCES: ReadonlySet<string> = new Set(['load-sreg', 'lar', 'lsl', 'lldt', 'ltr', 'verr', 'verw', 'lmsw', 'arpl']);

/** Why an agreement needed an allowance. Every difference from iced is one of these or a failure. */
export const Reason = {
  NEWER: 'iced knows an instruction that is newer than the Pentium Pro; undefined for us',
  SSE_PREFIX: 'SSE made 66, F2 and F3 part of the opcodes 0F AE, invalid for iced; without SSE they mean nothing there',
  UD0_LENGTH: 'UD0 (0F FF) has a ModR/M byte for iced; older processors had none, and the length of what faults is never used (SDM vol. 2, UD)',
  UD_OPERANDS: 'UD0 and UD1 have operands for iced; nothing reads them',
  HINT_OPERAND: 'the reg field of a hint NOP is an operand for iced; nothing reads it',
  SELECTOR_SIZE: 'a register that holds a selector has the size of the operand for iced; 16 bits of it are used, which is what we show',
  FAR_POINTER: 'the segment register of LDS and its kin is in the mnemonic for iced, an operand for us',
} as const;
export type Note = (reason: string) => void;

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

/** Whether an operand is the same; `note` hears of the allowance that it took. */
function isSameOperand(ours: Instruction, text: string, expected: string, note: Note): boolean {
  if (text === expected) return true;
  if (!SELECTOR_SOURCES.has(ours.row.mnemonic) || withoutSize(text) !== withoutSize(expected)) return false;
  note(Reason.SELECTOR_SIZE);
  return true;
}

/** Tells of the allowances that the lists of operands took. */
function noteOperands(ours: Instruction, iced: IcedInstruction, note: Note): void {
  const { mnemonic } = ours.row;
  if (mnemonic === 'load-far-pointer') note(Reason.FAR_POINTER);
  else if (iced.opCount > 0 && mnemonic === 'ud2') note(Reason.UD_OPERANDS);
  else if (iced.opCount > ours.operands.length && mnemonic === 'nop') note(Reason.HINT_OPERAND);
}

/** The first difference between two decodings of the same bytes, or undefined. `note` is called with each `Reason` that was needed for that. */
export function difference(ours: Instruction, iced: IcedInstruction, note: Note): string | undefined {
  if (ours.length !== iced.length) {
    if (ours.row.opcode !== UD0_WITHOUT_MODRM) return `length ${ours.length}, iced ${iced.length}`;
    note(Reason.UD0_LENGTH);
  }
  const mnemonic = icedMnemonic(iced);
  if (!icedMnemonics(ours.row).some((name) => mnemonic === name || (name === 'Reservednop' && mnemonic.startsWith(name)))) return `mnemonic ${ours.row.mnemonic}, iced ${mnemonic}`;
  const count = icedCountOf(ours, iced);
  const texts = ourOperands(ours, count);
  noteOperands(ours, iced, note);
  if (texts.length !== count) return `${texts.length} operands, iced ${count}`;
  for (let number = 0; number < count; number++) {
    const expected = icedOperand(iced, number, ours.addressSize);
    if (!isSameOperand(ours, texts[number], expected, note)) return `operand ${number} ${texts[number]}, iced ${expected}`;
  }
  if (ours.lock !== iced.hasLockPrefix) return `lock ${ours.lock}`;
  const repeat = iced.hasRepePrefix ? 'repe' : iced.hasRepnePrefix ? 'repne' : 'none';
  return ours.row.traits.repeat !== undefined && ours.repeat !== repeat ? `repeat ${ours.repeat}, iced ${repeat}` : undefined;
}
