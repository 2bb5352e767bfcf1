import type { CellSummary, RunSummary } from '@ringbench/analysis';
import type { TopLevelSpec } from 'vega-lite';
import { compact } from '../format.js';
import { FAINT } from '../theme.js';
import { SCHEMA_URL, coreEncodings, laneFor, logTicks } from './figure.js';
import type { Figure } from './figure.js';

const PANEL_WIDTH = 150;
const PER = 1000;
/** As many labels as fit under a panel. */
const MOST_TICKS = 4;

/** What is counted together in a panel: events whose name starts so. */
const CLASSES: readonly { readonly title: string; readonly prefixes: readonly string[] }[] = [
  { title: 'exceptions and interrupts', prefixes: ['exception.', 'interrupt.'] },
  { title: 'exits to the monitor', prefixes: ['vmm.exit'] },
  { title: 'breakpoints of a scanner', prefixes: ['scan.breakpoint.'] },
  { title: 'stops and switches of a host', prefixes: ['host.stop', 'host.switch'] },
  { title: 'page-table reads', prefixes: ['walk.reads'] },
  { title: 'device accesses', prefixes: ['port.', 'vmm.device-access'] },
];

/** What an emulated processor did counts like what silicon did; only who paid for it differs. */
const EMULATED = 'emulated.';

interface Row {
  readonly workload: string;
  readonly core: string;
  readonly kind: string;
  readonly rate: number;
  readonly label: string;
}

function rowsOf(cell: CellSummary): readonly Row[] {
  const { instructions } = cell;
  if (instructions === undefined || instructions === 0) return [];
  return CLASSES.map(({ title, prefixes }) => {
    const events = Object.entries(cell.counts).filter(([event]) => prefixes.some((prefix) => event.startsWith(prefix) || event.startsWith(EMULATED + prefix)));
    const rate = (PER * events.reduce((sum, [, count]) => sum + count, 0)) / instructions;
    return { workload: cell.workload, core: cell.core, kind: title, rate, label: compact(rate) };
  });
}

interface Axis {
  readonly domain: readonly [number, number];
  /** Greatest rate of any panel. */
  readonly highest: number;
}

function panel(kind: string, rows: readonly Row[], axis: Axis, summary: RunSummary, isFirst: boolean) {
  const { domain, highest } = axis;
  const { color, shape, lanes } = coreEncodings(summary, () => true);
  const y = isFirst ? lanes : { ...lanes, y: { ...lanes.y, axis: { ...lanes.y.axis, labels: false } } };
  const x = {
    type: 'quantitative' as const,
    title: kind,
    scale: { type: 'log' as const, domain: [...domain], nice: false },
    // Above: with many workloads the end of the chart is far below.
    axis: { orient: 'top' as const, values: logTicks(domain, MOST_TICKS).filter((tick) => tick <= highest * 10), format: ',~g' },
  };
  const values = rows.filter((row) => row.kind === kind).map((row) => ({ ...row, start: domain[0] }));
  return {
    data: { values },
    width: PANEL_WIDTH,
    height: { step: laneFor(summary.header.cores.length), for: 'offset' as const },
    layer: [
      {
        transform: [{ filter: 'datum.rate > 0' }],
        mark: { type: 'rule' as const, strokeWidth: 1.5, opacity: 0.5 },
        encoding: { ...y, x: { ...x, field: 'start' }, x2: { field: 'rate' }, color },
      },
      {
        transform: [{ filter: 'datum.rate > 0' }],
        mark: { type: 'point' as const, filled: true, size: 55, opacity: 1 },
        encoding: { ...y, x: { ...x, field: 'rate' }, color, shape },
      },
      {
        transform: [{ filter: 'datum.rate > 0' }],
        mark: { type: 'text' as const, align: 'left' as const, dx: 7, fontSize: 9 },
        encoding: { ...y, x: { ...x, field: 'rate' }, text: { field: 'label' } },
      },
      {
        transform: [{ filter: 'datum.rate === 0' }],
        mark: { type: 'text' as const, align: 'left' as const, dx: 3, fontSize: 9, color: FAINT },
        encoding: { ...y, x: { ...x, field: 'start' }, text: { field: 'label' } },
      },
    ],
  };
}

/** Room right of the highest point for its number, as a power of the whole span. */
const LABEL_ROOM = 1.35;

function spec(summary: RunSummary): TopLevelSpec | undefined {
  const rows = summary.cells.flatMap(rowsOf);
  const rates = rows.map(({ rate }) => rate).filter((rate) => rate > 0);
  if (rates.length === 0) return undefined;
  const low = 10 ** Math.floor(Math.log10(Math.min(...rates) / 2));
  const highest = Math.max(...rates);
  const domain: readonly [number, number] = [low, low * (highest / low) ** LABEL_ROOM];
  return {
    $schema: SCHEMA_URL,
    title: {
      text: events.title,
      subtitle: ['Exact counts of the measured region, log scale; 0 where the event did not occur. No prices are involved.'],
    },
    spacing: 14,
    hconcat: CLASSES.filter(({ title }) => rows.some(({ kind, rate }) => kind === title && rate > 0)).map(({ title }, index) => panel(title, rows, { domain, highest }, summary, index === 0)),
    resolve: { scale: { color: 'shared', shape: 'shared' } },
  };
}

export const events: Figure = {
  title: 'Events per thousand guest instructions',
  caption: () =>
    'Exact event counts of the measured region divided by its guest instructions, in thousands. These are counted, not modelled, and the same on every host. Under emulation they are events of the guest that software carries out. Page-table reads grow under a second level of translation, up to 8 a walk where one level needs 2.',
  spec,
};
