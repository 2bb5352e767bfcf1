/** Sections of the report that state results. */
import { HARNESS_WORKLOAD, costLabel, countOf } from '@ringbench/analysis';
import type { BreakEven, CellSummary, Interval, Levels, RunSummary } from '@ringbench/analysis';
import { compact, count, fineShare, percent, ratio, significant } from '../format.js';
import { html } from './html.js';
import type { Content, Markup } from './html.js';
import { numbers, plain, table } from './table.js';
import type { Column, TableRow } from './table.js';

const TOP_PARTS = 3;
/** Smaller shares are not worth naming. */
const LEAST_SHARE = 0.01;
/** Orders that are named beside the default one. */
const OTHER_ORDERS = 2;
const EXIT_EVENTS = 'v386.exit.';
export const NONE = '–';

/** A ratio with the least and the greatest that any prices give. */
export function ratioRange(levels: Levels | undefined): Content {
  return levels === undefined
    ? NONE
    : html`${ratio(levels.default)} <span class="minor">[${significant(levels.low)}, ${significant(levels.high)}]</span>`;
}

export function interval(value: Interval | undefined): Content {
  if (value === undefined) return NONE;
  if (value.low === undefined || value.high === undefined)
    return html`${ratio(value.estimate)} <span class="minor">[too few processes]</span>`;
  return html`${ratio(value.estimate)} <span class="minor">[${significant(value.low)}, ${significant(value.high)}]</span>`;
}

function outcome(cell: CellSummary): Markup {
  if (cell.outcome !== 'ok') return html`<span class="bad">${cell.outcome}</span> <span class="minor">${cell.detail}</span>`;
  const remarks = [
    cell.countsAgree ? undefined : 'counts differ between processes',
    cell.equivalent === false ? 'final state differs from the baseline' : undefined,
    cell.unpriced.length > 0 ? `without a price: ${cell.unpriced.join(', ')}` : undefined,
  ].filter((remark) => remark !== undefined);
  return remarks.length === 0 ? html`ok` : html`ok, but <span class="bad">${remarks.join('; ')}</span>`;
}

/** The largest parts by name; exits keep their reasons apart, other events are known by the label of their price. */
function topParts(cell: CellSummary, summary: RunSummary): string {
  const total = cell.cycles?.default ?? 0;
  if (total === 0) return NONE;
  const shares = new Map<string, number>();
  for (const { cost, event, cycles } of cell.parts) {
    const name = event.startsWith(EXIT_EVENTS) ? event : costLabel(summary.profile, cost);
    shares.set(name, (shares.get(name) ?? 0) + cycles / total);
  }
  const largest = [...shares].filter(([, share]) => share >= LEAST_SHARE).sort((left, right) => right[1] - left[1]);
  return largest
    .slice(0, TOP_PARTS)
    .map(([name, share]) => `${name} ${percent(share)}`)
    .join(', ');
}

function cellRow(cell: CellSummary, summary: RunSummary, isFirst: boolean): TableRow {
  const isBaseline = cell.core === summary.baseline;
  const cells = [
    isFirst ? cell.workload : '',
    cell.core,
    outcome(cell),
    cell.instructions === undefined ? NONE : count(cell.instructions),
    cell.directShare === undefined ? NONE : fineShare(cell.directShare),
    isBaseline ? 'baseline' : ratioRange(cell.ratio),
    topParts(cell, summary),
  ];
  return { cells, startsGroup: isFirst };
}

const SUMMARY_COLUMNS: readonly Column[] = [
  ...plain('workload', 'core', 'outcome'),
  ...numbers('instructions', 'ran directly', 'modelled cycles'),
  { heading: 'where they go', look: 'parts' },
];

/** The main table: one row for each core and workload. */
export function summaryTable(summary: RunSummary): Markup {
  const { cells, baseline } = summary;
  const rows = cells.map((cell, index) => cellRow(cell, summary, cells[index - 1]?.workload !== cell.workload));
  const caption = html`Ratios are to ${baseline}. Modelled: default prices, in brackets the least and greatest over all price
ranges. Wall-clock has a section of its own.`;
  return table(SUMMARY_COLUMNS, rows, caption);
}

const RANKING_COLUMNS: readonly Column[] = [
  ...plain('core'),
  ...numbers('geometric mean', 'middle 95 % of draws', 'workloads'),
];

/** Geometric means under each profile, with the order of the techniques and how stable it is. */
export function rankingSection(summaries: readonly RunSummary[]): Markup {
  return html`${summaries.map((summary) => {
    const rows = summary.cores.map(({ core, modelled, workloads }) => {
      const spread = summary.ranking?.spread.find((entry) => entry.core === core);
      const draws = spread === undefined ? NONE : `${ratio(spread.low)} to ${ratio(spread.high)}`;
      return { cells: [core, modelled === undefined ? NONE : ratio(modelled), draws, workloads.length] };
    });
    return html`<h3>${summary.profile.title}</h3>${stability(summary)}${table(RANKING_COLUMNS, rows)}`;
  })}`;
}

