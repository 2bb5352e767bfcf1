import { ARITHMETIC_FLAGS, Flag } from '../../state.js';
import type { EncodingRow, Traits } from '../instruction.js';
import { hexByte, row } from '../row.js';
import { CONDITIONS } from './conditions.js';

/** Moves, exchanges, conversions and address computation in the general registers and memory. */

const lockable: Traits = { lockable: true };
const exchangeAndCompute: Traits = { since: 'i486', writes: ARITHMETIC_FLAGS, lockable: true };

const CMOVCC = 0x40;
/** XCHG with (E)AX; with register 0, (E)AX itself, it is NOP. */
const XCHG_ACCUMULATOR = 0x90;

export const dataMovementRows: readonly EncodingRow[] = [
  row('mov', '88 /r', 'Eb Gb'),
  row('mov', '89 /r', 'Ev Gv'),
  row('mov', '8A /r', 'Gb Eb'),
  row('mov', '8B /r', 'Gv Ev'),
  row('mov', 'A0', 'AL Ob'),
  row('mov', 'A1', 'eAX Ov'),
  row('mov', 'A2', 'Ob AL'),
  row('mov', 'A3', 'Ov eAX'),
  row('mov', 'B0+r', 'Zb Ib'),
  row('mov', 'B8+r', 'Zv Iz'),
  row('mov', 'C6 /0', 'Eb Ib'),
  row('mov', 'C7 /0', 'Ev Iz'),
  ...CONDITIONS.map(({ name, reads }, code) => row(`cmov${name}`, `0F ${hexByte(CMOVCC + code)} /r`, 'Gv Ev', { since: 'i686', reads, note: 'reads its source even when the condition is false' })),

  row('movzx', '0F B6 /r', 'Gv Eb'),
  row('movzx', '0F B7 /r', 'Gv Ew'),
  row('movsx', '0F BE /r', 'Gv Eb'),
  row('movsx', '0F BF /r', 'Gv Ew'),
  row('cbw', '98', '', { note: 'CWDE with 32-bit operands' }),
  row('cwd', '99', '', { note: 'CDQ with 32-bit operands' }),
  row('bswap', '0F C8+r', 'Zv', { since: 'i486', note: 'undefined result with 16-bit operands' }),

  // The processor locks the bus for XCHG with memory even without the prefix.
  row('xchg', '86 /r', 'Eb Gb', lockable),
  row('xchg', '87 /r', 'Ev Gv', lockable),
  ...[1, 2, 3, 4, 5, 6, 7].map((register) => row('xchg', hexByte(XCHG_ACCUMULATOR + register), 'Zv eAX')),
  row('xadd', '0F C0 /r', 'Eb Gb', exchangeAndCompute),
  row('xadd', '0F C1 /r', 'Ev Gv', exchangeAndCompute),
  row('cmpxchg', '0F B0 /r', 'Eb Gb', exchangeAndCompute),
  row('cmpxchg', '0F B1 /r', 'Ev Gv', exchangeAndCompute),
  row('cmpxchg8b', '0F C7 /1', 'Mq', { since: 'i586', writes: Flag.ZF, lockable: true }),

  row('lea', '8D /r', 'Gv M', { addressOnly: true }),
  row('xlat', 'D7', 'BB'),
];
