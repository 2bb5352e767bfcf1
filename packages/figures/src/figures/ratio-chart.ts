/** The chart of ratios, modelled or measured: a band for each workload, a lane for each core, a point at the ratio, a bar over its range. */
import type { CellSummary, RunSummary } from '@ringbench/analysis';
import type { TopLevelSpec } from 'vega-lite';
import { ratio } from '../format.js';
import { FAINT, INK } from '../theme.js';
import { SCHEMA_URL, coreEncodings, laneFor, logTicks, profileLine } from './figure.js';

const WIDTH = 500;
/** Room in ratio space for the text right of the highest mark, as a power of the whole span. */
const LABEL_ROOM = 1.18;

/** A ratio to the baseline and its ends; both are the ratio itself where it has none. */
export interface Ratio {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

/** What the ratios of a chart are. */
export interface RatioKind {
  readonly ratioOf: (cell: CellSummary) => Ratio | undefined;
  /** What is divided by the baseline's. */
  readonly quantity: string;
  readonly subtitle: (summary: RunSummary) => readonly string[];
}

export const MODELLED: RatioKind = {
  ratioOf: ({ ratio: levels }) => levels && { low: levels.low, middle: levels.default, high: levels.high },
  quantity: 'modelled cycles',
  subtitle: (summary) => [profileLine(summary), 'Point: default prices. Bar: least and greatest ratio that any prices within their ranges give.'],
};

export interface RatioChart {
  readonly title: string;
  readonly kind: RatioKind;
  readonly isShown: (cell: CellSummary) => boolean;
}

interface Row {
  readonly workload: string;
  readonly core: string;
  readonly low: number | null;
  readonly middle: number | null;
  readonly high: number | null;
  readonly label: string;
}

function rowOf(cell: CellSummary, { ratioOf }: RatioKind): Row {
  const { workload, core } = cell;
  const found = ratioOf(cell);
  if (found === undefined)
    return {
      workload,
      core,
      low: null,
      middle: null,
      high: null,
      label: cell.outcome === 'ok' ? 'no baseline' : `no result: ${cell.outcome}`,
    };
  return { workload, core, ...found, label: ratio(found.middle) };
}

function domainOf(rows: readonly Row[]): [number, number] {
  const low = Math.min(1, ...rows.flatMap((row) => row.low ?? []));
  const high = Math.max(2, ...rows.flatMap((row) => row.high ?? []));
  return [low * 0.9, 0.9 * low * (high / (0.9 * low)) ** LABEL_ROOM];
}

function layers(summary: RunSummary, quantity: string, domain: [number, number], cores: ReadonlySet<string>) {
  const { color, shape, lanes } = coreEncodings(summary, (core) => cores.has(core));
  const x = {
    type: 'quantitative' as const,
    scale: { type: 'log' as const, domain, nice: false },
    axis: { values: logTicks(domain), format: ',~g' },
    title: `${quantity} relative to ${summary.baseline} (log scale)`,
  };
  const present = [{ filter: 'datum.middle !== null' }];
  const absent = [{ filter: 'datum.middle === null' }];
  const range = { type: 'rule' as const, strokeWidth: 3, opacity: 0.55, strokeCap: 'round' as const };
  const point = { type: 'point' as const, filled: true, size: 75, opacity: 1, stroke: 'white', strokeWidth: 0.8 };
  const text = { type: 'text' as const, align: 'left' as const, dx: 8 };
  const excuse = { ...text, color: FAINT, fontStyle: 'italic' as const };
  const parity = { type: 'rule' as const, color: INK, strokeDash: [4, 3] };
  return [
    { data: { values: [{}] }, mark: parity, encoding: { x: { ...x, datum: 1 } } },
    { transform: present, mark: range, encoding: { ...lanes, x: { ...x, field: 'low' }, x2: { field: 'high' }, color } },
    { transform: present, mark: point, encoding: { ...lanes, x: { ...x, field: 'middle' }, color, shape } },
    { transform: present, mark: text, encoding: { ...lanes, x: { ...x, field: 'high' }, text: { field: 'label' } } },
    { transform: absent, mark: excuse, encoding: { ...lanes, x: { ...x, field: 'start' }, text: { field: 'label' } } },
  ];
}

/** The chart of the cells that are shown; undefined if none of them has a ratio. */
export function ratioChart(summary: RunSummary, { title, kind, isShown }: RatioChart): TopLevelSpec | undefined {
  const rows = summary.cells.filter(isShown).map((cell) => rowOf(cell, kind));
  if (!rows.some(({ middle }) => middle !== null)) return undefined;
  const domain = domainOf(rows);
  const cores = new Set(rows.map(({ core }) => core));
  return {
    $schema: SCHEMA_URL,
    title: { text: title, subtitle: [...kind.subtitle(summary)] },
    data: { values: rows.map((row) => ({ ...row, start: 1 })) },
    width: WIDTH,
    height: { step: laneFor(cores.size), for: 'offset' as const },
    layer: layers(summary, kind.quantity, domain, cores),
  };
}
