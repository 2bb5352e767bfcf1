import { price } from './pricing.js';
import type { CostProfile, ValidationTarget } from './profile.js';
import type { Levels } from './sensitivity.js';

/** One published figure beside what the profile makes of the same events. */
export interface Validation {
  readonly target: ValidationTarget;
  readonly modelled: Levels;
  /** Modelled default over the middle of the published range, minus 1: -0.2 is a fifth too cheap. */
  readonly error: number;
}

/** Holds a profile against published figures that set none of its prices. */
export function validate(profile: CostProfile): readonly Validation[] {
  return profile.validation.map((target) => {
    const at = (level: 'low' | 'default' | 'high'): number => price(target.counts, profile, level).cycles;
    const modelled = { low: at('low'), default: at('default'), high: at('high') };
    return { target, modelled, error: modelled.default / ((target.published.low + target.published.high) / 2) - 1 };
  });
}
