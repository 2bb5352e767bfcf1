import { Flag } from '../../state.js';
import type { EncodingRow, Traits } from '../instruction.js';
import { hexByte, row } from '../row.js';
import { CONDITIONS } from './conditions.js';

/** Bit tests and scans, and SETcc. */

const { CF, PF, AF, ZF, SF, OF } = Flag;

// SDM vol. 2, BT: ZF is unaffected; OF, SF, AF and PF are undefined.
const bitTest: Traits = { writes: CF, undefined: PF | AF | SF | OF };
const lockNote: Traits = { note: 'LOCK is legal on the 80386 and #UD on later processors' };
// The 80386 takes LOCK before BT (80386 Programmer's Reference Manual, LOCK); its successors want something to write.
const bitTest386: Traits = { ...bitTest, ...lockNote, until: 'i386', lockable: true };
const bitTest486: Traits = { ...bitTest, ...lockNote, since: 'i486' };
const bitChange: Traits = { ...bitTest, lockable: true };
const bitScan: Traits = { writes: ZF, undefined: CF | PF | AF | SF | OF, note: 'a source of zero leaves the destination undefined' };

const SETCC = 0x90;

export const bitRows: readonly EncodingRow[] = [
  ...[bitTest386, bitTest486].flatMap((traits) => [row('bt', '0F A3 /r', 'Ev Gv', traits), row('bt', '0F BA /4', 'Ev Ib', traits)]),
  row('bts', '0F AB /r', 'Ev Gv', bitChange),
  row('bts', '0F BA /5', 'Ev Ib', bitChange),
  row('btr', '0F B3 /r', 'Ev Gv', bitChange),
  row('btr', '0F BA /6', 'Ev Ib', bitChange),
  row('btc', '0F BB /r', 'Ev Gv', bitChange),
  row('btc', '0F BA /7', 'Ev Ib', bitChange),
  row('bsf', '0F BC /r', 'Gv Ev', bitScan),
  row('bsr', '0F BD /r', 'Gv Ev', bitScan),
  // The reg field of SETcc is ignored.
  ...CONDITIONS.map(({ name, reads }, code) => row(`set${name}`, `0F ${hexByte(SETCC + code)} /r`, 'Eb', { reads })),
];
