/** The section of the report on measured time: a result of its own, in no table together with modelled cycles. */
import { HARNESS_WORKLOAD } from '@ringbench/analysis';
import type { CellSummary, RunSummary } from '@ringbench/analysis';
import { count, ratio } from '../format.js';
import { html } from './html.js';
import type { Content, Markup } from './html.js';
import { NONE, interval } from './results.js';
import { coreHeading, numbers, plain, table } from './table.js';
import type { Column } from './table.js';

const CORE_COLUMNS: readonly Column[] = [...plain('core', 'executor'), ...numbers('geometric mean', 'workloads', 'least', 'greatest')];

function extreme(cells: readonly CellSummary[], sign: 1 | -1): Content {
  const [first] = cells.toSorted((left, right) => sign * ((left.wallRatio?.estimate ?? 0) - (right.wallRatio?.estimate ?? 0)));
  return first?.wallRatio === undefined ? NONE : html`${ratio(first.wallRatio.estimate)} <span class="minor">${first.workload}</span>`;
}

/** What the times can be taken for, and each core's over the baseline's. */
export function wallClockSection(summary: RunSummary): Markup {
  const { baseline, header, cores, cells } = summary;
  const rows = cores.map(({ core, wall }) => {
    const timed = cells.filter((cell) => cell.core === core && cell.workload !== HARNESS_WORKLOAD && cell.wallRatio !== undefined);
    const executor = header.cores.find(({ id }) => id === core)?.executor ?? NONE;
    if (core === baseline) return { cells: [core, executor, 'baseline', timed.length, NONE, NONE] };
    return { cells: [core, executor, interval(wall), timed.length, extreme(timed, 1), extreme(timed, -1)] };
  });
  const caption = html`Time of the measured region over ${baseline}'s, geometric mean over the workloads that both completed, in brackets the 95 % bootstrap interval over processes; and the workloads on which it is least and greatest.`;
  return html`<p class="statement">${summary.wallClock.statement}</p>${table(CORE_COLUMNS, rows, caption)}`;
}

/** Every workload: the baseline's median in milliseconds, and the other cores' times over it. */
export function wallClockTable({ baseline, header, cells }: RunSummary): Markup {
  const others = header.cores.map(({ id }) => id).filter((id) => id !== baseline);
  const columns = [...plain('workload'), ...numbers(`${baseline}, ms`, ...others.map(coreHeading))];
  const rows = header.workloads.map(({ id }) => {
    const cellOf = (core: string): CellSummary | undefined => cells.find((cell) => cell.core === core && cell.workload === id);
    const milliseconds = cellOf(baseline)?.milliseconds;
    const ratios = others.map((core) => {
      const wall = cellOf(core)?.wallRatio;
      return wall === undefined ? NONE : ratio(wall.estimate);
    });
    return { cells: [id, milliseconds === undefined ? NONE : count(milliseconds), ...ratios] };
  });
  return table(columns, rows, html`Median time of the measured region on ${baseline} in milliseconds, and the other cores' over it.`);
}
