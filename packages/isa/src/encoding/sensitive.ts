import type { SensitiveReason, Traits } from './instruction.js';

/** One entry of the list of sensitive unprivileged instructions. Which mnemonics belong to it, the rows say (`Traits.sensitiveEntry`). */
export interface SensitiveEntry {
  readonly entry: number;
  readonly name: string;
  /** The group it has in the paper: reads or writes a sensitive register, or refers to the protection system. */
  readonly group: 'register' | 'protection';
  readonly reason: SensitiveReason;
  /** What goes wrong, without a trap, when a guest kernel that believes to be at ring 0 runs deprivileged. */
  readonly failure: string;
}

/** The one entry that is ours: Robin & Irvine do not list IRET, which restores IF and IOPL as silently as POPF does. */
export const IRET_ENTRY = 19;

/**
 * The instructions that make IA-32 not virtualizable in Popek & Goldberg's sense. Entries 1-18 are those of J. S. Robin and C. E. Irvine,
 * "Analysis of the Intel Pentium's Ability to Support a Secure Virtual Machine Monitor", 9th USENIX Security Symposium, 2000: six that touch sensitive
 * registers, twelve that refer to the protection system. The paper's "17" counts differently; ours counts MOV to and from segment registers as one entry.
 * The paper does not name LES, LDS, LSS, LFS and LGS. They load a segment register with the same checks as POP does, so they share its entry 11: a machine on
 * which all that is sensitive traps must trap them.
 */
export const SENSITIVE_ENTRIES: readonly SensitiveEntry[] = [
  { entry: 1, name: 'SGDT', group: 'register', reason: '3B', failure: "stores the monitor's GDTR" },
  { entry: 2, name: 'SIDT', group: 'register', reason: '3B', failure: "stores the monitor's IDTR" },
  { entry: 3, name: 'SLDT', group: 'register', reason: '3B', failure: "stores the monitor's LDT selector" },
  { entry: 4, name: 'SMSW', group: 'register', reason: '3B', failure: 'stores the real CR0: TS, MP, EM, PE' },
  { entry: 5, name: 'PUSHF', group: 'register', reason: '3B', failure: 'pushes the real IF and IOPL' },
  { entry: 6, name: 'POPF', group: 'register', reason: '3B', failure: 'leaves IF (when CPL > IOPL) and IOPL (when CPL > 0) unchanged' },
  { entry: 7, name: 'LAR', group: 'protection', reason: '3C', failure: 'whether a descriptor is visible depends on the real CPL' },
  { entry: 8, name: 'LSL', group: 'protection', reason: '3C', failure: 'whether a descriptor is visible depends on the real CPL' },
  { entry: 9, name: 'VERR', group: 'protection', reason: '3C', failure: 'whether a segment is readable depends on the real CPL' },
  { entry: 10, name: 'VERW', group: 'protection', reason: '3C', failure: 'whether a segment is writable depends on the real CPL' },
  { entry: 11, name: 'POP segment register', group: 'protection', reason: '3C', failure: 'the load is checked against the real CPL and tables' },
  { entry: 12, name: 'PUSH segment register', group: 'protection', reason: '3C', failure: 'the RPL of CS and SS reveals the real CPL' },
  { entry: 13, name: 'CALL far', group: 'protection', reason: '3C', failure: 'gates and targets are checked against the real CPL; the pushed CS reveals it' },
  { entry: 14, name: 'JMP far', group: 'protection', reason: '3C', failure: 'gates and targets are checked against the real CPL' },
  { entry: 15, name: 'INT n', group: 'protection', reason: '3C', failure: "goes through the monitor's IDT; the gate's DPL is checked against the real CPL" },
  { entry: 16, name: 'RET far', group: 'protection', reason: '3C', failure: 'whether the return changes rings is decided by the real CPL' },
  { entry: 17, name: 'STR', group: 'protection', reason: '3C', failure: "stores the monitor's task register" },
  { entry: 18, name: 'MOV to or from segment register', group: 'protection', reason: '3C', failure: 'a read reveals the real CPL; a load is checked against it' },
  { entry: IRET_ENTRY, name: 'IRET', group: 'register', reason: '3B', failure: 'leaves IF and IOPL unchanged as POPF does; also returns as RET far does' },
];

/** The traits of a row that belongs to an entry of the list. Throws on a number that is not in it: that is a bug of ours. */
export function violates(entry: number): Pick<Traits, 'sensitive' | 'sensitiveEntry'> {
  const found = SENSITIVE_ENTRIES.find((candidate) => candidate.entry === entry);
  if (found === undefined) throw new Error(`no sensitive instruction has number ${entry}`);
  return { sensitive: found.reason, sensitiveEntry: entry };
}
