import { countOf, efficiencies, perThousand } from '@ringbench/analysis';
import type { RunSummary } from '@ringbench/analysis';
import { writeWhole } from '@ringbench/harness';

const NAME = 'efficiency.csv';
const COLUMNS = 'suite,workload,core,instructions,direct,event,count,per_thousand';

/**
 * Writes `efficiency.csv` into a folder: for each cell with a result its guest instructions, those that ran directly, and every event of the measured
 * region with its count per thousand instructions. A journal's names need no quoting. Returns the path; throws InputProblem if it cannot.
 */
export function writeEfficiency(folder: string, summary: RunSummary): string {
  const rows = efficiencies(summary).flatMap(({ workload, core, instructions, direct }) => {
    const counts = summary.cells.find((cell) => cell.core === core && cell.workload === workload)?.counts ?? {};
    const cell = [summary.header.suite, workload, core, instructions, direct];
    return Object.keys(counts).toSorted().map((event) => [...cell, event, countOf(counts, event), perThousand(countOf(counts, event), instructions)].join(','));
  });
  return writeWhole(folder, NAME, `${[COLUMNS, ...rows].join('\n')}\n`);
}
