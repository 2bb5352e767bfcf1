// The results as text.
const GAP = 2;

/** Columns as wide as they must be, the first `words` of them left-aligned. */
export function table(rows, words = 1) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, column) => (column < words ? cell.padEnd(widths[column] + GAP) : cell.padStart(widths[column] + GAP))).join('').trimEnd()).join('\n');
}

const three = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
const percent = ({ median, least, most }) => `${Math.round((least / median - 1) * 100)}..+${Math.round((most / median - 1) * 100)} %`;

function rateText(kernel, cell) {
  if (cell === undefined) return '–';
  // A rate that is a bound: too few instructions a second, too many nanoseconds.
  if (kernel.operations === undefined) return `${cell.isBound ? '<' : ''}${three(cell.mips)}`;
  return `${cell.isBound ? '>' : ''}${three(cell.nsPerOperation)}`;
}
const unitOf = ({ operations, operation }) => (operations === undefined ? 'MIPS' : `ns, ${operation}`);
const nameOf = ({ letter, id }) => `${letter} ${id}`;

/** Medians of the warm rates with their spread, a row for each kernel. */
export function warmTable(kernels, cells, peers) {
  const head = ['warm', 'unit', ...peers.flatMap((peer) => [peer, ''])];
  return table([head, ...kernels.map((kernel) => [nameOf(kernel), unitOf(kernel), ...peers.flatMap((peer) => {
    const cell = cells[kernel.id]?.[peer];
    return [rateText(kernel, cell), cell === undefined ? '' : percent(cell.perUnit)];
  })])], 2);
}

/** Which warm rates rest on less than a whole warm run of `whole` instructions: a line for each peer. */
export function reducedLines(kernels, cells, peers, whole) {
  return peers.flatMap((peer) => {
    const shares = Map.groupBy(kernels.filter(({ id }) => cells[id]?.[peer] !== undefined), ({ id }) => (cells[id][peer].instructions / whole).toPrecision(1));
    const parts = [...shares].filter(([share]) => Number(share) < 1).map(([share, group]) => `${Number(share)} of one on ${group.map(({ letter }) => letter).join(', ')}`);
    return parts.length === 0 ? [] : [`Shorter than a warm run: ${peer} ${parts.join('; ')}.`];
  });
}

/** Medians of whole times in seconds. */
export function coldTable(kernels, cells, peers) {
  const head = ['cold, s from process start to END', ...peers.flatMap((peer) => [peer, ''])];
  return table([head, ...kernels.map((kernel) => [nameOf(kernel), ...peers.flatMap((peer) => {
    const cell = cells[kernel.id]?.[peer];
    return cell === undefined ? ['–', ''] : [`${cell.isBound ? '>' : ''}${(cell.milliseconds.median / 1000).toFixed(2)}`, percent(cell.milliseconds)];
  })])]);
}

const BOUND_SIGNS = { none: '', least: '>', most: '<', unknown: '?' };

/** A ratio with its interval, or with the sign of a bound. */
export function ratioText(ratio) {
  if (ratio === undefined) return '–';
  const interval = ratio.low === undefined || ratio.bound !== 'none' ? '' : ` [${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)}]`;
  return `${BOUND_SIGNS[ratio.bound]}${ratio.estimate.toFixed(2)}${interval}`;
}

export function ratioTable(phase, kernels, ratios) {
  const rows = kernels.map((kernel) => [nameOf(kernel), ...ratios.map((pair) => ratioText(pair.kernels[kernel.id]))]);
  const means = ['all', 'compute'].map((which) => [`geometric mean, ${which}`, ...ratios.map((pair) => ratioText(pair[which]))]);
  return table([[`${phase} ratios`, ...ratios.map(({ name }) => name)], ...rows, ...means]);
}

export function startTable(start, peers) {
  const cell = (value, digits) => (value === undefined ? '–' : value.median.toFixed(digits));
  return table([['start', 'ms to the guest\'s first line', 'peak MiB'], ...peers.map((peer) => [peer, cell(start[peer].firstLineMs, 0), cell(start[peer].peakMiB, 0)])]);
}

export function targetTable(targets) {
  const met = (isMet) => (isMet === undefined ? '' : isMet ? 'yes' : 'NO');
  return table([['target', 'wanted', 'measured', 'met'], ...targets.map(({ what, wanted, measured, isMet }) => [what, wanted, measured ?? 'not in this run', met(isMet)])], 4);
}
