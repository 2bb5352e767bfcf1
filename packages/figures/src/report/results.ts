/** Sections of the report that state results. */
import { HARNESS_WORKLOAD, costLabel } from '@ringbench/analysis';
import type { BreakEven, CellSummary, Interval, Levels, RunSummary } from '@ringbench/analysis';
import { compact, count, percent, ratio, significant } from '../format.js';
import { html } from './html.js';
import type { Content, Markup } from './html.js';

const TOP_PARTS = 3;
/** Smaller shares are not worth naming. */
const LEAST_SHARE = 0.01;
const EXIT_EVENTS = 'v386.exit.';
const NONE = '–';

function range(levels: Levels | undefined): Content {
  return levels === undefined ? NONE : html`${ratio(levels.default)} <span class="minor">[${significant(levels.low)}, ${significant(levels.high)}]</span>`;
}

function interval(value: Interval | undefined): Content {
  if (value === undefined) return NONE;
  if (value.low === undefined || value.high === undefined) return html`${ratio(value.estimate)} <span class="minor">[too few processes]</span>`;
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
  return largest.slice(0, TOP_PARTS).map(([name, share]) => `${name} ${percent(share)}`).join(', ');
}

function cellRow(cell: CellSummary, summary: RunSummary, isFirst: boolean): Markup {
  const isBaseline = cell.core === summary.baseline;
  return html`<tr${isFirst ? html` class="group"` : ''}>
<th scope="row">${isFirst ? cell.workload : ''}</th><td>${cell.core}</td><td>${outcome(cell)}</td>
<td class="number">${cell.instructions === undefined ? NONE : count(cell.instructions)}</td><td class="number">${cell.directShare === undefined ? NONE : percent(cell.directShare)}</td>
<td class="number">${isBaseline ? 'baseline' : range(cell.ratio)}</td><td class="parts">${topParts(cell, summary)}</td><td class="number">${isBaseline ? 'baseline' : interval(cell.wallRatio)}</td></tr>
`;
}

