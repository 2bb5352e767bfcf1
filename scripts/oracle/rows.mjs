// Which encoding rows have single-instruction cases, and why the others have none.
import { encodingRows, SEMANTICS, SYSTEM_PROCEDURES } from '../../packages/isa/dist/index.js';

/** Rows that have no cases, and why: what they show or do differs between the host's processes and our machine, or belongs to another oracle. */
const LEFT_OUT = [
  [({ mnemonic, opcode }) => mnemonic.startsWith('f') || opcode.startsWith('0F AE'), 'x87: packages/isa/test/x87-silicon/run.ts'],
  [({ mnemonic }) => ['sgdt', 'sidt', 'sldt', 'str', 'smsw'].includes(mnemonic), 'shows tables or machine status, which are the host kernel\'s'],
  [({ mnemonic }) => ['cpuid', 'rdtsc', 'rdpmc'].includes(mnemonic), 'shows what differs from processor to processor'],
  [({ mnemonic }) => ['sysenter', 'sysexit', 'syscall', 'sysret'].includes(mnemonic), 'enters the host\'s kernel'],
  [({ mnemonic }) => ['mov-from-tr', 'mov-to-tr'].includes(mnemonic), 'has the test registers, which only the 80386 and 80486 have'],
  [({ mnemonic }) => mnemonic === 'int1', 'a trap through vector 1 cannot be told from the single step of the method'],
  [({ mnemonic }) => SEMANTICS[mnemonic] === undefined && SYSTEM_PROCEDURES[mnemonic] === undefined && mnemonic !== 'ud2', 'has no meaning of ours yet'],
];
/** Why a row has no cases; undefined if it has. */
export const whyNot = (row) => LEFT_OUT.find(([applies]) => applies(row))?.[1];

export const rows = encodingRows.filter((row) => whyNot(row) === undefined);
export const mnemonics = [...new Set(rows.map(({ mnemonic }) => mnemonic))];
/** Rows without cases by reason. */
export function uncovered() {
  return Map.groupBy(encodingRows.filter((row) => whyNot(row) !== undefined), whyNot);
}
