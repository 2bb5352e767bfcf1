import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '@ringbench/analysis';
import { readProfile, readProfiles, writeFigures, writeReport } from '../src/index.js';
import { SYNTHETIC_MATRIX, journalText, publishedProfile, syntheticRun } from '../../analysis/test/support/synthetic-run.js';

/** Few workloads, so that drawing at print resolution takes seconds; each figure still has something to show. */
const DRAWN: readonly string[] = ['port-io', 'page-branches', 'null-syscall'];
const quick = { draws: 50, resamples: 50 };
const run = { ...syntheticRun({ processes: 3, ablation: true, userMode: true }), matrix: SYNTHETIC_MATRIX };
/** Milliseconds for eight PNGs at print resolution on a busy machine. */
const PNG_PATIENCE = 90_000;
const HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">\u0000\u001b[2J\']]></svg>';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringbench-figures-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function reportOf(of: Run): Promise<string> {
  if (of.matrix !== undefined) writeFileSync(join(folder, 'instruction-matrix.json'), JSON.stringify(of.matrix));
  writeFileSync(join(folder, 'journal.jsonl'), journalText(of));
  const written = await writeReport(folder, quick);
  expect(written).toEqual({ ok: true, files: [join(folder, 'report.html')], warnings: [] });
  return readFileSync(join(folder, 'report.html'), 'utf8');
}

describe('writeFigures', () => {
  it(
    'writes each figure in each format',
    async () => {
      const few = {
        header: { ...run.header, workloads: run.header.workloads.filter(({ id }) => DRAWN.includes(id)) },
        observations: run.observations.filter(({ workload }) => DRAWN.includes(workload)),
      };
      writeFileSync(join(folder, 'journal.jsonl'), journalText(few));
      writeFileSync(join(folder, 'instruction-matrix.json'), JSON.stringify(run.matrix));
      const written = await writeFigures(folder, quick);
      if (!written.ok) throw new Error(written.problem);
      expect(written.files).toEqual(
        ['v386-uml', 'overhead', 'cycles', 'wall-clock', 'efficiency', 'events', 'branches', 'tornado', 'instructions'].flatMap((id) =>
          ['svg', 'png', 'pdf'].map((format) => join(folder, 'figures', `${id}.${format}`)),
        ),
      );
      for (const file of written.files) expect(statSync(file).size).toBeGreaterThan(1000);
    },
    PNG_PATIENCE,
  );

  it('has one line for a folder without a usable journal', async () => {
    expect(await writeFigures(join(folder, 'absent'))).toMatchObject({ ok: false, problem: expect.stringMatching(/journal\.jsonl: .+/) });
    writeFileSync(join(folder, 'journal.jsonl'), 'nonsense\n');
    const written = await writeReport(folder);
    expect(written.ok ? '' : written.problem).toMatch(/^[^\n]+$/);
  });

  it('refuses a matrix that no page could show, and a core named twice', async () => {
    const workload = run.header.workloads[0];
    const core = run.header.cores[0];
    if (workload === undefined || core === undefined) throw new Error('empty fixture');
    const workloads = Array.from({ length: 700 }, (_, index) => ({ ...workload, id: `w${index}` }));
    writeFileSync(join(folder, 'journal.jsonl'), journalText({ header: { ...run.header, workloads }, observations: [] }));
    expect(await writeFigures(folder)).toMatchObject({ ok: false, problem: expect.stringContaining('5600 cells') });
    writeFileSync(join(folder, 'journal.jsonl'), journalText({ header: { ...run.header, cores: [core, core] }, observations: [] }));
    expect(await writeFigures(folder)).toMatchObject({ ok: false, problem: expect.stringContaining('twice') });
  });
});

