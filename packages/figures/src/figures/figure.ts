import type { RunSummary } from '@ringbench/analysis';
import type { TopLevelSpec } from 'vega-lite';
import { coreScales } from '../theme.js';

/** One figure of the report: a pure function from results to a chart and what to say of it. */
export interface Figure {
  readonly title: string;
  /** What is shown and what it is not, for the report and for screen readers. */
  caption(summary: RunSummary): string;
  /** The chart, or undefined where the run holds nothing to draw. */
  spec(summary: RunSummary): TopLevelSpec | undefined;
}

export const SCHEMA_URL = 'https://vega.github.io/schema/vega-lite/v6.json';

/** Name of the profile as figures print it, so that no modelled number stands without it. */
export function profileLine(summary: RunSummary): string {
  return `Cost profile: ${summary.profile.title} (${summary.profile.id}). Modelled from event counts, not measured.`;
}

/** Height of one core's lane within a workload. */
export const LANE = 17;
const NARROW_LANE = 14;
/** From so many on, lanes are narrow: a band has to fit on a screen with its neighbours. */
const MANY_LANES = 5;

/** Height of a lane where a workload's band has so many of them. */
export const laneFor = (lanes: number): number => (lanes < MANY_LANES ? LANE : NARROW_LANE);

/** A legend with more text than this goes into columns: settings make long names. */
const LEGEND_CHARACTERS = 70;
const LEGEND_COLUMNS = 3;

/** How cores are told apart: by tone, by shape and by their lane within a workload's band. */
export function coreEncodings(summary: RunSummary, isShown: (core: string) => boolean) {
  const cores = summary.header.cores.map(({ id }) => id);
  const scales = coreScales(cores);
  const shown = cores.filter(isShown);
  const isLong = shown.join('').length > LEGEND_CHARACTERS;
  const legend = { orient: 'top' as const, values: shown, symbolOpacity: 1, ...(isLong ? { columns: LEGEND_COLUMNS } : {}) };
  const common = { field: 'core', type: 'nominal' as const, title: null };
  return {
    color: { ...common, scale: { domain: scales.domain, range: scales.tones }, legend },
    shape: { ...common, scale: { domain: scales.domain, range: scales.shapes }, legend },
    lanes: {
      y: {
        field: 'workload',
        type: 'nominal' as const,
        sort: summary.header.workloads.map(({ id }) => id),
        title: null,
        scale: { paddingInner: 0.16, paddingOuter: 0.08 },
        axis: { grid: true, tickBand: 'extent' as const, ticks: false, domain: false, labelPadding: 8 },
      },
      yOffset: { field: 'core', type: 'nominal' as const, sort: shown },
    },
  };
}

const FULL_STEPS = [1, 2, 5, 10];
/** Within this many powers of ten 1, 2, 5 are labelled too; within the lesser, even steps. */
const FULL_DECADES = 2;
const EVEN_DECADES = 0.7;
const DEFAULT_MOST_TICKS = 6;

/** Ticks of a logarithmic axis that do not crowd: even steps, 1-2-5, powers of ten or every few powers of ten, as the range demands. */
export function logTicks([low, high]: readonly [number, number], most: number = DEFAULT_MOST_TICKS): number[] {
  const decades = Math.log10(high / low);
  const within = (ticks: readonly number[]): number[] => ticks.filter((tick) => tick >= low && tick <= high);
  if (decades <= EVEN_DECADES) return within(evenTicks(low, high, most));
  const first = Math.floor(Math.log10(low));
  const exponents = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, index) => first + index);
  if (decades <= FULL_DECADES) return within(exponents.flatMap((exponent) => FULL_STEPS.slice(0, -1).map((step) => step * 10 ** exponent)));
  const stride = Math.ceil(decades / most);
  return within(exponents.filter((exponent) => exponent % stride === 0).map((exponent) => 10 ** exponent));
}

function evenTicks(low: number, high: number, most: number): number[] {
  const power = 10 ** Math.floor(Math.log10((high - low) / most));
  const step = power * (FULL_STEPS.find((candidate) => (high - low) / (candidate * power) <= most) ?? 1);
  const start = Math.ceil(low / step);
  // Dividing by the inverse keeps 1.2 from becoming 1.2000000000000002 on the axis.
  return Array.from({ length: most + 1 }, (_, index) => (start + index) / (1 / step));
}
