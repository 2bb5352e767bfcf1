import type { RunSummary } from '@ringbench/analysis';
import type { TopLevelSpec } from 'vega-lite';
import { ratio } from '../format.js';
import { FAINT, INK } from '../theme.js';
import { SCHEMA_URL, logTicks, profileLine } from './figure.js';
import type { Figure } from './figure.js';

/** The workload whose every few instructions branch out of the page, by alternating ways. */
const WORST_CASE = 'page-branches';
/** The setting that says which branches a scanner lets run. */
const BRANCHES = 'branches';
const WIDTH = 420;
const BAR = 22;
/** Room right of the highest mark for its number, as a power of the whole span, and left of the lowest. */
const LABEL_ROOM = 1.2;
const MARGIN = 0.9;
const OURS = 'modelled here';
const THEIRS = 'published for Plex86';

/**
 * K. Lawton, plex86 mailing list, January 2001 (message 01744, the README of its dynamic-translation testbed): wall clock over native for alternating
 * out-of-page branches. Context only: another program, another mechanism (translation), a machine of that time.
 */
const PUBLISHED = [
  { name: 'Plex86 testbed, first effort', ratio: 76 },
  { name: 'Plex86 testbed, state saved through GS', ratio: 65 },
  { name: 'Plex86 testbed, branches back-patched', ratio: 7 },
] as const;

interface Row {
  readonly name: string;
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly label: string;
  readonly source: string;
}

/** Other settings that belong to the question: Plex86 had one mirror page when its author called this its worst case. */
const RELATED = [BRANCHES, 'mirrors'];

/** Every configuration of a core that the run has under several branch policies, unless it is about something else. */
function configurations({ header: { cores } }: RunSummary): readonly string[] {
  const policies = new Set(cores.flatMap(({ core, settings }) => (core !== undefined && settings?.[BRANCHES] !== undefined ? [core] : [])));
  return cores.filter(({ id, core = id, settings = {} }) => policies.has(core) && Object.keys(settings).every((name) => RELATED.includes(name))).map(({ id }) => id);
}

function rowsOf(summary: RunSummary): readonly Row[] {
  const shown = configurations(summary);
  return summary.cells
    .filter(({ core, workload }) => workload === WORST_CASE && shown.includes(core))
    .flatMap(({ core, ratio: levels }) => (levels === undefined ? [] : [{ name: core, ratio: levels.default, low: levels.low, high: levels.high, label: ratio(levels.default), source: OURS }]));
}

function spec(summary: RunSummary): TopLevelSpec | undefined {
  const ours = rowsOf(summary);
  if (ours.length === 0) return undefined;
  const theirs = PUBLISHED.map((entry): Row => ({ ...entry, low: entry.ratio, high: entry.ratio, label: `${entry.ratio}×`, source: THEIRS }));
  const rows = [...ours, ...theirs];
  const highest = Math.max(...rows.map(({ high }) => high));
  const lowest = MARGIN * Math.min(1, ...rows.map(({ low }) => low));
  const domain: [number, number] = [lowest, lowest * (highest / lowest) ** LABEL_ROOM];
  const x = {
    type: 'quantitative' as const,
    title: `relative to ${summary.baseline} (log scale)`,
    scale: { type: 'log' as const, domain, nice: false },
    axis: { values: logTicks(domain), format: ',~g' },
  };
  const y = { field: 'name', type: 'nominal' as const, sort: rows.map(({ name }) => name), title: null, axis: { ticks: false, domain: false, labelLimit: 330, labelPadding: 8 } };
  const legend = { orient: 'top' as const, symbolOpacity: 1 };
  const color = { field: 'source', type: 'nominal' as const, title: null, scale: { domain: [OURS, THEIRS], range: [INK, FAINT] }, legend };
  const shape = { field: 'source', type: 'nominal' as const, title: null, scale: { domain: [OURS, THEIRS], range: ['circle', 'diamond'] }, legend };
  return {
    $schema: SCHEMA_URL,
    title: { text: branches.title, subtitle: [profileLine(summary), 'Published: wall clock of another program under dynamic translation, 2001. Context, not calibration.'] },
    data: { values: rows },
    width: WIDTH,
    height: { step: BAR },
    layer: [
      { mark: { type: 'rule', strokeWidth: 3, opacity: 0.45, strokeCap: 'round' }, encoding: { y, x: { ...x, field: 'low' }, x2: { field: 'high' }, color } },
      { mark: { type: 'point', filled: true, size: 75, opacity: 1 }, encoding: { y, x: { ...x, field: 'ratio' }, color, shape } },
      { mark: { type: 'text', align: 'left', dx: 8 }, encoding: { y, x: { ...x, field: 'high' }, text: { field: 'label' } } },
    ],
  };
}

export const branches: Figure = {
  title: 'Plex86\u2019s worst case under each branch policy',
  caption: (summary) =>
    `Modelled cycles of the workload ${WORST_CASE}, in which every few instructions branch to another page by alternating ways, relative to ${summary.baseline}, under each policy on which branches may run unobserved. Bars span all prices within their ranges. The grey figures (76:1, 65:1 and 7:1) are what Plex86\u2019s author published in January 2001 for the worst case of his dynamic-translation testbed. None of them set a price, and none could: they are wall-clock times of another program under another mechanism. Heights cannot be compared, because they depend on how many instructions lie between two branches: two here, unknown there. The shape can: the cost falls by an order of magnitude or more once branches are linked.`,
  spec,
};
