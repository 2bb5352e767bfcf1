import { Flag } from '../../state.js';
import type { EncodingRow } from '../instruction.js';
import { row } from '../row.js';

/** Instructions whose purpose is a flag. CLI and STI obey IOPL; STI may let an interrupt in after the next instruction. */

const { CF, PF, AF, ZF, SF } = Flag;

export const flagRows: readonly EncodingRow[] = [
  row('cmc', 'F5', '', { reads: CF, writes: CF }),
  row('clc', 'F8', '', { writes: CF }),
  row('stc', 'F9', '', { writes: CF }),
  row('cli', 'FA', '', { ioSensitive: true }),
  row('sti', 'FB', '', { ioSensitive: true, endsBlock: true }),
  row('cld', 'FC', ''),
  row('std', 'FD', ''),
  row('sahf', '9E', '', { writes: CF | PF | AF | ZF | SF }),
  row('lahf', '9F', '', { reads: CF | PF | AF | ZF | SF }),
  row('salc', 'D6', '', { reads: CF, note: 'undocumented' }),
];
