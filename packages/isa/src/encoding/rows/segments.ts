import type { EncodingRow, Traits } from '../instruction.js';
import { row } from '../row.js';
import { violates } from '../sensitive.js';

/**
 * Segment registers. A load that may reach SS ends a block: SS.B decides the width of the stack pointer, and interrupts wait one instruction (SDM vol. 3, 6.8.3).
 * A 16-bit selector is stored to a 32-bit register zero-extended, to memory as 16 bits, hence two rows.
 */

const push: Traits = violates(12);
const pop: Traits = violates(11);
const move: Traits = violates(18);
/** LDS and its kin. */
const farPointer: Traits = { ...pop, note: 'loads a segment register with the checks of POP; Robin & Irvine do not list it' };

export const segmentRows: readonly EncodingRow[] = [
  row('push-sreg', '06', 'ES', push),
  row('push-sreg', '0E', 'CS', push),
  row('push-sreg', '16', 'SS', push),
  row('push-sreg', '1E', 'DS', push),
  row('push-sreg', '0F A0', 'FS', push),
  row('push-sreg', '0F A8', 'GS', push),
  row('pop-sreg', '07', 'ES', pop),
  row('pop-sreg', '17', 'SS', { ...pop, endsBlock: true }),
  row('pop-sreg', '1F', 'DS', pop),
  row('pop-sreg', '0F A1', 'FS', pop),
  row('pop-sreg', '0F A9', 'GS', pop),
  row('mov-sreg', '8C /r', 'Rv Sw', move),
  row('mov-sreg', '8C /r', 'Ew Sw', { ...move, memoryOnly: true }),
  row('load-sreg', '8E /0', 'ES Ew', move),
  row('load-sreg', '8E /2', 'SS Ew', { ...move, endsBlock: true }),
  row('load-sreg', '8E /3', 'DS Ew', move),
  row('load-sreg', '8E /4', 'FS Ew', move),
  row('load-sreg', '8E /5', 'GS Ew', move),
  row('load-far-pointer', 'C4 /r', 'ES Gv Mp', farPointer),
  row('load-far-pointer', 'C5 /r', 'DS Gv Mp', farPointer),
  row('load-far-pointer', '0F B2 /r', 'SS Gv Mp', { ...farPointer, endsBlock: true }),
  row('load-far-pointer', '0F B4 /r', 'FS Gv Mp', farPointer),
  row('load-far-pointer', '0F B5 /r', 'GS Gv Mp', farPointer),
];
