// Fills the tables of docs/difficulty.md: what each technique took in the host, in the guest and in the silicon. Needs a build.
//   node scripts/write-difficulty.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DIFFICULTY_HEAD, difficultyRow, measureDifficulty, project } from '../packages/cli/dist/index.js';

export const DIFFICULTY = fileURLToPath(new URL('../docs/difficulty.md', import.meta.url));

const MARK = '<!-- table: difficulty -->';
const END = '<!-- end -->';
/** The silicon's changes by name, for those who have any. */
const KINDS = { bit: 'bits', register: 'registers', table: 'tables', trap: 'traps' };

const row = (cells) => `| ${cells.join(' | ')} |`;

/** The table as it should be now: its rows of numbers, by core. */
export async function currentRows() {
  const measured = await measureDifficulty(project, project.registry.ids);
  return { measured, rows: measured.map((one) => [one.core, ...difficultyRow(one)]) };
}

/** The rows of numbers that the document has. */
export function writtenRows(text = readFileSync(DIFFICULTY, 'utf8')) {
  const table = text.slice(text.indexOf(MARK) + MARK.length, text.indexOf(END)).split('\n').filter((line) => line.startsWith('| ')).slice(1);
  return table.slice(0, table.findIndex((line) => line.startsWith('| technique')) >>> 0).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim())).map(([core, ...cells]) => [core, ...cells.map((cell) => Number(cell.replaceAll(',', '')))]);
}

async function tables() {
  const { measured, rows } = await currentRows();
  const numbers = [row(DIFFICULTY_HEAD), `|---|${'---:|'.repeat(DIFFICULTY_HEAD.length - 1)}`, ...rows.map(([core, ...cells]) => row([core, ...cells.map((cell) => cell.toLocaleString('en-US'))]))];
  const names = measured.flatMap(({ core, silicon }) => Object.entries(KINDS).filter(([kind]) => silicon[kind].length > 0).map(([kind, heading]) => row([core, heading, silicon[kind].join(', ')])));
  return [...numbers, '', 'The silicon by name:', '', row(['technique', 'new', 'names']), '|---|---|---|', ...names].join('\n');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const text = readFileSync(DIFFICULTY, 'utf8');
  const [before, rest] = text.split(MARK);
  writeFileSync(DIFFICULTY, `${before}${MARK}\n\n${await tables()}\n\n${rest.slice(rest.indexOf(END))}`);
}
