import { ARITHMETIC_FLAGS } from '../../state.js';
import type { EncodingRow, Traits } from '../instruction.js';
import { row } from '../row.js';

/** String instructions. The destination's segment is ES and cannot be overridden; sizes above 8 bits follow the operand size. */

const moved: Traits = { repeat: 'rep' };
// A repeat count of zero leaves the flags alone.
const compared: Traits = { repeat: 'repe', mayWrite: ARITHMETIC_FLAGS };
const transferred: Traits = { repeat: 'rep', ioSensitive: true };

export const stringRows: readonly EncodingRow[] = [
  row('movs', 'A4', 'Yb Xb', moved),
  row('movs', 'A5', 'Yv Xv', moved),
  row('cmps', 'A6', 'Xb Yb', compared),
  row('cmps', 'A7', 'Xv Yv', compared),
  row('stos', 'AA', 'Yb AL', moved),
  row('stos', 'AB', 'Yv eAX', moved),
  row('lods', 'AC', 'AL Xb', moved),
  row('lods', 'AD', 'eAX Xv', moved),
  row('scas', 'AE', 'AL Yb', compared),
  row('scas', 'AF', 'eAX Yv', compared),
  row('ins', '6C', 'Yb DX', transferred),
  row('ins', '6D', 'Yv DX', transferred),
  row('outs', '6E', 'DX Xb', transferred),
  row('outs', '6F', 'DX Xv', transferred),
];