function stability({ ranking, rankedWorkloads }: RunSummary): Markup {
  if (ranking === undefined) return html`<p>There are too few complete results to rank.</p>`;
  const others = ranking.orders.filter(({ order }) => order.join() !== ranking.order.join()).slice(0, OTHER_ORDERS);
  const otherwise = others.map(({ order, share }) => `${order.join(' < ')} (${percent(share)})`).join(', ');
  return html`<p>Cheapest first: <strong>${ranking.order.join(' < ')}</strong>, over ${rankedWorkloads.length} workloads that every
core completed (${rankedWorkloads.join(', ')}). The order held in ${percent(ranking.stable)} of ${count(ranking.draws)} random draws of
all prices from their ranges${otherwise === '' ? '' : `; otherwise mostly ${otherwise}`}.</p>`;
}

/** How often and where each technique is dearer than the baseline: losses are reported like gains. */
export function lossesSection(summary: RunSummary): Markup {
  const techniques = summary.header.cores.filter(({ id }) => id !== summary.baseline);
  return html`<ul>${techniques.map(({ id }) => losses(id, summary))}</ul>`;
}

function losses(core: string, summary: RunSummary): Markup {
  const cells = summary.cells
    .filter((cell) => cell.core === core && cell.workload !== HARNESS_WORKLOAD && cell.ratio !== undefined)
    .sort((left, right) => (right.ratio?.default ?? 0) - (left.ratio?.default ?? 0));
  const [worst] = cells;
  if (worst === undefined) return html`<li><strong>${core}</strong>: no result.</li>`;
  const dearer = cells.filter((cell) => (cell.ratio?.default ?? 0) > 1).length;
  const certainly = cells.filter((cell) => (cell.ratio?.low ?? 0) > 1).length;
  return html`<li><strong>${core}</strong> is dearer than ${summary.baseline} on ${dearer} of ${cells.length} workloads at the default
prices and on ${certainly} at any prices within the ranges; worst on ${worst.workload}: ${ratioRange(worst.ratio)}, mostly
${topParts(worst, summary)}.</li>`;
}

function isUndecided({ price, range: { low, high } }: BreakEven): boolean {
  return price >= low && price <= high;
}

function verdict(entry: BreakEven): string {
  if (entry.price < 0) return 'dearer even if it were free';
  if (isUndecided(entry)) return 'undecided: within the range';
  return `${entry.price < entry.range.low ? 'dearer' : 'cheaper'} within the whole range`;
}

function breakEvenRow(entry: BreakEven, { profile }: RunSummary): TableRow {
  const { low, default: standard, high } = entry.range;
  const prices = [low, standard, high].map(compact).join(' / ');
  const at = entry.price < 0 ? NONE : compact(entry.price);
  return { cells: [entry.workload, entry.core, entry.other, costLabel(profile, entry.cost), at, prices, verdict(entry)] };
}

const BREAK_EVEN_COLUMNS: readonly Column[] = [
  ...plain('workload', 'core', 'against', 'price of'),
  ...numbers('break-even', 'low / default / high'),
  ...plain('the core is'),
];

/** Prices at which the order of two cores turns: all against the baseline, and those between techniques that the ranges leave open. */
export function breakEvenTable(summary: RunSummary): Markup {
  const shown = summary.breakEvens.filter((entry) => entry.other === summary.baseline || isUndecided(entry));
  if (shown.length === 0) return html`<p>No price within its range turns the order of two cores.</p>`;
  const decided = summary.breakEvens.length - shown.length;
  const caption = html`Price in cycles, of the dearest event that only the first core has, at which both cost the same; all other
prices at their defaults. ${decided} comparisons between techniques that come out the same over the whole range are left out.`;
  return table(
    BREAK_EVEN_COLUMNS,
    shown.map((entry) => breakEvenRow(entry, summary)),
    caption,
  );
}

/** Counts by event for each workload, the cores side by side. */
export function countTables(summary: RunSummary): Markup {
  const cores = summary.header.cores.map(({ id }) => id);
  const columns: readonly Column[] = [{ heading: 'event', look: 'mono' }, ...numbers(...cores)];
  return html`${summary.header.workloads.map(({ id }) => {
    const cells = cores.map((core) => summary.cells.find((cell) => cell.core === core && cell.workload === id));
    const events = [...new Set(cells.flatMap((cell) => Object.keys(cell?.counts ?? {})))].sort();
    if (events.length === 0) return html`<h3>${id}</h3><p>No counts: no core completed it.</p>`;
    const rows = events.map((event) => ({ cells: [event, ...cells.map((cell) => cellCount(cell, event))] }));
    return html`<h3>${id}</h3>${table(columns, rows)}`;
  })}`;
}

function cellCount(cell: CellSummary | undefined, event: string): string {
  return cell === undefined || cell.outcome !== 'ok' ? NONE : count(countOf(cell.counts, event));
}
