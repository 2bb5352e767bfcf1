/** Popek and Goldberg's efficiency property in numbers: what ran directly, and how often the technique's own events came between. */
import type { RunHeader } from '@ringbench/journal';
import { DIRECT, countOf } from './pricing.js';
import type { Counts } from './pricing.js';
import type { CellSummary, RunSummary } from './summary.js';

const PER = 1000;
const EXITS = 'vmm.exit';
const BREAKPOINTS = 'scan.breakpoint.';
/** What a processor made of software does is its guest's work by another name, not an event of a technique. */
const EMULATED = 'emulated';

export interface EventRate {
  readonly event: string;
  readonly count: number;
  /** Per thousand guest instructions of the region. */
  readonly perThousand: number;
}

/** One cell's efficiency; all rates are per thousand guest instructions of the measured region. */
export interface Efficiency {
  readonly workload: string;
  readonly core: string;
  readonly instructions: number;
  /** Guest instructions that the silicon executed without intervention. */
  readonly direct: number;
  /** `direct` over `instructions`, 0 to 1. */
  readonly share: number;
  readonly notDirect: number;
  /** Traps to the monitor's dispatcher; undefined where there is no monitor. */
  readonly exits: number | undefined;
  /** Breakpoints of a scanner; undefined where the technique has none. */
  readonly breakpoints: number | undefined;
  /** The technique's own events but its exits: those that the baseline has in no workload of the run; the most frequent first. */
  readonly own: readonly EventRate[];
}

/** Count of all events with a prefix; undefined if none occurred. */
function sumOf(counts: Counts, prefix: string): number | undefined {
  const found = Object.entries(counts).filter(([event]) => event.startsWith(prefix));
  return found.length === 0 ? undefined : found.reduce((sum, [, count]) => sum + count, 0);
}

/** What a number of events is per thousand instructions. */
export function perThousand(count: number, instructions: number): number {
  return (PER * count) / instructions;
}

function ownEvents(cell: CellSummary, instructions: number, others: ReadonlySet<string>): readonly EventRate[] {
  return Object.entries(cell.counts)
    .filter(([event]) => !event.startsWith(EMULATED) && event !== EXITS && !others.has(event))
    .map(([event, count]) => ({ event, count, perThousand: perThousand(count, instructions) }))
    .sort((left, right) => right.count - left.count || (left.event < right.event ? -1 : 1));
}

/** The efficiency of a cell; undefined where it has no result. @param others events that are not the technique's own. */
function efficiencyOf(cell: CellSummary, others: ReadonlySet<string>): Efficiency | undefined {
  const { workload, core, instructions, directShare: share } = cell;
  if (instructions === undefined || instructions === 0 || share === undefined) return undefined;
  const rate = (count: number | undefined): number | undefined => (count === undefined ? undefined : perThousand(count, instructions));
  const direct = countOf(cell.counts, DIRECT);
  return {
    workload, core, instructions, direct, share,
    notDirect: perThousand(instructions - direct, instructions),
    exits: rate(sumOf(cell.counts, EXITS)),
    breakpoints: rate(sumOf(cell.counts, BREAKPOINTS)),
    own: ownEvents(cell, instructions, others),
  };
}

/** The efficiency of every cell with a result, in the order of the run. */
export function efficiencies({ cells, baseline }: RunSummary): readonly Efficiency[] {
  const others = new Set(cells.filter(({ core }) => core === baseline).flatMap(({ counts }) => Object.keys(counts)));
  return cells.flatMap((cell) => efficiencyOf(cell, others) ?? []);
}

const HUNDRED = 100;
const MOST_SHARE_DECIMALS = 6;

/** A share from 0 to 1 in percent, with as many digits as keep it apart from 100: `100`, `99.93`, `99.99987`. Rounded down, so that only 1 is 100. */
export function sharePercent(share: number): string {
  if (share === 0 || share === 1) return `${share * HUNDRED}`;
  const missing = (1 - share) * HUNDRED;
  const decimals = Math.min(MOST_SHARE_DECIMALS, Math.max(1, Math.ceil(-Math.log10(missing)) + 1));
  const scale = 10 ** decimals;
  return (Math.floor(share * HUNDRED * scale) / scale).toFixed(decimals);
}

/** A core that the run has under more than one setting. */
export interface Ablation {
  readonly core: string;
  /** Ids of its configurations in the header, in its order. */
  readonly configurations: readonly string[];
}

/** The cores that a run measures under several settings side by side. */
export function ablationsOf({ cores }: Pick<RunHeader, 'cores'>): readonly Ablation[] {
  const byCore = new Map<string, string[]>();
  for (const { id, core = id } of cores) byCore.set(core, [...(byCore.get(core) ?? []), id]);
  return [...byCore].map(([core, configurations]) => ({ core, configurations })).filter(({ configurations }) => configurations.length > 1);
}
