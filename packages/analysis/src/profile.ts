/**
 * Cost profiles: what one event costs on one class of machine. A profile is data with a source for every number; this file says what a
 * well-formed one is and which of its entries applies to an event.
 */
import { z } from 'zod';

/** V: read in the named source. D: derived from V. M: from memory or assumed, unverified. D-M: derived from M. */
export const PROVENANCE_TAGS = ['V', 'D', 'M', 'D-M'] as const;
export type ProvenanceTag = (typeof PROVENANCE_TAGS)[number];

const PATTERN = /^(?:[a-z0-9][a-z0-9.-]*\*?|\*)$/;
const pattern = z.string().regex(PATTERN, 'an event name, or a prefix of one followed by *');
const text = z.string().min(1);
const tag = z.enum(PROVENANCE_TAGS);
const cyclesOf = z.number().finite().nonnegative();

const costSchema = z
  .strictObject({
    /** Short name for charts; without one they show the event's name. */
    label: text.optional(),
    /** Costs of one group share a part of a stacked bar; without one a cost is a group of its own, named by its label. */
    group: text.optional(),
    low: cyclesOf,
    default: cyclesOf,
    high: cyclesOf,
    source: text,
    /** Provenance of the default. */
    tag,
    /** Provenance of the ends of the range, where it is weaker than the default's. */
    rangeTag: tag.optional(),
    note: text.optional(),
  })
  .refine((cost) => cost.low <= cost.default && cost.default <= cost.high, { error: 'low <= default <= high must hold' });

const validationSchema = z.strictObject({
  quantity: text,
  /** Published cycles; `low` equals `high` where the source gives one number. */
  published: z.strictObject({ low: z.number().positive(), high: z.number().positive() }),
  source: text,
  tag,
  /** The events that the published quantity consists of. */
  counts: z.record(z.string(), z.number().positive()),
});

const profileSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  title: text,
  description: text,
  unit: z.literal('cycles'),
  clockMHz: z.number().positive(),
  /** Prices of what silicon does. */
  events: z.record(pattern, costSchema),
  /** Prices that hold instead where the processor itself is software, so that a trap or a page walk is no event of the silicon. */
  interpreted: z.record(pattern, costSchema).default({}),
  /** Events that have no price on purpose, and why. */
  notPriced: z.record(pattern, text).default({}),
  /** Published figures that set none of the prices above. Where other figures of the same source did, `source` says so. */
  validation: z.array(validationSchema).default([]),
});

export type Cost = z.infer<typeof costSchema>;
export type CostProfile = z.infer<typeof profileSchema>;
export type ValidationTarget = z.infer<typeof validationSchema>;
export type CostLevel = 'low' | 'default' | 'high';
export type ProfileResult = { readonly ok: true; readonly profile: CostProfile } | { readonly ok: false; readonly problem: string };

/** Reads a profile from the text of its JSON file. A malformed one is a value: `problem` is one line for the user. */
export function parseProfile(json: string): ProfileResult {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return { ok: false, problem: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const parsed = profileSchema.safeParse(value);
  if (parsed.success) return { ok: true, profile: parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? 'the profile' : issue.path.join('/');
  return { ok: false, problem: `${where}: ${issue?.message ?? 'malformed'}` };
}

/** What a profile says of one event. */
export type Pricing = { readonly kind: 'priced'; readonly cost: string } | { readonly kind: 'not-priced' } | { readonly kind: 'unknown' };

const INTERPRETED_PREFIX = 'interpreted/';

/** Length of the match of a pattern, the longer the more specific; an exact name beats every prefix; -1 when it does not match. */
function specificity(candidate: string, event: string): number {
  if (candidate === event) return event.length + 1;
  if (!candidate.endsWith('*')) return -1;
  const prefix = candidate.slice(0, -1);
  return event.startsWith(prefix) ? prefix.length : -1;
}

function bestMatch(patterns: readonly string[], event: string): { readonly pattern: string; readonly score: number } | undefined {
  let best: { pattern: string; score: number } | undefined;
  for (const candidate of patterns) {
    const score = specificity(candidate, event);
    if (score >= 0 && score > (best?.score ?? -1)) best = { pattern: candidate, score };
  }
  return best;
}

/**
 * The entry that applies to an event; the most specific pattern wins, over prices and exemptions alike. `interpreted` says that the
 * processor which raised it is software: then `profile.interpreted` is asked first.
 */
export function pricingOf(profile: CostProfile, event: string, interpreted: boolean): Pricing {
  if (interpreted) {
    const match = bestMatch(Object.keys(profile.interpreted), event);
    if (match !== undefined) return { kind: 'priced', cost: INTERPRETED_PREFIX + match.pattern };
  }
  const priced = bestMatch(Object.keys(profile.events), event);
  const exempt = bestMatch(Object.keys(profile.notPriced), event);
  if (priced !== undefined && priced.score >= (exempt?.score ?? -1)) return { kind: 'priced', cost: priced.pattern };
  return exempt === undefined ? { kind: 'unknown' } : { kind: 'not-priced' };
}

/** The price behind a cost id that `pricingOf` gave. Throws on any other id: that is a bug of ours. */
export function costOf(profile: CostProfile, id: string): Cost {
  const [table, name] = id.startsWith(INTERPRETED_PREFIX)
    ? [profile.interpreted, id.slice(INTERPRETED_PREFIX.length)]
    : [profile.events, id];
  const cost = Object.hasOwn(table, name) ? table[name] : undefined;
  if (cost === undefined) throw new Error(`profile ${profile.id} has no cost ${id}`);
  return cost;
}

/** Name of a cost for a person to read. */
export function costLabel(profile: CostProfile, id: string): string {
  return costOf(profile, id).label ?? id;
}

/** Name of the group of a cost, for charts with few parts. */
export function costGroup(profile: CostProfile, id: string): string {
  return costOf(profile, id).group ?? costLabel(profile, id);
}

/** Every cost of the profile with its id, in the order of the file. */
export function costsOf(profile: CostProfile): readonly { readonly id: string; readonly cost: Cost }[] {
  return [
    ...Object.entries(profile.events).map(([id, cost]) => ({ id, cost })),
    ...Object.entries(profile.interpreted).map(([id, cost]) => ({ id: INTERPRETED_PREFIX + id, cost })),
  ];
}

export function isUnverifiedTag(provenance: ProvenanceTag): boolean {
  return provenance === 'M' || provenance === 'D-M';
}

/** True where the number, or an end of its range, was read in no source. */
export function isUnverified(cost: Cost): boolean {
  return isUnverifiedTag(cost.tag) || isUnverifiedTag(cost.rangeTag ?? cost.tag);
}

/** Patterns of a profile that no known event matches: misspelt names, which would silently price nothing. */
export function unknownEvents(profile: CostProfile, knownNames: Iterable<string>): readonly string[] {
  const names = [...knownNames];
  const patterns = new Set([
    ...Object.keys(profile.events),
    ...Object.keys(profile.interpreted),
    ...Object.keys(profile.notPriced),
    ...profile.validation.flatMap((target) => Object.keys(target.counts)),
  ]);
  return [...patterns].filter((candidate) => !names.some((name) => specificity(candidate, name) >= 0));
}
