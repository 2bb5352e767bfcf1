// The results as tables: rows of text, the head first. A column without a head is the spread of the one before it.
import { PHASES } from './plan.mjs';

/** Ends of the rows of the warm-up table: windows are gathered where little changes. */
const ROW_ENDS = [50, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000, 1250, 1500, 2000, 2500, 3000];
const MS_PER_S = 1000;

const three = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
const percent = ({ median, least, most }) => `${Math.round((least / median - 1) * 100)}..+${Math.round((most / median - 1) * 100)} %`;
const nameOf = ({ letter, id }) => `${letter} ${id}`;

function rateText(kernel, cell) {
  if (cell === undefined) return '–';
  // A rate that is a bound: too few instructions a second, too many nanoseconds.
  if (kernel.operations === undefined) return `${cell.isBound ? '<' : ''}${three(cell.mips)}`;
  return `${cell.isBound ? '>' : ''}${three(cell.nsPerOperation)}`;
}

/** Medians of the warm rates with their spread, a row for each kernel. */
function warmTable(kernels, cells, peers) {
  const head = ['warm', 'unit', ...peers.flatMap((peer) => [peer, ''])];
  const unitOf = ({ operations, operation }) => (operations === undefined ? 'MIPS' : `ns, ${operation}`);
  return { words: 2, rows: [head, ...kernels.map((kernel) => [nameOf(kernel), unitOf(kernel), ...peers.flatMap((peer) => {
    const cell = cells[kernel.id]?.[peer];
    return [rateText(kernel, cell), cell === undefined ? '' : percent(cell.perUnit)];
  })])] };
}

/** Which warm rates rest on less than a whole warm run of `whole` instructions: a line for each peer. */
function reducedLines(kernels, cells, peers, whole) {
  return peers.flatMap((peer) => {
    const shares = Map.groupBy(kernels.filter(({ id }) => cells[id]?.[peer] !== undefined), ({ id }) => (cells[id][peer].instructions / whole).toPrecision(1));
    const parts = [...shares].filter(([share]) => Number(share) < 1).map(([share, group]) => `${Number(share)} of one on ${group.map(({ letter }) => letter).join(', ')}`);
    return parts.length === 0 ? [] : [`Shorter than a warm run: ${peer} ${parts.join('; ')}.`];
  });
}

/** Medians of whole times in seconds. */
function coldTable(kernels, cells, peers) {
  const head = ['cold, s from process start to END', ...peers.flatMap((peer) => [peer, ''])];
  return { words: 1, rows: [head, ...kernels.map((kernel) => [nameOf(kernel), ...peers.flatMap((peer) => {
    const cell = cells[kernel.id]?.[peer];
    return cell === undefined ? ['–', ''] : [`${cell.isBound ? '>' : ''}${(cell.milliseconds.median / MS_PER_S).toFixed(2)}`, percent(cell.milliseconds)];
  })])] };
}

const BOUND_SIGNS = { none: '', least: '>', most: '<', unknown: '?' };

/** A ratio with its interval, or with the sign of a bound. */
export function ratioText(ratio) {
  if (ratio === undefined) return '–';
  const interval = ratio.low === undefined || ratio.bound !== 'none' ? '' : ` [${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)}]`;
  return `${BOUND_SIGNS[ratio.bound]}${ratio.estimate.toFixed(2)}${interval}`;
}

function ratioTable(phase, kernels, ratios) {
  const rows = kernels.map((kernel) => [nameOf(kernel), ...ratios.map((pair) => ratioText(pair.kernels[kernel.id]))]);
  const means = ['all', 'compute'].map((which) => [`geometric mean, ${which}`, ...ratios.map((pair) => ratioText(pair[which]))]);
  return { words: 1, rows: [[`${phase}, times as long`, ...ratios.map(({ name }) => name)], ...rows, ...means] };
}

function startTable(start, peers) {
  const cell = (value) => (value === undefined ? '–' : value.median.toFixed(0));
  return { words: 1, rows: [['start', 'ms to the guest\'s first line', 'peak MiB'], ...peers.map((peer) => [peer, cell(start[peer].firstLineMs), cell(start[peer].peakMiB)])] };
}

/** Rows of milliseconds since process start, MIPS of each machine in them. */
function warmUpTable({ kernel, windowMs, peers, summary }) {
  let first = 0;
  const rows = ROW_ENDS.map((end) => {
    const [from, to] = [first, end / windowMs];
    first = to;
    return [`${from * windowMs}–${end}`, ...peers.map((peer) => {
      const part = summary[peer].mips.slice(from, to);
      return (part.reduce((sum, mips) => sum + mips, 0) / part.length).toFixed(0);
    })];
  });
  const firsts = ['first instruction at ms', ...peers.map((peer) => summary[peer].firstInstructionMs.median.toFixed(0))];
  return { words: 1, rows: [[`warm-up, ms since process start, MIPS on ${kernel}`, ...peers], ...rows, firsts] };
}

function targetTable(targets) {
  const met = (isMet) => (isMet === undefined ? '' : isMet ? 'yes' : 'NO');
  return { words: 4, rows: [['target', 'wanted', 'measured', 'met'], ...targets.map(({ what, wanted, measured, isMet }) => [what, wanted, measured ?? 'not in this run', met(isMet)])] };
}

/** Every table of a result that it has figures for, by name, as `{ rows, words, notes }`: `words` columns are text. */
export function tablesOf({ kernels, peers, cells, ratios, start, warmUp, targets, factor }) {
  const tables = {};
  if (cells.warm !== undefined) tables.warm = { ...warmTable(kernels, cells.warm, peers), notes: reducedLines(kernels, cells.warm, peers, PHASES.warm * factor) };
  if (cells.cold !== undefined) tables.cold = coldTable(kernels, cells.cold, peers);
  for (const [phase, pairs] of Object.entries(ratios)) if (pairs.length > 0) tables[`${phase} ratios`] = ratioTable(phase, kernels, pairs);
  if (kernels.length > 0) tables.start = startTable(start, peers);
  if (warmUp !== undefined) tables['warm-up'] = warmUpTable(warmUp);
  tables.targets = targetTable(targets);
  return tables;
}
