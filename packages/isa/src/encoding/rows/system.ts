import { Flag } from '../../state.js';
import type { EncodingRow, Traits } from '../instruction.js';
import { row } from '../row.js';
import { violates } from '../sensitive.js';

/**
 * Descriptor tables, protection, control and debug registers, model-specific registers, caches. Privileged instructions: SDM vol. 3, 5.9.
 * What may change the translation of the code's own page, the mode or a code breakpoint ends a block.
 */

const { CF, PF, AF, ZF, SF, OF } = Flag;

const privileged: Traits = { privileged: true };
const privilegedEnd: Traits = { privileged: true, endsBlock: true };
const descriptorTest: Traits = { writes: ZF };
// SDM vol. 2, MOV—Move to/from Control Registers: OF, SF, ZF, AF, PF and CF are undefined.
const controlMove: Traits = { privileged: true, undefined: CF | PF | AF | ZF | SF | OF, note: 'the mod field is ignored' };

/** MOV from and to one test register. */
function testMoves(register: number, models: Traits): EncodingRow[] {
  return [row('mov-from-tr', `0F 24 /${register}`, 'Rd Td', { ...controlMove, ...models }), row('mov-to-tr', `0F 26 /${register}`, 'Td Rd', { ...controlMove, ...models })];
}

export const systemRows: readonly EncodingRow[] = [
  row('sldt', '0F 00 /0', 'Rv', violates(3)),
  row('sldt', '0F 00 /0', 'Ew', { ...violates(3), memoryOnly: true }),
  row('str', '0F 00 /1', 'Rv', violates(17)),
  row('str', '0F 00 /1', 'Ew', { ...violates(17), memoryOnly: true }),
  row('lldt', '0F 00 /2', 'Ew', privileged),
  row('ltr', '0F 00 /3', 'Ew', privileged),
  row('verr', '0F 00 /4', 'Ew', { ...descriptorTest, ...violates(9) }),
  row('verw', '0F 00 /5', 'Ew', { ...descriptorTest, ...violates(10) }),
  row('lar', '0F 02 /r', 'Gv Ew', { ...descriptorTest, ...violates(7) }),
  row('lsl', '0F 03 /r', 'Gv Ew', { ...descriptorTest, ...violates(8) }),
  row('arpl', '63 /r', 'Ew Gw', descriptorTest),

  row('sgdt', '0F 01 /0', 'Ms', violates(1)),
  row('sidt', '0F 01 /1', 'Ms', violates(2)),
  row('lgdt', '0F 01 /2', 'Ms', privileged),
  row('lidt', '0F 01 /3', 'Ms', privileged),
  row('smsw', '0F 01 /4', 'Rv', violates(4)),
  row('smsw', '0F 01 /4', 'Ew', { ...violates(4), memoryOnly: true }),
  row('lmsw', '0F 01 /6', 'Ew', privilegedEnd),
  row('invlpg', '0F 01 /7', 'M', { ...privilegedEnd, since: 'i486', addressOnly: true }),

  row('clts', '0F 06', '', privileged),
  row('mov-from-cr', '0F 20 /r', 'Rd Cd', controlMove),
  row('mov-from-cr', '0F 20 /4', 'Rd Cd', { ...controlMove, since: 'i586' }),
  row('mov-from-dr', '0F 21 /r', 'Rd Dd', controlMove),
  row('mov-to-cr', '0F 22 /r', 'Cd Rd', { ...controlMove, endsBlock: true }),
  row('mov-to-cr', '0F 22 /4', 'Cd Rd', { ...controlMove, since: 'i586', endsBlock: true }),
  row('mov-to-dr', '0F 23 /r', 'Dd Rd', { ...controlMove, endsBlock: true }),
  // TR6 and TR7 test the TLB, TR3 to TR5 the i486's cache (i486 Microprocessor Programmer's Reference Manual, chapter 10).
  ...[6, 7].flatMap((register) => testMoves(register, { until: 'i486' })),
  ...[3, 4, 5].flatMap((register) => testMoves(register, { since: 'i486', until: 'i486' })),

  row('invd', '0F 08', '', { ...privileged, since: 'i486' }),
  row('wbinvd', '0F 09', '', { ...privileged, since: 'i486' }),
  row('hlt', 'F4', '', privilegedEnd),
  row('wrmsr', '0F 30', '', { ...privileged, since: 'i586' }),
  row('rdmsr', '0F 32', '', { ...privileged, since: 'i586' }),
  row('rdtsc', '0F 31', '', { since: 'i586', note: 'faults outside ring 0 when CR4.TSD is set, so a monitor can have it trap' }),
  row('rdpmc', '0F 33', '', { since: 'i686', note: 'faults outside ring 0 unless CR4.PCE is set, so a monitor can have it trap' }),
  row('cpuid', '0F A2', '', { since: 'i586', note: 'late i486 processors have it too; identifies the real processor; Robin & Irvine do not list it' }),
];
