import { costLabel, costOf } from '@ringbench/analysis';
import type { CoreSummary, RunSummary, Swing } from '@ringbench/analysis';
import type { TopLevelSpec } from 'vega-lite';
import { compact, ratio } from '../format.js';
import { HIGH_TONE, INK, LOW_TONE } from '../theme.js';
import { SCHEMA_URL, logTicks, profileLine } from './figure.js';
import type { Figure } from './figure.js';

const BAR = 22;
const WIDTH = 460;
const MOST_COSTS = 6;
/** A cost that moves the result by less is not influential. */
const LEAST_FACTOR = 1.005;
/** Room for the prices at either end of the widest bar, as a share of its length. */
const LABEL_ROOM = 0.22;

interface Half {
  readonly cost: string;
  readonly end: 'low price' | 'high price';
  readonly from: number;
  readonly to: number;
  readonly price: string;
  readonly isRight: boolean;
}

function halves(swing: Swing, cost: string, middle: number, summary: RunSummary): readonly Half[] {
  const { low, high } = costOf(summary.profile, swing.cost);
  // The end that is further left carries its price on the left even where both lie on one side of the default.
  const lowIsRight = swing.atLow > swing.atHigh;
  return [
    { cost, end: 'low price', from: middle, to: swing.atLow, price: compact(low), isRight: lowIsRight },
    { cost, end: 'high price', from: middle, to: swing.atHigh, price: compact(high), isRight: !lowIsRight },
  ];
}

function domainOf(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high / low) ** LABEL_ROOM;
  return [low / room, high * room];
}

/** Labels of costs, told apart where two share one, as a port does in silicon and in software. */
function rowNames(swings: readonly Swing[], summary: RunSummary): ReadonlyMap<string, string> {
  const labels = swings.map(({ cost }) => costLabel(summary.profile, cost));
  const isShared = (label: string): boolean => labels.indexOf(label) !== labels.lastIndexOf(label);
  return new Map(
    swings.map(({ cost }) => {
      const label = costLabel(summary.profile, cost);
      return [cost, isShared(label) ? cost : label];
    }),
  );
}

function layers(domain: [number, number], middle: number, summary: RunSummary) {
  const y = { field: 'cost', type: 'nominal' as const, sort: null, title: null, axis: { ticks: false, domain: false, minExtent: 150 } };
  const x = {
    type: 'quantitative' as const,
    title: `geometric mean of modelled cycles relative to ${summary.baseline} (log scale)`,
    scale: { type: 'log' as const, domain, nice: false },
    axis: { values: logTicks(domain), format: ',~g' },
  };
  const scale = { domain: ['low price', 'high price'], range: [LOW_TONE, HIGH_TONE] };
  const legend = { orient: 'top' as const, symbolType: 'square', symbolOpacity: 1 };
  const color = { field: 'end', type: 'nominal' as const, title: null, scale, legend };
  const bar = { type: 'bar' as const, height: { band: 0.62 }, stroke: INK, strokeWidth: 0.5 };
  const text = (isRight: boolean) => ({
    transform: [{ filter: `datum.isRight === ${isRight}` }],
    mark: { type: 'text' as const, align: isRight ? ('left' as const) : ('right' as const), dx: isRight ? 4 : -4, fontSize: 9 },
    encoding: { y, x: { ...x, field: 'to' }, text: { field: 'price' } },
  });
  const parity = { type: 'rule' as const, color: INK, strokeDash: [4, 3] };
  return [
    { mark: bar, encoding: { y, x: { ...x, field: 'from' }, x2: { field: 'to' }, color } },
    text(true),
    text(false),
    { data: { values: [{}] }, mark: parity, encoding: { x: { ...x, datum: middle } } },
  ];
}

function panel(core: CoreSummary, swings: readonly Swing[], summary: RunSummary) {
  const middle = core.modelled ?? 1;
  const names = rowNames(swings, summary);
  const values = swings.flatMap((swing) => halves(swing, names.get(swing.cost) ?? swing.cost, middle, summary));
  return {
    title: { text: `${core.core}: ${ratio(middle)} at the default prices`, fontSize: 12, anchor: 'start' as const, offset: 6 },
    data: { values },
    width: WIDTH,
    height: { step: BAR },
    layer: layers(domainOf(values.flatMap(({ from, to }) => [from, to])), middle, summary),
  };
}

function spec(summary: RunSummary): TopLevelSpec | undefined {
  const panels = summary.cores.flatMap((core) => {
    const swings = core.swings.filter(({ factor }) => factor >= LEAST_FACTOR).slice(0, MOST_COSTS);
    return swings.length === 0 ? [] : [panel(core, swings, summary)];
  });
  if (panels.length === 0) return undefined;
  return {
    $schema: SCHEMA_URL,
    title: {
      text: tornado.title,
      subtitle: [profileLine(summary), 'One price at a time moved to either end of its range; at the bar ends that price in cycles.'],
    },
    spacing: 22,
    vconcat: panels,
    resolve: { scale: { color: 'shared' } },
  };
}

export const tornado: Figure = {
  title: 'Which prices the result hangs on',
  caption: (summary) =>
    `Geometric mean over workloads of modelled cycles relative to ${summary.baseline} when one price of “${summary.profile.title}” goes to the low or the high end of its range and all others keep their defaults. The ${MOST_COSTS} most influential prices of each technique; a price that moves the mean by less than ${((LEAST_FACTOR - 1) * 100).toFixed(1)} % is left out. Scales differ between panels.`,
  spec,
};
