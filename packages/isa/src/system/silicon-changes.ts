import { CpuidFeature } from '../cpu-models.js';
import { SENSITIVE_ENTRIES } from '../encoding/sensitive.js';
import { V386_EXITS } from '../events.js';
import { Flag } from '../state.js';
import { V386Control, V386Msr, V386_BLOCK_WORDS } from './v386-block.js';

/** One thing that a processor has for a technique and the processors of its time had not. */
export interface SiliconChange {
  readonly kind: 'bit' | 'register' | 'table' | 'trap';
  readonly name: string;
}

const changes = (kind: SiliconChange['kind'], names: readonly string[]): readonly SiliconChange[] => names.map((name) => ({ kind, name }));
/** Those of these names that the table has: an entry that is renamed or goes does not stay here. */
const entriesOf = (prefix: string, table: Readonly<Record<string, number>>, names = Object.keys(table)): readonly string[] => names.filter((name) => Object.hasOwn(table, name)).map((name) => `${prefix}.${name}`);

/** The switch on which sensitive unprivileged instructions fault in user mode, and each of them (slide "x86 changes", first bullet). */
export const SENSITIVE_TRAPS_SILICON: readonly SiliconChange[] = [
  ...changes('bit', ['sensitiveTraps']),
  ...changes('trap', SENSITIVE_ENTRIES.map(({ name }) => name)),
];

/** V386 mode (docs/v386-mode.md): how it is entered and controlled, what it keeps in memory, and why it is left. */
export const V386_SILICON: readonly SiliconChange[] = [
  ...changes('bit', [...entriesOf('EFLAGS', Flag, ['V386']), ...entriesOf('CPUID', CpuidFeature, ['V386']), ...entriesOf('CONTROLS', V386Control, Object.keys(V386Control).filter((name) => name !== 'ALL'))]),
  ...changes('register', entriesOf('MSR', V386Msr)),
  ...changes('table', [`control block, ${V386_BLOCK_WORDS} words`, 'I/O bitmap', 'second-level page tables']),
  ...changes('trap', V386_EXITS),
];
