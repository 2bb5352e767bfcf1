import { describe, expect, it } from 'vitest';
import { ablationsOf, efficiencies, sharePercent, summarize } from '../src/index.js';
import type { Efficiency } from '../src/index.js';
import { publishedProfile, syntheticRun } from './support/synthetic-run.js';

const summary = summarize(syntheticRun({ processes: 1, ablation: true }), publishedProfile('pentium4'), { draws: 5, resamples: 5 });
const all = efficiencies(summary);
function of(core: string, workload: string): Efficiency {
  const found = all.find((entry) => entry.core === core && entry.workload === workload);
  if (found === undefined) throw new Error(`no efficiency of ${core} on ${workload}`);
  return found;
}

describe('efficiency', () => {
  it('is the share of all instructions that ran directly, whatever did the others', () => {
    expect(of('native', 'page-branches')).toMatchObject({ instructions: 8_000_000, direct: 8_000_000, share: 1, notDirect: 0 });
    expect(of('emulation', 'page-branches')).toMatchObject({ direct: 0, share: 0, notDirect: 1000, exits: undefined, breakpoints: undefined, own: [] });
    expect(of('dynamic-sbe', 'page-branches')).toMatchObject({ direct: 7_900_000, share: 0.9875, notDirect: 12.5 });
  });

  it('has exits and breakpoints per thousand instructions, and the technique\'s own events', () => {
    const { exits, breakpoints, own } = of('dynamic-sbe:branches=trap-all', 'page-branches');
    expect([exits, breakpoints]).toEqual([125, 125]);
    expect(own[0]).toEqual({ event: 'vmm.interpreted', count: 1_000_000, perThousand: 125 });
    expect(own.map(({ event }) => event)).toEqual(['vmm.interpreted', 'scan.breakpoint.branch', 'scan.breakpoint.sensitive', 'scan.page']);
    expect(of('v386', 'port-io')).toMatchObject({ breakpoints: undefined, exits: expect.closeTo(40.02, 5) });
  });

  it('leaves out cells without a result', () => {
    const run = syntheticRun({ processes: 1 });
    const observations = run.observations.map((one) => (one.core === 'v386' ? { ...one, outcome: 'budget' as const } : one));
    expect(efficiencies(summarize({ ...run, observations }, publishedProfile('pentium4'), { draws: 5, resamples: 5 })).some(({ core }) => core === 'v386')).toBe(false);
  });
});

it('cores under several settings are found by the core, in the order of the header', () => {
  expect(ablationsOf(summary.header)).toEqual([{ core: 'dynamic-sbe', configurations: ['dynamic-sbe', 'dynamic-sbe:branches=trap-all', 'dynamic-sbe:branches=back-patching'] }]);
  expect(ablationsOf(syntheticRun({ processes: 1 }).header)).toEqual([]);
});

it.each([
  [0, '0'], [1, '100'], [0.5, '50.0'], [0.9, '90.0'], [0.906, '90.6'], [0.99, '99.0'], [0.999, '99.90'], [0.99987, '99.987'], [0.9999999, '99.999990'], [1 - 1e-9, '99.999999'], [0.0001, '0.0'],
])('the share %d is %s percent, never rounded up to 100', (share, text) => {
  expect(sharePercent(share)).toBe(text);
});