describe('writeReport', () => {
  it('is one self-contained page with every section', async () => {
    const page = await reportOf(run);
    expect(page).not.toMatch(/<(?:script|link|iframe|img)\b|@import|url\((?!#)|\bsrc=/i);
    expect(page.match(/<svg\b/g)).toHaveLength(9);
    for (const heading of [
      'V386 against User-Mode Linux',
      'Results',
      'Wall-clock',
      'Efficiency',
      'Settings side by side',
      'Sensitive instructions',
      'Where techniques lose',
      'Ranking and its stability',
      'Counts by event',
      'Prices and their sources',
      'Validation of the prices',
      'Threats to validity',
      'The run',
    ])
      expect(page).toContain(`<h2>${heading}</h2>`);
    expect(page.indexOf('id="figure-v386-uml"')).toBeLessThan(page.indexOf('id="figure-overhead"'));
    expect(page).toMatch(/<strong>uml<\/strong> costs <strong>[\d.]+×<\/strong> what v386 costs/);
    expect(page).toContain('Context, not calibration');
    expect(page).toMatch(/rank correlation of the two columns over 5 operations: -?\d\.\d\d/);
    expect(page).toContain('cells completed with the expected checksum. 10 were refused');
    expect(page).not.toContain('without a price');
    expect(page).toContain('next to nothing about the techniques');
    expect(page).toContain('No pipeline, cache');
    expect(page).toContain('unverified');
    expect(page).toContain(run.header.workloads[3]?.sha256);
    expect(page).toContain('v386.exit.io');
    expect(page).toContain('Intel 80386');
    expect(page).toMatch(/<th class="number">branches=trap-all<\/th>/);
    expect(page).toContain('scan.breakpoint.branch 113');
    expect(page).toContain('<span class="unverified">traps</span><br><span class="minor">logs 57h instead of 97h</span>');
    expect(page).not.toMatch(/undefined|NaN|\[object/);
  });

  it('reports a failed cell by name', async () => {
    const page = await reportOf({
      ...run,
      observations: run.observations.map((one) =>
        one.core === 'v386' && one.workload === 'sensitive' ? { ...one, outcome: 'wrong-checksum' as const, detail: 'got 7' } : one,
      ),
    });
    expect(page).toContain('1 of 104 cells have no result');
    expect(page).toMatch(/wrong-checksum<\/span> <span class="minor">got 7/);
  });

  it('lets nothing through that a guest, an image or a machine wrote', async () => {
    const hostileText = {
      ...run.header,
      commit: HOSTILE,
      startedAt: HOSTILE,
      plan: HOSTILE,
      host: { ...run.header.host, cpu: HOSTILE },
      runtime: { node: HOSTILE, v8: HOSTILE, flags: [HOSTILE] },
      cores: run.header.cores.map((core) => ({ ...core, title: HOSTILE, exemplar: HOSTILE, mechanism: HOSTILE, executor: HOSTILE })),
      workloads: run.header.workloads.map((workload) => ({
        ...workload,
        why: HOSTILE,
        image: HOSTILE,
        sha256: HOSTILE,
        checksum: HOSTILE,
      })),
    };
    const page = await reportOf({
      header: hostileText,
      observations: run.observations.map((one) =>
        one.core === 'v386' ? { ...one, outcome: 'crashed' as const, detail: HOSTILE, checksum: HOSTILE, fingerprint: HOSTILE } : one,
      ),
    });
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).not.toMatch(/<script|<img/i);
    // oxlint-disable-next-line no-control-regex -- that none is left is what is tested
    expect(page).not.toMatch(/[\u0000\u001b]/);
    expect(page.match(/<\/svg>/g)).toHaveLength(page.match(/<svg\b/g)?.length ?? 0);
  });

  it('says how to judge the instructions where nobody did, and names a damaged matrix', async () => {
    expect(await reportOf({ header: run.header, observations: run.observations })).toContain('<code>ringbench matrix DIR</code>');
    writeFileSync(join(folder, 'instruction-matrix.json'), JSON.stringify({ ...run.matrix, schema: 9 }));
    const written = await writeReport(folder, quick);
    expect(written).toMatchObject({ ok: true, warnings: [expect.stringMatching(/instruction-matrix\.json: schema: /)] });
  });

  it('names damage in the journal instead of hiding it', async () => {
    writeFileSync(join(folder, 'journal.jsonl'), `${journalText(run)}{"broken": "<script>"\n{"type":`);
    const written = await writeReport(folder, quick);
    if (!written.ok) throw new Error(written.problem);
    expect(written.warnings).toHaveLength(2);
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('Damage in the journal');
  });

  it('stands on its feet when only the baseline, or nothing, was measured', async () => {
    expect(await reportOf({ ...run, observations: [] })).toContain('104 of 104 cells have no result');
    const alone = {
      header: { ...run.header, cores: run.header.cores.slice(0, 1) },
      observations: run.observations.filter(({ core }) => core === 'native'),
    };
    expect(await reportOf(alone)).toContain('There is no technique to compare');
  });
});

describe('profiles', () => {
  it('are read with the default first', () => {
    const read = readProfiles();
    expect(read.ok && read.value.map(({ id }) => id).slice(0, 2)).toEqual(['pentium4', 'i386']);
    expect(read.ok && read.value[0]).toEqual(publishedProfile('pentium4'));
  });

  it('are a value with one line when unusable', () => {
    expect(readProfile(join(folder, 'none.json'))).toMatchObject({ ok: false, problem: expect.stringContaining('none.json') });
    writeFileSync(join(folder, 'bad.json'), '{"id": 3}');
    expect(readProfiles(folder)).toMatchObject({ ok: false, problem: expect.stringMatching(/bad\.json: id: /) });
  });
});
