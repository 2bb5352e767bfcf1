/** Everything that a table, a figure or the report says of a run, as plain data. */
import type { InstructionMatrix, RunHeader } from '@ringbench/journal';
import { costOf } from './profile.js';
import type { CostProfile } from './profile.js';
import { DIRECT, EMULATED, RETIRED, countOf, cyclesOf, demandOf, price, pricesAt } from './pricing.js';
import type { CostPart, Counts, Demand } from './pricing.js';
import { cellsOf, countsAgree, outcomeOf, regionTimes } from './run.js';
import type { Cell, CellOutcome, Run } from './run.js';
import { breakEven, modelledRatio, rankStability, tornado } from './sensitivity.js';
import type { Contender, DemandPair, Levels, RankStability, Swing } from './sensitivity.js';
import { bootstrapGeometricMean, bootstrapRatio, geometricMeanOfRatios, medianOf } from './statistics.js';
import type { Interval, Paired } from './statistics.js';
import { validate } from './validation.js';
import type { Validation } from './validation.js';
import { wallClockVerdict } from './wall-clock.js';
import type { WallClockVerdict } from './wall-clock.js';

/** Core that the others are compared with, and the workload that measures only the laboratory itself and so enters no mean. */
export const DEFAULT_BASELINE = 'native';
export const HARNESS_WORKLOAD = 'noop';

export interface CellSummary {
  readonly core: string;
  readonly workload: string;
  readonly outcome: CellOutcome;
  readonly detail: string;
  /** Fresh processes measured. */
  readonly processes: number;
  /** Guest instructions from load to end, and in the measured region; undefined unless the outcome is ok. */
  readonly retired: number | undefined;
  readonly instructions: number | undefined;
  /** Event counts of the measured region, zeros left out. */
  readonly counts: Counts;
  /** Whether all processes counted the same. */
  readonly countsAgree: boolean;
  /** Whether the guest-visible final state equals the baseline's; undefined where one of the two is not comparable. */
  readonly equivalent: boolean | undefined;
  /** Share of the region's instructions that ran directly (Popek and Goldberg's efficiency), 0 to 1. */
  readonly directShare: number | undefined;
  /** Modelled cycles of the region with all prices low, default or high. */
  readonly cycles: Levels | undefined;
  /** Modelled cycles over the baseline's; the ends are over all prices within their ranges. */
  readonly ratio: Levels | undefined;
  /** Where the cycles go at the default prices, the most expensive first. */
  readonly parts: readonly CostPart[];
  readonly unpriced: readonly string[];
  /** Median host milliseconds of the region. */
  readonly milliseconds: number | undefined;
  /** Host time over the baseline's. */
  readonly wallRatio: Interval | undefined;
}

export interface CoreSummary {
  readonly core: string;
  /** Workloads that enter the means: completed by this core and by the baseline, the harness workload left out. */
  readonly workloads: readonly string[];
  /** Geometric mean of the modelled ratios at the default prices. */
  readonly modelled: number | undefined;
  readonly wall: Interval | undefined;
  /** Which prices move the modelled mean most. */
  readonly swings: readonly Swing[];
}

/** The price at which two cores cost the same for a workload, for the most expensive event that only the first of them has. */
export interface BreakEven {
  readonly workload: string;
  readonly core: string;
  readonly other: string;
  readonly cost: string;
  /** Cycles; negative where the core is dearer even if the event were free. */
  readonly price: number;
  readonly range: Levels;
}

export interface RunSummary {
  readonly header: RunHeader;
  readonly profile: CostProfile;
  readonly baseline: string;
  readonly cells: readonly CellSummary[];
  readonly cores: readonly CoreSummary[];
  /** Workloads that every ranked core completed, on which the ranking rests. */
  readonly rankedWorkloads: readonly string[];
  readonly ranking: RankStability | undefined;
  readonly breakEvens: readonly BreakEven[];
  readonly validations: readonly Validation[];
  readonly wallClock: WallClockVerdict;
  /** Verdicts on the sensitive instructions, if they were judged for this run. */
  readonly matrix: InstructionMatrix | undefined;
}

export interface SummaryOptions {
  /** Id of the core that ratios are taken to. */
  readonly baseline?: string;
  readonly draws?: number;
  readonly resamples?: number;
}

interface Measured {
  readonly cell: Cell;
  readonly summary: CellSummary;
  readonly demand: Demand | undefined;
}

