/**
 * Cycles are counts times prices, computed after the run, so that another price or source needs no other run. Counts are first reduced to a workload's
 * demand for each cost, which is all that ratios, bounds and sensitivity studies need.
 */
import { costOf, pricingOf } from './profile.js';
import type { CostLevel, CostProfile } from './profile.js';

export type Counts = Readonly<Record<string, number>>;

/** Count of an event, zero when absent. Journals name events freely, so an inherited property is not a count. */
export function countOf(counts: Counts, event: string): number {
  return Object.hasOwn(counts, event) ? (counts[event] ?? 0) : 0;
}

/** Guest instructions that the silicon ran directly. */
export const DIRECT = 'direct';
/** Guest instructions that software interpreted. */
export const EMULATED = 'emulated';
/** All guest instructions; never priced, because each is direct or emulated. */
export const RETIRED = 'retired';

/** One event's share of a modelled total. */
export interface CostPart {
  readonly event: string;
  /** Id of the profile entry that priced it. */
  readonly cost: string;
  readonly count: number;
  readonly cycles: number;
}

export interface Price {
  readonly cycles: number;
  /** The most expensive first. */
  readonly parts: readonly CostPart[];
  /** Events that occurred and that the profile does not know. */
  readonly unpriced: readonly string[];
}

/** How many units of each cost, by cost id, the counts demand. */
export type Demand = ReadonlyMap<string, number>;

/** A price in cycles for each cost id. */
export type PriceList = (cost: string) => number;

/** True where every guest instruction was interpreted: then traps, walks and port accesses are work of that software, not of silicon. */
export function isInterpreted(counts: Counts): boolean {
  return countOf(counts, EMULATED) > 0 && countOf(counts, DIRECT) === 0;
}

interface Demanded {
  readonly parts: readonly { readonly event: string; readonly cost: string; readonly count: number }[];
  readonly unpriced: readonly string[];
}

function demanded(counts: Counts, profile: CostProfile): Demanded {
  const interpreted = isInterpreted(counts);
  const parts: { event: string; cost: string; count: number }[] = [];
  const unpriced: string[] = [];
  for (const [event, count] of Object.entries(counts)) {
    if (!(count > 0)) continue;
    const pricing = pricingOf(profile, event, interpreted && event !== RETIRED);
    if (pricing.kind === 'priced') parts.push({ event, cost: pricing.cost, count });
    else if (pricing.kind === 'unknown') unpriced.push(event);
  }
  // A core that says neither how its instructions ran nor what they cost must not look free.
  const instructionsPriced = countOf(counts, DIRECT) > 0 || countOf(counts, EMULATED) > 0;
  if (!instructionsPriced && countOf(counts, RETIRED) > 0 && !unpriced.includes(RETIRED)) unpriced.push(RETIRED);
  return { parts, unpriced };
}

/** Prices a vector of counts with one level of a profile. */
export function price(counts: Counts, profile: CostProfile, level: CostLevel): Price {
  const { parts, unpriced } = demanded(counts, profile);
  const priced = parts.map((part) => ({ ...part, cycles: part.count * costOf(profile, part.cost)[level] }));
  priced.sort((left, right) => right.cycles - left.cycles || (left.event < right.event ? -1 : 1));
  return { cycles: priced.reduce((sum, part) => sum + part.cycles, 0), parts: priced, unpriced };
}

/** What the counts demand of each cost. */
export function demandOf(counts: Counts, profile: CostProfile): Demand {
  const demand = new Map<string, number>();
  for (const { cost, count } of demanded(counts, profile).parts) demand.set(cost, (demand.get(cost) ?? 0) + count);
  return demand;
}

/** Cycles of a demand at given prices. */
export function cyclesOf(demand: Demand, prices: PriceList): number {
  let cycles = 0;
  for (const [cost, count] of demand) cycles += count * prices(cost);
  return cycles;
}

/** The prices of one level of a profile. */
export function pricesAt(profile: CostProfile, level: CostLevel): PriceList {
  return (cost) => costOf(profile, cost)[level];
}
