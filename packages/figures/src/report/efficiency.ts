/** Sections of the report on what ran directly, and on cores under several settings. */
import { ablationsOf, efficiencies } from '@ringbench/analysis';
import type { Ablation, Efficiency, RunSummary } from '@ringbench/analysis';
import { DIRECT_MEANS } from '../figures/efficiency.js';
import { compact, count, fineShare, ratio } from '../format.js';
import { html } from './html.js';
import type { Content, Markup } from './html.js';
import { numbers, plain, table } from './table.js';
import type { Column } from './table.js';

/** Events of a technique that a row names. */
const NAMED_EVENTS = 3;
const NONE = '–';

const EFFICIENCY_COLUMNS: readonly Column[] = [
  ...plain('workload', 'core'),
  ...numbers('instructions', 'ran directly', 'did not, ‰', 'exits, ‰', 'breakpoints, ‰'),
  { heading: 'most frequent events of the technique, ‰', look: 'parts' },
];

const rate = (value: number | undefined): string => (value === undefined ? NONE : compact(value));

function cellsOf(entry: Efficiency, isFirst: boolean): readonly Content[] {
  const own = entry.own.slice(0, NAMED_EVENTS).map(({ event, perThousand }) => `${event} ${compact(perThousand)}`);
  return [
    isFirst ? entry.workload : '', entry.core, count(entry.instructions), fineShare(entry.share),
    rate(entry.notDirect), rate(entry.exits), rate(entry.breakpoints), own.length === 0 ? NONE : own.join(', '),
  ];
}

/** One row for each core but the baseline and each workload. */
export function efficiencyTable(summary: RunSummary): Markup {
  const shown = efficiencies(summary).filter(({ core }) => core !== summary.baseline);
  const rows = shown.map((entry, index) => {
    const isFirst = shown[index - 1]?.workload !== entry.workload;
    return { cells: cellsOf(entry, isFirst), startsGroup: isFirst };
  });
  const caption = html`Exact counts of the measured region; ‰ is per thousand guest instructions. ${DIRECT_MEANS} Exits are traps to the
monitor's dispatcher. A technique's own events are those that ${summary.baseline} has on no workload of the run; efficiency.csv has every event.`;
  return rows.length === 0 ? html`<p>There is no technique to compare with the baseline.</p>` : table(EFFICIENCY_COLUMNS, rows, caption);
}

/** The settings of a configuration as a table's heading shows them. */
function settingsOf(id: string, { header }: RunSummary): string {
  const settings = Object.entries(header.cores.find((core) => core.id === id)?.settings ?? {});
  return settings.length === 0 ? 'as it comes' : settings.map(([name, value]) => `${name}=${value}`).join(', ');
}

/** For each core that the run has under several settings, these side by side. */
export function ablationTables(summary: RunSummary): Markup {
  const ablations = ablationsOf(summary.header);
  if (ablations.length === 0) return html`<p>This run has no core under more than one setting; the suite ablation has.</p>`;
  return html`${ablations.map((ablation) => ablationTable(ablation, summary))}`;
}

function ablationTable({ core, configurations }: Ablation, summary: RunSummary): Markup {
  const all = efficiencies(summary);
  const cell = (id: string, workload: string): Content => {
    const found = summary.cells.find((candidate) => candidate.core === id && candidate.workload === workload);
    if (found === undefined || found.outcome !== 'ok') return html`<span class="bad">${found?.outcome ?? 'missing'}</span>`;
    const entry = all.find((candidate) => candidate.core === id && candidate.workload === workload);
    const cost = found.ratio === undefined ? NONE : ratio(found.ratio.default);
    return html`${cost}<br><span class="minor">${entry === undefined ? NONE : fineShare(entry.share)}, exits ${rate(entry?.exits)} ‰</span>`;
  };
  const rows = summary.header.workloads.map(({ id: workload }) => ({ cells: [workload, ...configurations.map((id) => cell(id, workload))] }));
  const columns = [...plain('workload'), ...numbers(...configurations.map((id) => settingsOf(id, summary)))];
  return html`<h3>${core}</h3>${table(columns, rows, `Modelled cycles over ${summary.baseline} at the default prices; then what ran directly, and exits per thousand instructions`)}`;
}
