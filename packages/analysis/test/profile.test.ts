import { describe, expect, it } from 'vitest';
import { costGroup, costOf, costsOf, isUnverified, parseProfile, pricingOf, unknownEvents } from '../src/index.js';
import type { CostProfile } from '../src/index.js';
import { publishedProfile } from './support/synthetic-run.js';

const cost = (cycles: number) => ({ low: cycles, default: cycles, high: cycles, source: 'test', tag: 'V' as const });
/** `PART_TONES` of packages/figures. */
const TONES = 16;
const small: CostProfile = {
  id: 'small',
  title: 'Small',
  description: 'test',
  unit: 'cycles',
  clockMHz: 1,
  events: { direct: cost(1), 'exception.*': cost(10), 'exception.14': cost(20), 'executed.popf': cost(5) },
  interpreted: { emulated: cost(100), '*': cost(0) },
  notPriced: { retired: 'counted elsewhere', 'executed.*': 'ordinary' },
  validation: [],
};

describe('pricingOf', () => {
  it('lets the most specific name win, over prices and exemptions alike', () => {
    expect(pricingOf(small, 'exception.14', false)).toEqual({ kind: 'priced', cost: 'exception.14' });
    expect(pricingOf(small, 'exception.13', false)).toEqual({ kind: 'priced', cost: 'exception.*' });
    expect(pricingOf(small, 'executed.popf', false)).toEqual({ kind: 'priced', cost: 'executed.popf' });
    expect(pricingOf(small, 'executed.iret', false)).toEqual({ kind: 'not-priced' });
    expect(pricingOf(small, 'mystery', false)).toEqual({ kind: 'unknown' });
  });

  it('asks the prices of a software processor first where there is one', () => {
    expect(pricingOf(small, 'exception.14', true)).toEqual({ kind: 'priced', cost: 'interpreted/*' });
    expect(pricingOf(small, 'emulated', true)).toEqual({ kind: 'priced', cost: 'interpreted/emulated' });
    expect(costOf(small, 'interpreted/emulated').default).toBe(100);
  });

  it('throws on a cost id that it never gave', () => {
    expect(() => costOf(small, 'constructor')).toThrow(/no cost/);
  });
});

it('groups costs for charts by what the profile says, else by label, else by name', () => {
  const events = { direct: { ...cost(1), group: 'work', label: 'instructions' }, 'exception.*': { ...cost(10), label: 'exceptions' }, 'executed.popf': cost(5) };
  expect(Object.keys(events).map((id) => costGroup({ ...small, events }, id))).toEqual(['work', 'exceptions', 'executed.popf']);
});

describe('parseProfile', () => {
  const problemOf = (change: object): string => {
    const read = parseProfile(JSON.stringify({ ...small, ...change }));
    return read.ok ? 'accepted' : read.problem;
  };

  it('accepts a profile without the optional tables', () => {
    expect(problemOf({ interpreted: undefined, notPriced: undefined, validation: undefined })).toBe('accepted');
  });

  it('says in one line what is wrong', () => {
    expect(parseProfile('{')).toMatchObject({ ok: false, problem: expect.stringMatching(/^not JSON: .+/) });
    expect(problemOf({ events: { direct: { ...cost(1), low: 2 } } })).toBe('events/direct: low <= default <= high must hold');
    expect(problemOf({ events: { direct: { ...cost(1), source: '' } } })).toMatch(/^events\/direct\/source: /);
    expect(problemOf({ events: { direct: { ...cost(1), tag: 'X' } } })).toMatch(/^events\/direct\/tag: /);
    expect(problemOf({ events: { 'ex*ption.14': cost(1) } })).toMatch(/^events\/ex\*ption.14: /);
    expect(problemOf({ events: { direct: { ...cost(1), high: -1 } } })).toMatch(/^events\/direct/);
    expect(problemOf({ unit: 'seconds' })).toMatch(/^unit: /);
    expect(problemOf({ price: 3 })).toMatch(/price/);
  });
});

describe('unknownEvents', () => {
  it('finds names that no known event matches', () => {
    const known = ['direct', 'emulated', 'retired', 'exception.14', 'executed.popf'];
    expect(unknownEvents(small, known)).toEqual([]);
    expect(unknownEvents({ ...small, events: { ...small.events, 'exeption.*': cost(1) } }, known)).toEqual(['exeption.*']);
    expect(unknownEvents(small, known.slice(0, 3))).toEqual(['exception.*', 'exception.14', 'executed.popf', 'executed.*']);
  });
});

describe.each(['pentium4', 'i386'])('the published profile %s', (id) => {
  const profile = publishedProfile(id);

  it('says "assumption" or gives a source, and never calls an assumption verified', () => {
    for (const { id: name, cost: entry } of costsOf(profile)) {
      if (entry.source.startsWith('assumption')) expect(['M', 'D-M'], name).toContain(entry.tag);
      if (/assumption|\[M\]/.test(entry.source)) expect(isUnverified(entry), name).toBe(true);
    }
  });

  it('prices the instructions and never retired itself', () => {
    expect(pricingOf(profile, 'retired', false).kind).toBe('not-priced');
    expect(pricingOf(profile, 'direct', false).kind).toBe('priced');
    expect(pricingOf(profile, 'emulated', false).kind).toBe('priced');
  });

  it('prices what a host does once: by the call, the request, the stop, and not again by what they are part of', () => {
    for (const event of ['host.call', 'host.call.ptrace', 'host.intercepted', 'host.preempt']) expect(pricingOf(profile, event, false).kind, event).toBe('not-priced');
    for (const event of ['host.call.wait4', 'host.call.mmap2', 'ptrace.getregs', 'host.stop', 'host.signal', 'host.switch', 'host.fault', 'host.process'])
      expect(pricingOf(profile, event, false).kind, event).toBe('priced');
  });

  it('has no more groups than a chart has tones', () => {
    const groups = new Set(costsOf(profile).filter(({ cost: { high } }) => high > 0).map(({ id: name }) => costGroup(profile, name)));
    expect(groups.size).toBeLessThanOrEqual(TONES);
  });

  it('does not count the return from a trap or the entry of an exit twice', () => {
    for (const event of ['executed.iret', 'executed.int', 'v386.entry', 'ring.in', 'tlb.fill.data', 'tlb.flush', 'executed.in']) {
      expect(pricingOf(profile, event, false).kind, event).toBe('not-priced');
    }
  });
});
