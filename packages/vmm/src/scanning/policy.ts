import type { EngineOptions, Setting } from '@ringbench/engine';

/** Which static branches may run natively: none; those within a page; those to other pages too. */
export const BRANCH_POLICIES = ['trap-all', 'in-page', 'back-patching'] as const;
export type BranchPolicy = (typeof BRANCH_POLICIES)[number];
export const USER_CODE_POLICIES = ['scan', 'direct'] as const;
export const INVALIDATION_POLICIES = ['page', 'all'] as const;

/** What scanning techniques choose among; Plex86's knobs (LITERATURE: K. Lawton's notes and sources of 2000 and 2001). */
export interface ScanningPolicy {
  /** Branches along one path that a scan goes beyond; 0 stops at the first. */
  readonly depth: number;
  /** Mirror pages at a time; 1 in Plex86 of November 2000. */
  readonly mirrors: number;
  readonly branches: BranchPolicy;
  /** `direct`: programs of the guest's run from their original pages, unscanned. */
  readonly userCode: (typeof USER_CODE_POLICIES)[number];
  /** What a store to a mirrored page drops: the mirrors of that page, or all. */
  readonly invalidation: (typeof INVALIDATION_POLICIES)[number];
}

const MOST_MIRRORS = 4096;
const MOST_DEPTH = 4096;

/** The settings of a technique that scans, with its own defaults. */
export function scanningSettings(defaults: ScanningPolicy): readonly Setting[] {
  return [
    { name: 'scan-depth', meaning: 'branches along one path that a scan goes beyond; 0 stops at the first', default: String(defaults.depth), values: { least: 0, most: MOST_DEPTH } },
    { name: 'mirrors', meaning: 'mirror pages at a time; 1 is what Plex86 had', default: String(defaults.mirrors), values: { least: 1, most: MOST_MIRRORS } },
    { name: 'branches', meaning: 'static branches that run natively: none (`trap-all`), those within a page (`in-page`), all that were met (`back-patching`)', default: defaults.branches, values: BRANCH_POLICIES },
    { name: 'user-code', meaning: 'programs of the guest are scanned like its kernel (`scan`), or run from their original pages (`direct`)', default: defaults.userCode, values: USER_CODE_POLICIES },
    { name: 'invalidation', meaning: 'what a store to a mirrored page drops: its mirrors (`page`), or every mirror (`all`)', default: defaults.invalidation, values: INVALIDATION_POLICIES },
  ];
}

/** The policy that settings ask for. Throws on a value that `scanningSettings` does not have: who offers settings checks them. */
export function scanningPolicyOf(settings: EngineOptions['settings'] = {}, defaults: ScanningPolicy): ScanningPolicy {
  const { branches = defaults.branches, 'user-code': userCode = defaults.userCode, invalidation = defaults.invalidation, mirrors = defaults.mirrors, 'scan-depth': depth = defaults.depth } = settings;
  return {
    depth: numberOf(depth, 'scan depth', 0, MOST_DEPTH),
    mirrors: numberOf(mirrors, 'number of mirrors', 1, MOST_MIRRORS),
    branches: wordOf(branches, 'branch policy', BRANCH_POLICIES),
    userCode: wordOf(userCode, 'treatment of user code', USER_CODE_POLICIES),
    invalidation: wordOf(invalidation, 'invalidation policy', INVALIDATION_POLICIES),
  };
}

function wordOf<Name extends string>(value: string | number | boolean, what: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === value);
  if (found === undefined) throw new Error(`no ${what} is called ${value}`);
  return found;
}

function numberOf(value: string | number | boolean, what: string, least: number, most: number): number {
  const found = Number(value);
  if (!Number.isInteger(found) || found < least || found > most) throw new Error(`the ${what} cannot be ${value}`);
  return found;
}
