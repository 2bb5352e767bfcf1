import { Flag } from '../../state.js';
import type { EncodingRow, Traits } from '../instruction.js';
import { row } from '../row.js';

/**
 * Rotates and shifts. A count that is zero after masking with 31 changes no flag; OF is defined for a count of 1 only
 * (SDM vol. 2, RCL/RCR/ROL/ROR and SAL/SAR/SHL/SHR). Hence the three groups of traits by how the count is given.
 */

const { CF, PF, AF, ZF, SF, OF } = Flag;

const rotateByOne: Traits = { writes: CF | OF };
const rotateByCount: Traits = { mayWrite: CF | OF, undefined: OF };
const shiftByOne: Traits = { writes: CF | PF | ZF | SF | OF, undefined: AF };
const shiftByCount: Traits = { mayWrite: CF | PF | AF | ZF | SF | OF, undefined: AF | OF };
const doubleShift: Traits = { ...shiftByCount, note: 'with 16-bit operands a count over 16 leaves the destination and all six flags undefined' };

/** The six encodings that a rotate or shift has; `extension` is its number in the reg field. */
function byAnyCount(mnemonic: string, extension: number, byOne: Traits, byCount: Traits, note?: string): EncodingRow[] {
  const noted = (traits: Traits): Traits => (note === undefined ? traits : { ...traits, note });
  return [
    row(mnemonic, `D0 /${extension}`, 'Eb 1', noted(byOne)),
    row(mnemonic, `D1 /${extension}`, 'Ev 1', noted(byOne)),
    row(mnemonic, `D2 /${extension}`, 'Eb CL', noted(byCount)),
    row(mnemonic, `D3 /${extension}`, 'Ev CL', noted(byCount)),
    row(mnemonic, `C0 /${extension}`, 'Eb Ib', noted(byCount)),
    row(mnemonic, `C1 /${extension}`, 'Ev Ib', noted(byCount)),
  ];
}

export const shiftRows: readonly EncodingRow[] = [
  ...byAnyCount('rol', 0, rotateByOne, rotateByCount),
  ...byAnyCount('ror', 1, rotateByOne, rotateByCount),
  ...byAnyCount('rcl', 2, { ...rotateByOne, reads: CF }, { ...rotateByCount, reads: CF }),
  ...byAnyCount('rcr', 3, { ...rotateByOne, reads: CF }, { ...rotateByCount, reads: CF }),
  ...byAnyCount('shl', 4, shiftByOne, shiftByCount),
  ...byAnyCount('shr', 5, shiftByOne, shiftByCount),
  ...byAnyCount('shl', 6, shiftByOne, shiftByCount, 'undocumented alias of /4'),
  ...byAnyCount('sar', 7, shiftByOne, shiftByCount),
  row('shld', '0F A4 /r', 'Ev Gv Ib', doubleShift),
  row('shld', '0F A5 /r', 'Ev Gv CL', doubleShift),
  row('shrd', '0F AC /r', 'Ev Gv Ib', doubleShift),
  row('shrd', '0F AD /r', 'Ev Gv CL', doubleShift),
];
