import { efficiencies } from '@ringbench/analysis';
import type { Efficiency, RunSummary } from '@ringbench/analysis';
import type { TopLevelSpec } from 'vega-lite';
import { fineShare } from '../format.js';
import { FAINT, INK } from '../theme.js';
import { SCHEMA_URL, coreEncodings, laneFor, logTicks } from './figure.js';
import type { Figure } from './figure.js';

const WIDTH = 500;
/** Per thousand: the share of 99.9 % that a compute workload should reach under a technique that runs instructions directly. */
const GOAL = 1;
const PER = 1000;
/** Room right of the highest point for its number, as a power of the whole span. */
const LABEL_ROOM = 1.2;
const LEAST_DECADE = 0.1;

interface Row {
  readonly workload: string;
  readonly core: string;
  readonly rate: number;
  readonly label: string;
}

const rowOf = ({ workload, core, notDirect, share }: Efficiency): Row => ({ workload, core, rate: notDirect, label: fineShare(share) });

function domainOf(rows: readonly Row[]): readonly [number, number] {
  const rates = rows.map(({ rate }) => rate).filter((rate) => rate > 0);
  const low = Math.min(LEAST_DECADE, 10 ** Math.floor(Math.log10(Math.min(...rates) / 2)));
  return [low, low * (PER / low) ** LABEL_ROOM];
}

function layers(summary: RunSummary, domain: readonly [number, number]) {
  const { color, shape, lanes } = coreEncodings(summary, (core) => core !== summary.baseline);
  const x = {
    type: 'quantitative' as const,
    title: 'guest instructions that did not run directly, per thousand (log scale)',
    scale: { type: 'log' as const, domain: [...domain], nice: false },
    axis: { values: logTicks(domain).filter((tick) => tick <= PER), format: ',~g' },
  };
  const some = [{ filter: 'datum.rate > 0' }];
  const none = [{ filter: 'datum.rate === 0' }];
  const text = { type: 'text' as const, align: 'left' as const, dx: 8, fontSize: 9 };
  return [
    { data: { values: [{}] }, mark: { type: 'rule' as const, color: INK, strokeDash: [4, 3] }, encoding: { x: { ...x, datum: GOAL } } },
    { transform: some, mark: { type: 'rule' as const, strokeWidth: 1.5, opacity: 0.5 }, encoding: { ...lanes, x: { ...x, field: 'start' }, x2: { field: 'rate' }, color } },
    { transform: some, mark: { type: 'point' as const, filled: true, size: 55, opacity: 1 }, encoding: { ...lanes, x: { ...x, field: 'rate' }, color, shape } },
    { transform: some, mark: text, encoding: { ...lanes, x: { ...x, field: 'rate' }, text: { field: 'label' } } },
    { transform: none, mark: { ...text, dx: 3, color: FAINT }, encoding: { ...lanes, x: { ...x, field: 'start' }, text: { field: 'label' } } },
  ];
}

function spec(summary: RunSummary): TopLevelSpec | undefined {
  const rows = efficiencies(summary).filter(({ core }) => core !== summary.baseline).map(rowOf);
  if (!rows.some(({ rate }) => rate > 0)) return undefined;
  const domain = domainOf(rows);
  return {
    $schema: SCHEMA_URL,
    title: {
      text: efficiency.title,
      subtitle: ['Exact counts of the measured region; no prices are involved. At each point the share that ran directly.', 'Dashed: one in a thousand, 99.9 % run directly.'],
    },
    data: { values: rows.map((row) => ({ ...row, start: domain[0] })) },
    width: WIDTH,
    height: { step: laneFor(summary.header.cores.length - 1), for: 'offset' as const },
    layer: layers(summary, domain),
  };
}

/** What the word means wherever a share of direct instructions is shown. */
export const DIRECT_MEANS =
  'An instruction ran directly if the silicon executed it without intervention. One that trapped and was interpreted by the monitor did not, nor did one that the monitor interpreted because it stood where a breakpoint was; a trap that only prepares an instruction, such as the filling of a shadow page table, leaves it direct.';

export const efficiency: Figure = {
  title: 'Efficiency: what did not run directly',
  caption: () =>
    `Popek and Goldberg's third property, counted: of the guest instructions in the measured region, how many in a thousand the silicon did not execute without intervention. ${DIRECT_MEANS} Under emulation none runs directly by definition.`,
  spec,
};
