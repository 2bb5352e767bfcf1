import { ARITHMETIC_FLAGS, Flag } from '../../state.js';
import type { EncodingRow, Traits } from '../instruction.js';
import { hexByte, row } from '../row.js';
import { IRET_ENTRY, violates } from '../sensitive.js';
import { CONDITIONS } from './conditions.js';

/** Jumps, calls, returns, loops and software interrupts. All of them end a block, except BOUND, whose trap is a fault like any other. */

const transfer: Traits = { endsBlock: true };
// A far transfer through a task gate or to a TSS saves EFLAGS in the old task and loads it from the new one (SDM vol. 3, 7.3).
const taskSwitch: Traits = { endsBlock: true, reads: ARITHMETIC_FLAGS, mayWrite: ARITHMETIC_FLAGS };
// EFLAGS is pushed.
const interrupt: Traits = { endsBlock: true, reads: ARITHMETIC_FLAGS };

const JCC_SHORT = 0x70;
const JCC_NEAR = 0x80;

export const controlTransferRows: readonly EncodingRow[] = [
  ...CONDITIONS.map(({ name, reads }, code) => row(`j${name}`, hexByte(JCC_SHORT + code), 'Jb', { reads, endsBlock: true })),
  ...CONDITIONS.map(({ name, reads }, code) => row(`j${name}`, `0F ${hexByte(JCC_NEAR + code)}`, 'Jz', { reads, endsBlock: true })),
  row('jmp', 'EB', 'Jb', transfer),
  row('jmp', 'E9', 'Jz', transfer),
  row('jmp-indirect', 'FF /4', 'Ev', transfer),
  row('jmpf', 'EA', 'Ap', { ...taskSwitch, ...violates(14) }),
  row('jmpf', 'FF /5', 'Mp', { ...taskSwitch, ...violates(14) }),

  row('call', 'E8', 'Jz', transfer),
  row('call-indirect', 'FF /2', 'Ev', transfer),
  row('callf', '9A', 'Ap', { ...taskSwitch, ...violates(13) }),
  row('callf', 'FF /3', 'Mp', { ...taskSwitch, ...violates(13) }),
  row('ret', 'C2', 'Iw', transfer),
  row('ret', 'C3', '', transfer),
  row('retf', 'CA', 'Iw', { ...transfer, ...violates(16) }),
  row('retf', 'CB', '', { ...transfer, ...violates(16) }),

  // The counter is CX or ECX by address size, the target's width is the operand size.
  row('loopne', 'E0', 'Jb', { endsBlock: true, reads: Flag.ZF }),
  row('loope', 'E1', 'Jb', { endsBlock: true, reads: Flag.ZF }),
  row('loop', 'E2', 'Jb', transfer),
  row('jcxz', 'E3', 'Jb', transfer),

  row('int3', 'CC', '', { ...interrupt, note: 'does not obey IOPL in virtual-8086 mode' }),
  row('int', 'CD', 'Ib', { ...interrupt, ...violates(15), note: 'obeys IOPL in virtual-8086 mode' }),
  row('into', 'CE', '', { ...interrupt, note: 'does not obey IOPL in virtual-8086 mode' }),
  row('int1', 'F1', '', { ...interrupt, note: 'undocumented; vector 1' }),
  // With NT set it returns to the previous task and reads EFLAGS into the old task's TSS.
  row('iret', 'CF', '', { endsBlock: true, reads: ARITHMETIC_FLAGS, writes: ARITHMETIC_FLAGS, ...violates(IRET_ENTRY), note: 'obeys IOPL in virtual-8086 mode' }),
  row('bound', '62 /r', 'Gv Ma'),
];
