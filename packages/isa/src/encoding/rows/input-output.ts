import type { EncodingRow, Traits } from '../instruction.js';
import { row } from '../row.js';

/** IN and OUT. Allowed when CPL <= IOPL or by the TSS's I/O permission bitmap (SDM vol. 1, 19.5); INS and OUTS are in strings.ts. */

const port: Traits = { ioSensitive: true };

export const inputOutputRows: readonly EncodingRow[] = [
  row('in', 'E4', 'AL Ib', port),
  row('in', 'E5', 'eAX Ib', port),
  row('in', 'EC', 'AL DX', port),
  row('in', 'ED', 'eAX DX', port),
  row('out', 'E6', 'Ib AL', port),
  row('out', 'E7', 'Ib eAX', port),
  row('out', 'EE', 'DX AL', port),
  row('out', 'EF', 'DX eAX', port),
];
