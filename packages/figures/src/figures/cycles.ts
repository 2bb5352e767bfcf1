import { costGroup } from '@ringbench/analysis';
import type { CellSummary, RunSummary } from '@ringbench/analysis';
import type { TopLevelSpec } from 'vega-lite';
import { percent } from '../format.js';
import { PART_TONES, REST_TONE } from '../theme.js';
import { SCHEMA_URL, profileLine } from './figure.js';
import type { Figure } from './figure.js';

const BAR = 17;
const LEGEND_COLUMNS = 4;
const WIDTH = 520;
const REST = 'everything else';
/** Narrower segments carry no number: it would not fit. */
const LEAST_LABELLED = 0.08;

interface Part {
  readonly workload: string;
  readonly core: string;
  readonly part: string;
  readonly from: number;
  readonly to: number;
  readonly middle: number;
  readonly label: string;
  readonly ink: string;
}

function sharesOf(cell: CellSummary, summary: RunSummary): Map<string, number> {
  const total = cell.parts.reduce((sum, { cycles }) => sum + cycles, 0);
  const shares = new Map<string, number>();
  for (const { cost, cycles } of cell.parts) {
    const label = costGroup(summary.profile, cost);
    shares.set(label, (shares.get(label) ?? 0) + cycles / total);
  }
  return shares;
}

/** The groups of costs worth a tone of their own: those with the largest share of any one bar, so that no bar is mostly rest. */
function namedParts(all: readonly Map<string, number>[]): readonly string[] {
  const largest = new Map<string, number>();
  for (const shares of all) for (const [part, share] of shares) largest.set(part, Math.max(largest.get(part) ?? 0, share));
  const sorted = [...largest]
    .filter(([, share]) => share > 0)
    .sort((left, right) => right[1] - left[1])
    .map(([part]) => part);
  return sorted.length <= PART_TONES.length ? sorted : [...sorted.slice(0, PART_TONES.length), REST];
}

function segments(cell: CellSummary, shares: Map<string, number>, parts: readonly string[]): readonly Part[] {
  let from = 0;
  return parts.flatMap((part, index) => {
    const share = part === REST ? Math.max(0, 1 - from) : (shares.get(part) ?? 0);
    if (share === 0) return [];
    const start = from;
    from += share;
    // The tones are dark and light by turns.
    const label = share >= LEAST_LABELLED ? percent(share) : '';
    return [
      {
        workload: cell.workload,
        core: cell.core,
        part,
        from: start,
        to: from,
        middle: start + share / 2,
        label,
        ink: part !== REST && index % 2 === 0 ? 'white' : 'black',
      },
    ];
  });
}

function layers(summary: RunSummary, parts: readonly string[]) {
  const cores = summary.header.cores.map(({ id }) => id);
  const y = { field: 'core', type: 'nominal' as const, sort: cores, title: null, axis: { ticks: false, domain: false } };
  const axis = { format: '.0%', grid: false };
  const x = { type: 'quantitative' as const, title: 'share of modelled cycles', scale: { domain: [0, 1] }, axis };
  const scale = { domain: [...parts], range: parts.map((part, index) => (part === REST ? REST_TONE : (PART_TONES[index] ?? REST_TONE))) };
  const legend = { orient: 'top' as const, columns: LEGEND_COLUMNS, symbolType: 'square' };
  const color = { field: 'part', type: 'nominal' as const, title: null, sort: [...parts], scale, legend };
  return [
    {
      mark: { type: 'bar' as const, stroke: 'white', strokeWidth: 1, height: { band: 0.86 } },
      encoding: { y, x: { ...x, field: 'from' }, x2: { field: 'to' }, color },
    },
    {
      mark: { type: 'text' as const, fontSize: 9 },
      encoding: {
        y,
        x: { ...x, field: 'middle' },
        text: { field: 'label' },
        color: { field: 'ink', type: 'nominal' as const, scale: null },
      },
    },
  ];
}

function spec(summary: RunSummary): TopLevelSpec | undefined {
  const cells = summary.cells.filter(({ cycles }) => (cycles?.default ?? 0) > 0);
  if (cells.length === 0) return undefined;
  const shares = cells.map((cell) => sharesOf(cell, summary));
  const parts = namedParts(shares);
  const workloads = summary.header.workloads.map(({ id }) => id);
  const header = { labelAngle: 0, labelAlign: 'left' as const, labelAnchor: 'middle' as const, labelFontWeight: 'bold' as const };
  return {
    $schema: SCHEMA_URL,
    title: {
      text: cycles.title,
      subtitle: [profileLine(summary), 'Default prices. Bars compare composition, not length: each is 100 % of its own cycles.'],
    },
    data: { values: cells.flatMap((cell, index) => segments(cell, shares[index] ?? new Map<string, number>(), parts)) },
    spacing: 9,
    facet: { row: { field: 'workload', type: 'nominal', sort: workloads, title: null, header } },
    spec: { width: WIDTH, height: { step: BAR }, layer: layers(summary, parts) },
  };
}

export const cycles: Figure = {
  title: 'Where the modelled cycles go',
  caption: (summary) =>
    `Composition of each cell's modelled cycles, by groups of costs, at the default prices of “${summary.profile.title}”. Every bar is normalised to its own total, so lengths say nothing about cost. Numbers are shown where a segment holds at least ${percent(LEAST_LABELLED)}. A processor made of software has its traps and page walks inside the price of its instructions.`,
  spec,
};