function present(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

/** Direct over all instructions: what a monitor interpreted is neither `direct` nor `emulated`. Undefined for a core that does not say what ran directly. */
function directShareOf(counts: Counts): number | undefined {
  const direct = countOf(counts, DIRECT);
  return direct > 0 || countOf(counts, EMULATED) > 0 ? direct / instructionsOf(counts) : undefined;
}

function instructionsOf(counts: Counts): number {
  return countOf(counts, RETIRED) || countOf(counts, DIRECT) + countOf(counts, EMULATED);
}

function equivalence(cell: Cell, baseline: Cell | undefined): boolean | undefined {
  const mine = cell.observations[0]?.fingerprint ?? '';
  const theirs = baseline?.observations[0]?.fingerprint ?? '';
  return mine === '' || theirs === '' ? undefined : mine === theirs;
}

function levelsOf(demand: Demand, profile: CostProfile): Levels {
  const at = (level: 'low' | 'default' | 'high'): number => cyclesOf(demand, pricesAt(profile, level));
  return { low: at('low'), default: at('default'), high: at('high') };
}

const NO_RESULT = {
  retired: undefined,
  instructions: undefined,
  counts: {},
  equivalent: undefined,
  directShare: undefined,
  cycles: undefined,
  ratio: undefined,
  parts: [],
  unpriced: [],
  milliseconds: undefined,
  wallRatio: undefined,
} as const;

class Summarizer {
  readonly #run: Run;
  readonly #profile: CostProfile;
  readonly #options: SummaryOptions;
  readonly #baseline: string;
  readonly #cells: readonly Cell[];
  readonly #baselines: ReadonlyMap<string, Cell>;

  constructor(run: Run, profile: CostProfile, options: SummaryOptions) {
    this.#run = run;
    this.#profile = profile;
    this.#options = options;
    this.#baseline = options.baseline ?? DEFAULT_BASELINE;
    this.#cells = cellsOf(run);
    this.#baselines = new Map(
      this.#cells.filter((cell) => cell.core === this.#baseline && outcomeOf(cell).outcome === 'ok').map((cell) => [cell.workload, cell]),
    );
  }

  summarize(): RunSummary {
    const measured = this.#cells.map((cell) => this.#measure(cell));
    const ranked = this.#ranked(measured);
    return {
      header: this.#run.header,
      profile: this.#profile,
      baseline: this.#baseline,
      cells: measured.map(({ summary }) => summary),
      cores: this.#run.header.cores.map(({ id }) => this.#core(id, measured)),
      rankedWorkloads: ranked.workloads,
      ranking:
        ranked.contenders.length > 1 && ranked.workloads.length > 0
          ? rankStability(ranked.contenders, this.#profile, this.#sampling(this.#options.draws))
          : undefined,
      breakEvens: this.#breakEvens(measured),
      validations: validate(this.#profile),
      wallClock: wallClockVerdict(this.#run.header),
      matrix: this.#run.matrix,
    };
  }

  #sampling(draws: number | undefined): { seed: number; draws?: number } {
    return { seed: this.#run.header.seed, ...(draws === undefined ? {} : { draws }) };
  }

  #measure(cell: Cell): Measured {
    const verdict = outcomeOf(cell);
    const common = {
      core: cell.core,
      workload: cell.workload,
      ...verdict,
      processes: cell.observations.length,
      countsAgree: countsAgree(cell),
    };
    const [first] = cell.observations;
    if (verdict.outcome !== 'ok' || first === undefined) return { cell, demand: undefined, summary: { ...common, ...NO_RESULT } };
    const baseline = this.#baselines.get(cell.workload);
    const demand = demandOf(first.region, this.#profile);
    const priced = price(first.region, this.#profile, 'default');
    const times = regionTimes(cell);
    const summary: CellSummary = {
      ...common,
      retired: first.retired,
      instructions: instructionsOf(first.region),
      counts: present(first.region),
      equivalent: this.#hasOwnMachine(cell.core) ? undefined : equivalence(cell, baseline),
      directShare: directShareOf(first.region),
      cycles: levelsOf(demand, this.#profile),
      ratio: baseline === undefined ? undefined : modelledRatio({ core: demand, baseline: this.#demandOf(baseline) }, this.#profile),
      parts: priced.parts,
      unpriced: priced.unpriced,
      milliseconds: times.length === 0 ? undefined : medianOf(times),
      wallRatio: this.#wallRatio(cell, baseline),
    };
    return { cell, demand, summary };
  }

  /** Its guests are ported: their final state is of another kernel than the baseline's, and only the answer can be compared. */
  #hasOwnMachine(core: string): boolean {
    return this.#run.header.cores.some(({ id, port }) => id === core && port !== undefined);
  }

  #demandOf(cell: Cell): Demand {
    return demandOf(cell.observations[0]?.region ?? {}, this.#profile);
  }

  #times(cell: Cell, baseline: Cell | undefined): Paired | undefined {
    const pair = { numerator: regionTimes(cell), denominator: baseline === undefined ? [] : regionTimes(baseline) };
    return pair.numerator.length > 0 && pair.denominator.length > 0 ? pair : undefined;
  }

  #bootstrap(purpose: string): { seed: number; purpose: string; resamples?: number } {
    const { resamples } = this.#options;
    return { seed: this.#run.header.seed, purpose, ...(resamples === undefined ? {} : { resamples }) };
  }

  #wallRatio(cell: Cell, baseline: Cell | undefined): Interval | undefined {
    // A cell over itself is 1 by definition; bootstrapping it as two independent samples would invent an uncertainty.
    if (cell.core === this.#baseline) return baseline === undefined ? undefined : { estimate: 1, low: 1, high: 1 };
    const pair = this.#times(cell, baseline);
    return pair === undefined ? undefined : bootstrapRatio(pair, this.#bootstrap(`${cell.core}/${cell.workload}`));
  }

  #usable(core: string, measured: readonly Measured[]): readonly Measured[] {
    return measured.filter(
      ({ cell, summary }) => cell.core === core && cell.workload !== HARNESS_WORKLOAD && (summary.ratio?.default ?? 0) > 0,
    );
  }

  #pairs(usable: readonly Measured[]): readonly DemandPair[] {
    return usable.flatMap(({ cell, demand }) => {
      const baseline = this.#baselines.get(cell.workload);
      return demand === undefined || baseline === undefined ? [] : [{ core: demand, baseline: this.#demandOf(baseline) }];
    });
  }

  #core(core: string, measured: readonly Measured[]): CoreSummary {
    const usable = this.#usable(core, measured);
    const times = usable.flatMap(({ cell }) => this.#times(cell, this.#baselines.get(cell.workload)) ?? []);
    const isBaseline = core === this.#baseline;
    return {
      core,
      workloads: usable.map(({ cell }) => cell.workload),
      modelled: usable.length === 0 ? undefined : geometricMeanOfRatios(usable.map(({ summary }) => summary.ratio?.default ?? Number.NaN)),
      wall: times.length === 0 || isBaseline ? undefined : bootstrapGeometricMean(times, this.#bootstrap(core)),
      swings: isBaseline ? [] : tornado(this.#pairs(usable), this.#profile),
    };
  }

  #ranked(measured: readonly Measured[]): { readonly workloads: readonly string[]; readonly contenders: readonly Contender[] } {
    const byCore = this.#run.header.cores
      .map(({ id }) => ({ core: id, usable: this.#usable(id, measured) }))
      .filter(({ usable }) => usable.length > 0);
    const workloads = this.#run.header.workloads
      .map(({ id }) => id)
      .filter((id) => byCore.length > 0 && byCore.every(({ usable }) => usable.some(({ cell }) => cell.workload === id)));
    const contenders = byCore.map(({ core, usable }) => ({
      core,
      pairs: this.#pairs(usable.filter(({ cell }) => workloads.includes(cell.workload))),
    }));
    return { workloads, contenders };
  }

  #breakEvens(measured: readonly Measured[]): readonly BreakEven[] {
    const real = measured.filter(({ cell }) => cell.workload !== HARNESS_WORKLOAD);
    return real.flatMap((one) =>
      real
        .filter(
          (other) => other.cell.workload === one.cell.workload && other.cell.core !== one.cell.core && one.cell.core !== this.#baseline,
        )
        .flatMap((other) => this.#breakEven(one, other) ?? []),
    );
  }

  #breakEven(one: Measured, other: Measured): BreakEven | undefined {
    if (one.demand === undefined || other.demand === undefined) return undefined;
    const theirs = other.demand;
    const own = [...one.demand]
      .filter(([cost]) => !theirs.has(cost))
      .map(([cost, count]) => ({ cost, cycles: count * costOf(this.#profile, cost).default }));
    const [dearest] = own.sort((left, right) => right.cycles - left.cycles);
    const at = dearest === undefined ? undefined : breakEven(one.demand, theirs, this.#profile, dearest.cost);
    if (dearest === undefined || at === undefined) return undefined;
    const { low, default: standard, high } = costOf(this.#profile, dearest.cost);
    return {
      workload: one.cell.workload,
      core: one.cell.core,
      other: other.cell.core,
      cost: dearest.cost,
      price: at,
      range: { low, default: standard, high },
    };
  }
}

/** Summarizes a run under one cost profile. Pure; the same run, profile and options give the same summary on every host. */
export function summarize(run: Run, profile: CostProfile, options: SummaryOptions = {}): RunSummary {
  return new Summarizer(run, profile, options).summarize();
}
