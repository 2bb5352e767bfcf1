import type { Generation } from '../cpu-models.js';
import type { EncodingRow, SensitiveReason } from './instruction.js';
import { encodingRows } from './rows/index.js';
import { SENSITIVE_ENTRIES, type SensitiveEntry } from './sensitive.js';

/**
 * Popek & Goldberg's classes as IA-32 has them. `sensitive` means sensitive and unprivileged, the class that should be empty;
 * `io-sensitive` instructions trap or not by IOPL and the I/O permission bitmap, so a monitor can make them trap.
 */
export type InstructionClass = 'innocuous' | 'privileged' | 'io-sensitive' | 'sensitive';

/** The class of a row. */
export function classify(row: EncodingRow): InstructionClass {
  if (row.traits.sensitive !== undefined) return 'sensitive';
  if (row.traits.privileged === true) return 'privileged';
  return row.traits.ioSensitive === true ? 'io-sensitive' : 'innocuous';
}

/** One mnemonic with all of its encodings. */
export interface ClassifiedMnemonic {
  readonly mnemonic: string;
  readonly class: InstructionClass;
  readonly reason: SensitiveReason | undefined;
  /** Number in the list of sensitive instructions. */
  readonly entry: number | undefined;
  /** Opcodes with their operands, as in the rows. */
  readonly encodings: readonly string[];
  /** What introduced it after the 80386, and of encodings that came later what introduced those. Empty: all of it is the 80386's. */
  readonly introduced: readonly string[];
  /** What the rows note; a note about some of the encodings begins with their opcodes. */
  readonly notes: readonly string[];
}

const unique = <Item>(items: readonly Item[]): Item[] => [...new Set(items)];

/** The notes of a mnemonic's rows; one that is not about all of them says which opcodes it is about. */
function notesOf(group: readonly EncodingRow[]): string[] {
  const noted = Map.groupBy(group, (row) => row.traits.note);
  return [...noted].flatMap(([note, rows]) => {
    if (note === undefined) return [];
    return rows.length === group.length ? note : `${unique(rows.map((row) => row.opcode)).join(', ')}: ${note}`;
  });
}

type Age = Pick<EncodingRow['traits'], 'since' | 'until'>;
const AGES: readonly (Generation | undefined)[] = [undefined, 'i486', 'i586', 'i686', 'pentium-ii'];
const ageOf = (rows: readonly EncodingRow[]): Age => ({
  since: AGES[Math.min(...rows.map(({ traits }) => AGES.indexOf(traits.since)))],
  until: ([undefined, 'i486', 'i386'] as const).find((model) => rows.some(({ traits }) => traits.until === model)),
});
function ageText({ since, until }: Age): string {
  if (until === undefined) return since ?? '';
  return since === until ? `${since} only` : [since, `to ${until}`].filter((part) => part !== undefined).join(' ');
}

/** When a mnemonic and its later encodings came. An encoding with rows for several generations is as old as the oldest of them. */
function introductionOf(group: readonly EncodingRow[]): string[] {
  const whole = ageText(ageOf(group));
  const byText = Map.groupBy(Map.groupBy(group, (row) => row.opcode).values(), (rows) => ageText(ageOf(rows)));
  const later = [...byText].filter(([text]) => text !== whole).map(([text, ofText]) => `${unique(ofText.map((rows) => rows[0].opcode)).join(', ')}: ${text}`);
  return [whole, ...later].filter((text) => text !== '');
}

/** Every mnemonic with its class, in the order of the rows. All rows of a mnemonic have the same class (tested). */
export function classifyAll(rows: readonly EncodingRow[] = encodingRows): readonly ClassifiedMnemonic[] {
  const byMnemonic = Map.groupBy(rows, (row) => row.mnemonic);
  return [...byMnemonic].map(([mnemonic, group]) => ({
    mnemonic,
    class: classify(group[0]),
    reason: group[0].traits.sensitive,
    entry: group[0].traits.sensitiveEntry,
    encodings: group.map((row) => [row.opcode, row.operands.join(',')].filter((part) => part !== '').join(' ')),
    introduced: introductionOf(group),
    notes: notesOf(group),
  }));
}

/** The numbered list of sensitive unprivileged instructions with the mnemonics that belong to each entry. */
export interface SensitiveInstruction extends SensitiveEntry {
  readonly mnemonics: readonly string[];
}

export function sensitiveInstructions(rows: readonly EncodingRow[] = encodingRows): readonly SensitiveInstruction[] {
  return SENSITIVE_ENTRIES.map((entry) => ({
    ...entry,
    mnemonics: unique(rows.filter((row) => row.traits.sensitiveEntry === entry.entry).map((row) => row.mnemonic)),
  }));
}

/** A table as Markdown. */
export function markdownTable(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...lines.map(line)].join('\n');
}

/** Texts as code in Markdown. */
export const code = (texts: readonly string[]): string => texts.map((text) => `\`${text}\``).join(', ');

function sensitiveSection(): string {
  const lines = sensitiveInstructions().map((item) => [String(item.entry), item.name, code(item.mnemonics), item.group, item.reason, item.failure]);
  return `## Sensitive but unprivileged\n\n${markdownTable(['#', 'instruction', 'mnemonics here', 'group', 'requirement', 'what a deprivileged guest kernel gets'], lines)}`;
}

function section(title: string, which: InstructionClass): string {
  const lines = classifyAll()
    .filter((item) => item.class === which)
    .map((item) => [code([item.mnemonic]), code(unique(item.encodings)), item.introduced.join('; '), item.notes.join('; ')]);
  return `## ${title}\n\n${markdownTable(['mnemonic', 'encodings', 'since', 'notes'], lines)}`;
}

/** The classification of the whole instruction set as Markdown, for the documentation. */
export function classificationTable(): string {
  return [
    sensitiveSection(),
    section('Privileged: fault outside ring 0', 'privileged'),
    section('I/O-sensitive: obey IOPL and the I/O permission bitmap', 'io-sensitive'),
    section('Innocuous', 'innocuous'),
  ].join('\n\n') + '\n';
}
