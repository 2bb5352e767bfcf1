/** The question of the slides: V386 against User-Mode Linux. */
import { PROPOSAL, RIVAL, contestsOf, standingFor } from '@ringbench/analysis';
import type { RunSummary } from '@ringbench/analysis';
import type { TopLevelSpec } from 'vega-lite';
import type { Figure } from './figure.js';
import { MODELLED, ratioChart } from './ratio-chart.js';

/** Workloads that both systems completed, and of which the baseline gives a ratio. */
function sharedWorkloads(summary: RunSummary): ReadonlySet<string> {
  const shared = new Set(contestsOf(summary).flatMap(({ bouts }) => bouts.map(({ workload }) => workload)));
  return new Set(summary.cells.filter(({ workload, ratio }) => shared.has(workload) && ratio !== undefined).map(({ workload }) => workload));
}

function spec(summary: RunSummary): TopLevelSpec | undefined {
  const workloads = sharedWorkloads(summary);
  const cores = new Set([...standingFor(summary, PROPOSAL), ...standingFor(summary, RIVAL)]);
  return ratioChart(summary, { title: v386AgainstUml.title, kind: MODELLED, isShown: ({ core, workload }) => cores.has(core) && workloads.has(workload) });
}

function caption(summary: RunSummary): string {
  const shared = sharedWorkloads(summary);
  const others = summary.header.workloads.map(({ id }) => id).filter((id) => !shared.has(id));
  const left = others.length === 0 ? '' : ` Left out, because one of the two has no result: ${others.join(', ')}; a bare guest needs a PC, and User-Mode Linux has none.`;
  return `The question of the source slides. Cycles of the measured region relative to ${summary.baseline}, modelled with the profile “${summary.profile.title}”, of the proposed processor mode and of User-Mode Linux in the arrangements that this run has; programs are byte-identical under all of them. User-Mode Linux's guest kernel is a port of its own, so a part of each ratio is its own instructions. Points take the default prices; bars span all prices within their ranges, the same price holding for both sides of a ratio.${left}`;
}

export const v386AgainstUml: Figure = { title: 'V386 against User-Mode Linux', caption, spec };