/** The main table: one row for each core and workload. */
export function summaryTable(summary: RunSummary): Markup {
  const rows = summary.cells.map((cell, index) => cellRow(cell, summary, summary.cells[index - 1]?.workload !== cell.workload));
  return html`<div class="scroll"><table>
<caption>Ratios are to ${summary.baseline}. Modelled: default prices, in brackets the least and greatest over all price ranges. Host time: ratio of medians, in brackets its 95 % bootstrap interval.</caption>
<thead><tr><th>workload</th><th>core</th><th>outcome</th><th class="number">instructions</th><th class="number">ran directly</th><th class="number">modelled cycles</th><th>where they go</th><th class="number">host time</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

/** Geometric means under each profile, with the order of the techniques and how stable it is. */
export function rankingSection(summaries: readonly RunSummary[]): Markup {
  return html`${summaries.map((summary) => {
    const rows = summary.cores.map((core) => {
      const spread = summary.ranking?.spread.find((entry) => entry.core === core.core);
      return html`<tr><th scope="row">${core.core}</th><td class="number">${core.modelled === undefined ? NONE : ratio(core.modelled)}</td>
<td class="number">${spread === undefined ? NONE : `${ratio(spread.low)} to ${ratio(spread.high)}`}</td><td class="number">${core.workloads.length}</td><td class="number">${interval(core.wall)}</td></tr>`;
    });
    return html`<h3>${summary.profile.title}</h3>${stability(summary)}
<div class="scroll"><table><thead><tr><th>core</th><th class="number">geometric mean</th><th class="number">middle 95 % of draws</th><th class="number">workloads</th><th class="number">host time</th></tr></thead><tbody>${rows}</tbody></table></div>`;
  })}`;
}

function stability({ ranking, rankedWorkloads }: RunSummary): Markup {
  if (ranking === undefined) return html`<p>There are too few complete results to rank.</p>`;
  const others = ranking.orders.filter(({ order }) => order.join() !== ranking.order.join()).slice(0, 2);
  return html`<p>Cheapest first: <strong>${ranking.order.join(' < ')}</strong>, over ${rankedWorkloads.length} workloads that every core completed (${rankedWorkloads.join(', ')}). The order held in ${percent(ranking.stable)} of ${count(ranking.draws)} random draws of all prices from their ranges${
    others.length === 0 ? '' : `; otherwise mostly ${others.map(({ order, share }) => `${order.join(' < ')} (${percent(share)})`).join(', ')}`
  }.</p>`;
}

/** Every cell where a technique is dearer than the baseline at the default prices, the worst first: losses are reported like gains. */
export function lossesSection(summary: RunSummary): Markup {
  const compared = summary.cells.filter((cell) => cell.core !== summary.baseline && cell.workload !== HARNESS_WORKLOAD && cell.ratio !== undefined);
  const losses = summary.header.cores.filter(({ id }) => id !== summary.baseline).map(({ id }) => {
    const cells = compared.filter(({ core }) => core === id).sort((left, right) => (right.ratio?.default ?? 0) - (left.ratio?.default ?? 0));
    const [worst] = cells;
    if (worst === undefined) return html`<li><strong>${id}</strong>: no result.</li>`;
    const dearer = cells.filter((cell) => (cell.ratio?.default ?? 0) > 1);
    const certain = cells.filter((cell) => (cell.ratio?.low ?? 0) > 1);
    return html`<li><strong>${id}</strong> is dearer than ${summary.baseline} on ${dearer.length} of ${cells.length} workloads at the default prices and on ${certain.length} at any prices within the ranges; worst on ${worst.workload}: ${range(worst.ratio)}, mostly ${topParts(worst, summary)}.</li>`;
  });
  return html`<ul>${losses}</ul>`;
}

function breakEvenRow(entry: BreakEven, summary: RunSummary): Markup {
  const { low, default: standard, high } = entry.range;
  const verdict = entry.price < 0 ? 'dearer even if it were free' : isUndecided(entry) ? 'undecided: within the range' : entry.price < low ? 'dearer within the whole range' : 'cheaper within the whole range';
  return html`<tr><th scope="row">${entry.workload}</th><td>${entry.core}</td><td>${entry.other}</td><td>${costLabel(summary.profile, entry.cost)}</td><td class="number">${entry.price < 0 ? NONE : compact(entry.price)}</td><td class="number">${compact(low)} / ${compact(standard)} / ${compact(high)}</td><td>${verdict}</td></tr>`;
}

function isUndecided({ price, range: { low, high } }: BreakEven): boolean {
  return price >= low && price <= high;
}

/** Prices at which the order of two cores turns: all against the baseline, and those between techniques that the ranges leave open. */
export function breakEvenTable(summary: RunSummary): Markup {
  const shown = summary.breakEvens.filter((entry) => entry.other === summary.baseline || isUndecided(entry));
  const decided = summary.breakEvens.length - shown.length;
  if (shown.length === 0) return html`<p>No price within its range turns the order of two cores.</p>`;
  return html`<div class="scroll"><table><caption>Price in cycles, of the dearest event that only the first core has, at which both cost the same; all other prices at their defaults. ${decided === 0 ? '' : `Left out: ${decided} comparisons between techniques that come out the same over the whole range.`}</caption>
<thead><tr><th>workload</th><th>core</th><th>against</th><th>price of</th><th class="number">break-even</th><th class="number">low / default / high</th><th>the core is</th></tr></thead>
<tbody>${shown.map((entry) => breakEvenRow(entry, summary))}</tbody></table></div>`;
}

/** Counts by event for each workload, the cores side by side. */
export function countTables(summary: RunSummary): Markup {
  const cores = summary.header.cores.map(({ id }) => id);
  return html`${summary.header.workloads.map(({ id }) => {
    const cells = cores.map((core) => summary.cells.find((cell) => cell.core === core && cell.workload === id));
    const events = [...new Set(cells.flatMap((cell) => Object.keys(cell?.counts ?? {})))].sort();
    if (events.length === 0) return html`<h3>${id}</h3><p>No counts: no core completed it.</p>`;
    const rows = events.map((event) => html`<tr><th scope="row" class="mono">${event}</th>${cells.map((cell) => html`<td class="number">${cellCount(cell, event)}</td>`)}</tr>`);
    return html`<h3>${id}</h3><div class="scroll"><table><thead><tr><th>event</th>${cores.map((core) => html`<th class="number">${core}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;
  })}`;
}

function cellCount(cell: CellSummary | undefined, event: string): string {
  if (cell === undefined || cell.outcome !== 'ok') return NONE;
  return count(Object.hasOwn(cell.counts, event) ? (cell.counts[event] ?? 0) : 0);
}
