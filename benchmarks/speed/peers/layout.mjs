// Tables as text for a terminal and for a document.
import { tablesOf } from './tables.mjs';

const GAP = 2;

/**
 * Columns as wide as they must be, the first `words` of them left-aligned.
 * @param {{ rows: string[][], words?: number, notes?: string[] }} table
 */
export function plainTable({ rows, words = 1, notes = [] }) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) => row.map((cell, column) => (column < words ? cell.padEnd(widths[column] + GAP) : cell.padStart(widths[column] + GAP))).join('').trimEnd());
  return [...lines, ...notes].join('\n');
}

/**
 * Markdown; a spread goes into the cell of what it is the spread of.
 * @param {{ rows: string[][], words?: number, notes?: string[] }} table
 */
export function markdownTable({ rows, words = 1, notes = [] }) {
  const [head] = rows;
  const isSpread = head.map((cell, column) => cell === '' && column > 0);
  const merged = rows.map((row) => row.flatMap((cell, column) => {
    if (isSpread[column]) return [];
    return [isSpread[column + 1] && row[column + 1] !== '' ? `${cell} (${row[column + 1]})` : cell];
  }));
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = `|${merged[0].map((_, column) => (column < words ? '---|' : '---:|')).join('')}`;
  return [line(merged[0]), rule, ...merged.slice(1).map(line), ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

/** All tables of a result. */
export function report(result) {
  const words = `Medians with the range of all rounds; ratios with 95 % bootstrap intervals; ${result.clock} time; > and < are bounds.`;
  return [...Object.values(tablesOf(result)).map(plainTable), words].join('\n\n');
}
