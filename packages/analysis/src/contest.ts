/** The slides' question: what is the difference between V386 and User-Mode Linux? One technique against another, workload by workload. */
import type { CostProfile } from './profile.js';
import { demandOf } from './pricing.js';
import { modelledRatio } from './sensitivity.js';
import type { Levels } from './sensitivity.js';
import { geometricMeanOfRatios } from './statistics.js';
import { HARNESS_WORKLOAD } from './summary.js';
import type { CellSummary, RunSummary } from './summary.js';

/** The two systems of the question, as the cores that stand for them name them (`exemplar`). */
export const PROPOSAL = 'V386';
export const RIVAL = 'User-Mode Linux';

/** A configuration of the rival against one of the proposal on one workload. */
export interface Bout {
  readonly workload: string;
  readonly proposal: string;
  readonly rival: string;
  /** Modelled cycles of the rival over those of the proposal; the ends are over all prices within their ranges, the same price on both sides. */
  readonly ratio: Levels;
}

/** All bouts of two configurations. */
export interface Contest {
  readonly proposal: string;
  readonly rival: string;
  /** At least one. */
  readonly bouts: readonly Bout[];
  /** Geometric mean of the ratios at the default prices. */
  readonly mean: number;
  /** Workloads on which the rival is dearer at the default prices, and at any prices within their ranges. */
  readonly dearer: number;
  readonly certainlyDearer: number;
}

/** Ids of the run's configurations that stand for a system, in the order of the header: the exemplar's name up to a comma. */
export function standingFor({ header }: Pick<RunSummary, 'header'>, system: string): readonly string[] {
  return header.cores.filter(({ exemplar }) => exemplar.split(',')[0] === system).map(({ id }) => id);
}

function boutOf(proposal: CellSummary, rival: CellSummary, profile: CostProfile): Bout | undefined {
  if (proposal.outcome !== 'ok' || rival.outcome !== 'ok') return undefined;
  const ratio = modelledRatio({ core: demandOf(rival.counts, profile), baseline: demandOf(proposal.counts, profile) }, profile);
  return ratio === undefined ? undefined : { workload: proposal.workload, proposal: proposal.core, rival: rival.core, ratio };
}

function contestOf(proposal: string, rival: string, { cells, profile }: RunSummary): Contest | undefined {
  const bouts = cells
    .filter(({ core, workload }) => core === proposal && workload !== HARNESS_WORKLOAD)
    .flatMap((cell) => {
      const opposite = cells.find(({ core, workload }) => core === rival && workload === cell.workload);
      return (opposite === undefined ? undefined : boutOf(cell, opposite, profile)) ?? [];
    });
  if (bouts.length === 0) return undefined;
  return {
    proposal,
    rival,
    bouts,
    mean: geometricMeanOfRatios(bouts.map(({ ratio }) => ratio.default)),
    dearer: bouts.filter(({ ratio }) => ratio.default > 1).length,
    certainlyDearer: bouts.filter(({ ratio }) => ratio.low > 1).length,
  };
}

/** Every configuration of User-Mode Linux against the first of V386; empty if the run lacks one of them or they share no result. */
export function contestsOf(summary: RunSummary): readonly Contest[] {
  const [proposal] = standingFor(summary, PROPOSAL);
  if (proposal === undefined) return [];
  return standingFor(summary, RIVAL).flatMap((rival) => contestOf(proposal, rival, summary) ?? []);
}
