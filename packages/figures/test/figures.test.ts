import { describe, expect, it, vi } from 'vitest';
import { summarize } from '@ringbench/analysis';
import type { RunSummary } from '@ringbench/analysis';
import { FIGURES, FIGURE_IDS } from '../src/figures/index.js';
import { logTicks } from '../src/figures/figure.js';
import { PART_TONES } from '../src/theme.js';
import { renderPdf, renderPng, renderSvg } from '../src/render.js';
import { SYNTHETIC_MATRIX, publishedProfile, syntheticRun } from '../../analysis/test/support/synthetic-run.js';

const pentium4 = publishedProfile('pentium4');
const quick = { draws: 50, resamples: 50 };
const run = { ...syntheticRun({ processes: 3, ablation: true, userMode: true }), matrix: SYNTHETIC_MATRIX };
const summary = summarize(run, pentium4, quick);

function svgOf(id: (typeof FIGURE_IDS)[number], of: RunSummary): Promise<string> {
  const spec = FIGURES[id].spec(of);
  if (spec === undefined) throw new Error(`${id} has nothing to draw`);
  return renderSvg(spec);
}

describe.each(FIGURE_IDS)('figure %s', (id) => {
  it('draws its title, every workload or core, and warns of nothing', async () => {
    const warn = vi.spyOn(console, 'warn');
    const svg = await svgOf(id, summary);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
    expect(svg).toContain(FIGURES[id].title);
    const workloads = run.header.workloads.map((workload) => workload.id);
    const expected: Partial<Record<typeof id, readonly string[]>> = {
      'wall-clock': workloads.filter((workload) => workload !== 'noop'),
      'v386-uml': ['null-syscall', 'page-touch', 'uml:arrangement=tt'], tornado: ['emulation', 'v386'], branches: ['dynamic-sbe:branches=trap-all', 'Plex86 testbed, first effort', '76×'], instructions: ['5 PUSHF', '7 LAR', 'trap:sensitive=naive', 'traps', 'wrong'],
    };
    for (const name of expected[id] ?? workloads) expect(svg).toContain(name);
    expect(FIGURES[id].caption(summary).length).toBeGreaterThan(100);
  });

  it('names the profile and says that it is modelled, unless it shows counts only', async () => {
    const svg = await svgOf(id, summary);
    if (id === 'instructions') expect(svg).toContain('compared with what the manual says');
    else if (id === 'events' || id === 'efficiency') expect(svg).toContain('Exact counts');
    else if (id === 'wall-clock') expect(svg).toMatch(/Measured, not modelled. All cores execute on the same executor/);
    else expect(svg).toMatch(/Pentium 4 class.*Modelled from event counts, not measured/);
  });

  it('is the same twice', async () => {
    expect(await svgOf(id, summary)).toBe(await svgOf(id, summarize(run, pentium4, quick)));
  });

  it('draws nothing of nothing', () => {
    expect(FIGURES[id].spec(summarize({ ...run, observations: [], matrix: undefined }, pentium4, quick))).toBeUndefined();
  });
});

describe('the figure of branch policies', () => {
  it('needs a scanner under several of them, and its worst case', () => {
    expect(FIGURES.branches.spec(summarize(syntheticRun({ processes: 1 }), pentium4, quick))).toBeUndefined();
    const observations = run.observations.filter(({ workload }) => workload !== 'page-branches');
    expect(FIGURES.branches.spec(summarize({ ...run, observations }, pentium4, quick))).toBeUndefined();
  });
  it('says that what was published is no calibration, on the figure and below it', async () => {
    expect(await svgOf('branches', summary)).toContain('Context, not calibration');
    expect(FIGURES.branches.caption(summary)).toContain('76:1, 65:1 and 7:1');
  });
});

describe('the figure of V386 against User-Mode Linux', () => {
  it('comes first', () => expect(FIGURE_IDS[0]).toBe('v386-uml'));

  it('shows these two and no other, on the workloads that both completed, and names the rest', async () => {
    const svg = await svgOf('v386-uml', summary);
    for (const absent of ['emulation', 'dynamic-sbe', 'port-io', 'coremark']) expect(svg).not.toContain(`>${absent}<`);
    for (const present of ['v386', 'uml', 'uml:arrangement=tt']) expect(svg).toContain(`>${present}<`);
    expect(FIGURES['v386-uml'].caption(summary)).toMatch(/no result: noop, coremark, .*port-io/);
  });

  it('is not drawn without one of them', () => {
    expect(FIGURES['v386-uml'].spec(summarize(syntheticRun({ processes: 1 }), pentium4, quick))).toBeUndefined();
  });
});

it('the figure of cycles gives every group of costs a tone of its own', async () => {
  const svg = await svgOf('cycles', summary);
  expect(svg).toContain('host: ptrace and signals');
  expect(svg).not.toContain('everything else');
  expect(new Set(PART_TONES).size).toBe(PART_TONES.length);
});

it('the figure of efficiency shows the share beside each point, and none of the baseline', async () => {
  const svg = await svgOf('efficiency', summary);
  for (const share of ['98.7\u00a0%', '0\u00a0%', '100\u00a0%']) expect(svg).toContain(share);
  expect(svg).not.toMatch(/>native</);
});

it('the figure of events has a panel for breakpoints, and one for a host, only where there are any', async () => {
  expect(await svgOf('events', summary)).toContain('stops and switches of a host');
  expect(await svgOf('events', summarize(syntheticRun({ processes: 1 }), pentium4, quick))).not.toContain('stops and switches of a host');
  expect(await svgOf('events', summary)).toContain('breakpoints of a scanner');
  expect(await svgOf('events', summarize(syntheticRun({ processes: 1 }), pentium4, quick))).not.toContain('breakpoints of a scanner');
});

it('shows a cell without a result as such', async () => {
  const observations = run.observations.map((one) =>
    one.core === 'v386' && one.workload === 'port-io' ? { ...one, outcome: 'budget' as const } : one,
  );
  expect(await svgOf('overhead', summarize({ ...run, observations }, pentium4, quick))).toContain('no result: budget');
});

it('renders PNG and a PDF that embeds its font', async () => {
  const spec = FIGURES.overhead.spec(summary);
  if (spec === undefined) throw new Error('nothing to draw');
  const png = await renderPng(spec);
  expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
  expect(png.readUInt32BE(16)).toBeGreaterThan(1500);
  const pdf = (await renderPdf(spec, 'Overhead')).toString('latin1');
  expect(pdf.startsWith('%PDF-')).toBe(true);
  expect(pdf).toMatch(/FontFile2/);
  expect(pdf).toMatch(/DejaVuSans/);
});

describe('logTicks', () => {
  it('chooses steps that fit the range', () => {
    expect(logTicks([1, 1.55])).toEqual([1, 1.1, 1.2, 1.3, 1.4, 1.5]);
    expect(logTicks([0.9, 60])).toEqual([1, 2, 5, 10, 20, 50]);
    expect(logTicks([0.2, 4000])).toEqual([1, 10, 100, 1000]);
    expect(logTicks([1e-4, 1e5], 4)).toEqual([1e-3, 1, 1e3]);
  });
});
