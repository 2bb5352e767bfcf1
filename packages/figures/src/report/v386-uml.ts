/** The first section of the report: V386 against User-Mode Linux, the question of the source slides. */
import { MEASURED_ON, PROPOSAL, RIVAL, contestsOf, shapeOf } from '@ringbench/analysis';
import type { Contest, RunSummary, Shape } from '@ringbench/analysis';
import { compact, ratio, significant } from '../format.js';
import { html } from './html.js';
import type { Content, Markup } from './html.js';
import { ratioRange } from './results.js';
import { coreHeading, numbers, plain, table } from './table.js';

const NONE = '–';

function sentence({ proposal, rival, bouts, mean, dearer, certainlyDearer }: Contest): Markup {
  return html`<li><strong>${rival}</strong> costs <strong>${ratio(mean)}</strong> what ${proposal} costs (geometric mean of ${bouts.length} workloads at the default
prices). It is dearer on ${dearer} of them at the default prices, and on ${certainlyDearer} at any prices within their ranges.</li>`;
}

/** Both over the baseline, and the one over the other, for each workload that both completed. */
function contestTable(contests: readonly Contest[], summary: RunSummary): Markup {
  const [first] = contests;
  if (first === undefined) return html``;
  const workloads = summary.header.workloads.map(({ id }) => id).filter((id) => contests.some(({ bouts }) => bouts.some(({ workload }) => workload === id)));
  const over = (core: string, workload: string): Content => {
    const level = summary.cells.find((cell) => cell.core === core && cell.workload === workload)?.ratio?.default;
    return level === undefined ? NONE : ratio(level);
  };
  const against = ({ bouts }: Contest, workload: string): Content => ratioRange(bouts.find((bout) => bout.workload === workload)?.ratio);
  const rows = workloads.map((workload) => ({
    cells: [workload, over(first.proposal, workload), ...contests.flatMap((contest) => [over(contest.rival, workload), against(contest, workload)])],
  }));
  const columns = [...plain('workload'), ...numbers(first.proposal, ...contests.flatMap(({ rival, proposal }) => [coreHeading(rival), html`${coreHeading(rival)}<br>over ${proposal}`]))];
  return table(columns, rows, html`Modelled cycles over ${summary.baseline}, and of one over the other [least and greatest over all prices]`);
}

function correlation({ rankCorrelation, points }: Shape): string {
  if (rankCorrelation === undefined) return `For a rank correlation ${points.length} operations are too few.`;
  return `Spearman's rank correlation of the two columns over ${points.length} operations: ${rankCorrelation.toFixed(2)}.`;
}

/** What is modelled beside what was measured on the real system. */
function shapeTable(summary: RunSummary): Markup {
  const shape = shapeOf(summary);
  if (shape === undefined) return html``;
  const rows = shape.points.map(({ measured: { workload, middle, low, high, remark }, modelled }) => ({
    cells: [
      remark === undefined ? workload : html`${workload}<br><span class="minor">${remark}</span>`,
      ratioRange(modelled),
      html`${ratio(middle)} <span class="minor">[${compact(low)}, ${significant(high)}]</span>`,
    ],
  }));
  const caption = html`${shape.rival} over ${summary.baseline}, modelled here and measured: ${MEASURED_ON}. <strong>Context, not calibration</strong>:
no price was set by it. Measured are another guest kernel, another host kernel and silicon twenty years younger than the prices, so the shape can be compared and
the heights cannot. ${correlation(shape)}`;
  return table([...plain('operation'), ...numbers('modelled', 'measured')], rows, caption);
}

/** What the run says of the question, or that it says nothing. */
export function questionSection(summary: RunSummary): Markup {
  const contests = contestsOf(summary);
  if (contests.length === 0) return html`<p>This run has no results of both ${PROPOSAL} and ${RIVAL}; the suite v386-uml has.</p>`;
  return html`<ul>${contests.map(sentence)}</ul>`;
}

/** The tables that stand beside the first figure. */
export function questionTables(summary: RunSummary): Markup {
  const contests = contestsOf(summary);
  if (contests.length === 0) return html``;
  return html`<div class="beside">${contestTable(contests, summary)}${shapeTable(summary)}</div>`;
}
