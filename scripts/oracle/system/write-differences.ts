// Writes the table of known differences from QEMU into docs/correctness.md, between its two marks.
//   node scripts/oracle/system/write-differences.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { KNOWN_DIFFERENCES, type KnownDifference } from './known-differences.ts';

export const CORRECTNESS = fileURLToPath(new URL('../../../docs/correctness.md', import.meta.url));
const START = '<!-- known differences: node scripts/oracle/system/write-differences.ts -->';
const END = '<!-- end of known differences -->';

function tableOf(entries: readonly KnownDifference[]): string {
  return ['| difference | manual | why |', '| --- | --- | --- |', ...entries.map(({ id, manual, why }) => `| ${[id, manual, why].map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`)].join('\n');
}

/** Two groups: where the manual demands our answer, and where it leaves the matter open. There is none in which QEMU is right: that is a fault of ours. */
function differencesText(): string {
  const groups = Map.groupBy(KNOWN_DIFFERENCES, ({ right }) => right);
  const [ours, open] = [groups.get('ours') ?? [], groups.get('undefined') ?? []];
  return `**The manual demands what ours does (${ours.length}):**\n\n${tableOf(ours)}\n\n**The manual leaves it open, or the two are different models (${open.length}):**\n\n${tableOf(open)}`;
}

/** The document with the table renewed. Throws where it lacks the marks. */
export function withDifferences(document: string): string {
  const [from, to] = [document.indexOf(START), document.indexOf(END)];
  if (from < 0 || to < from) throw new Error('docs/correctness.md lacks the marks of the table');
  return `${document.slice(0, from + START.length)}\n\n${differencesText()}\n\n${document.slice(to)}`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync(CORRECTNESS, withDifferences(readFileSync(CORRECTNESS, 'utf8')));
