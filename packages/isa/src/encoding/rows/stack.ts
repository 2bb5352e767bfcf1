import { ARITHMETIC_FLAGS } from '../../state.js';
import type { EncodingRow } from '../instruction.js';
import { row } from '../row.js';
import { violates } from '../sensitive.js';

/** The stack, except for segment registers (segments.ts). POPF may set IF or TF: the executor has to look before the next instruction. */

export const stackRows: readonly EncodingRow[] = [
  row('push', '50+r', 'Zv'),
  row('push', '68', 'Iz'),
  row('push', '6A', 'Ibs'),
  row('push', 'FF /6', 'Ev'),
  row('pop', '58+r', 'Zv'),
  row('pop', '8F /0', 'Ev', { note: 'an address with base (E)SP is computed after the increment' }),
  row('pusha', '60', ''),
  row('popa', '61', ''),
  row('pushf', '9C', '', { ...violates(5), reads: ARITHMETIC_FLAGS, note: 'obeys IOPL in virtual-8086 mode' }),
  row('popf', '9D', '', { ...violates(6), writes: ARITHMETIC_FLAGS, endsBlock: true, note: 'obeys IOPL in virtual-8086 mode' }),
  row('enter', 'C8', 'Iw Ib'),
  row('leave', 'C9', ''),
];
