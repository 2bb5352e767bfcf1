import type { EncodingRow } from '../instruction.js';
import { hexByte, row } from '../row.js';

/** NOP, the deliberately undefined opcodes, and FWAIT, which is outside the D8-DF escapes and only checks for a pending x87 exception. */

const HINT_NOP_FIRST = 0x18;
const HINT_NOPS = 8;

export const noOperationRows: readonly EncodingRow[] = [
  row('nop', '90', '', { note: 'the encoding of XCHG (E)AX,(E)AX; with F3 in front PAUSE, which this processor also treats as NOP' }),
  // The P6 family decodes 0F 18 - 0F 1F with any reg field as a NOP that has a ModR/M operand and does not access it (SDM vol. 2, NOP; later
  // processors gave some of them a meaning, PREFETCH among them, that a program may ignore).
  ...Array.from({ length: HINT_NOPS }, (_, index) => row('nop', `0F ${hexByte(HINT_NOP_FIRST + index)} /r`, 'Ev', { since: 'i686', addressOnly: true, note: 'hint NOP' })),
  row('ud2', '0F 0B', '', { endsBlock: true }),
  row('ud2', '0F B9 /r', 'Gv Ev', { endsBlock: true, addressOnly: true, note: 'UD1' }),
  row('ud2', '0F FF', '', { endsBlock: true, note: 'UD0; without ModR/M, as on the older processors (SDM vol. 2, UD)' }),
  row('fwait', '9B', ''),
];
