import type { EncodingRow } from '../instruction.js';
import { arithmeticRows } from './arithmetic.js';
import { bitRows } from './bits.js';
import { controlTransferRows } from './control-transfer.js';
import { dataMovementRows } from './data-movement.js';
import { flagRows } from './flags.js';
import { inputOutputRows } from './input-output.js';
import { noOperationRows } from './no-operation.js';
import { segmentRows } from './segments.js';
import { shiftRows } from './shifts.js';
import { stackRows } from './stack.js';
import { stringRows } from './strings.js';
import { systemRows } from './system.js';
import { x87Rows } from './x87.js';

/**
 * The instruction set: every row of every model, in no particular order. To add an instruction, add a row to the file of its topic (or a file to this list)
 * and a semantic function with the row's mnemonic; the decoder refuses to work when two rows of one model claim the same encoding.
 *
 * Deliberately absent, and so #UD: MMX, SSE and everything younger; SYSENTER (the Pentium Pro's is not usable); RSM (there is no SMM); the 286's and
 * 386's LOADALL, and 0F A6/A7 (XBTS and IBTS, then CMPXCHG, of early steppings); PREFETCHW (0F 0D).
 */
export const encodingRows: readonly EncodingRow[] = [
  ...arithmeticRows,
  ...shiftRows,
  ...bitRows,
  ...dataMovementRows,
  ...stackRows,
  ...segmentRows,
  ...controlTransferRows,
  ...stringRows,
  ...flagRows,
  ...inputOutputRows,
  ...systemRows,
  ...noOperationRows,
  ...x87Rows,
];
