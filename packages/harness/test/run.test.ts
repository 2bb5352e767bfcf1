import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JOURNAL_NAME, readJournalFile } from '@ringbench/journal';
import type { Observation } from '@ringbench/journal';
import { beforeEach, describe, expect, it } from 'vitest';
import { describeCore, discoverWorkloads, makeHeader, makePlan, runPlan, suiteSchema, summarise } from '../src/index.js';
import type { PlanOverrides, RunOptions, Suite } from '../src/index.js';
import { FAKE_CORE_IDS, fakeCore } from './fixtures/fake-cores.js';
import { FAKE_CHILD, addWorkload, scratchFolder } from './fixtures/scratch.js';

const SECONDS = 1000;
let folder = '';
let out = '';

beforeEach(() => {
  folder = scratchFolder();
  out = join(folder, 'out');
  addWorkload(join(folder, 'workloads'), 'sieve');
});

const quiet: RunOptions['progress'] = { begin: () => {}, cell: () => {}, measured: () => {}, end: () => {} };

function options(cores: readonly string[], fields: Partial<RunOptions> = {}, overrides: Partial<PlanOverrides> = {}, suiteFields: Partial<Suite> = {}): RunOptions {
  const suite = suiteSchema.parse({ id: 's', title: 'S', cores, workloads: [{ id: 'sieve' }], repeat: 1, budget: 1e6, samples: 0, ...suiteFields });
  const plan = makePlan(suite, { seed: 1, ...overrides }, FAKE_CORE_IDS, discoverWorkloads(join(folder, 'workloads')));
  const header = makeHeader(plan, cores.map((id) => describeCore(fakeCore(id))), 'commit', new Date(0));
  return { plan, header, out, existing: 'refuse', childEntry: FAKE_CHILD, signal: new AbortController().signal, progress: quiet, ...fields };
}

function readOut(): Extract<ReturnType<typeof readJournalFile>, { ok: true }> {
  const journal = readJournalFile(join(out, JOURNAL_NAME));
  if (!journal.ok) throw new Error(journal.problem);
  return journal;
}

const withoutTimes = (observations: readonly Observation[]): readonly Observation[] =>
  observations.map((observation) => ({ ...observation, milliseconds: { load: 0, run: 0, region: 0 } }));

describe('runPlan', () => {
  it('measures every cell in a process of its own', async () => {
    const seen: string[] = [];
    const progress = { ...quiet, measured: (observation: Observation, done: number, total: number) => void seen.push(`${observation.core} ${done}/${total}`) };
    const run = options(['steady', 'twin', 'drift'], { progress }, { repeat: 2 });
    expect(await runPlan(run)).toEqual({ interrupted: false });
    const { observations, header } = readOut();
    expect(header).toEqual(run.header);
    expect(observations.map(({ core, workload, process }) => ({ core, workload, process }))).toEqual(run.plan.cells);
    expect(seen).toEqual(run.plan.cells.map((cell, index) => `${cell.core} ${index + 1}/6`));
    // The core `drift` counts its process id.
    const processes = observations.filter((observation) => observation.core === 'drift').map((observation) => observation.counts['tlb.flush']);
    expect(new Set([...processes, process.pid]).size).toBe(3);
    expect(readdirSync(out)).toEqual([JOURNAL_NAME]);
  });

  it('turns whatever a core does into an observation', async () => {
    const run = options(['hang', 'throw', 'quit', 'abort', 'no-number', 'long-story', 'wrong-answer', 'restless', 'steady'], { deadline: 4 * SECONDS }, {}, { samples: 2 });
    await runPlan(run);
    const { observations, problems } = readOut();
    expect(problems).toEqual([]);
    const details = Object.fromEntries(observations.map(({ core, outcome, detail }) => [core, `${outcome}: ${detail}`]));
    expect(details).toEqual({
      hang: 'crashed: no answer within 4 s of wall clock: the process was ended',
      throw: expect.stringMatching(/^crashed: Error: a bug\nin the core\n/),
      quit: 'crashed: the process ended without an answer (exit code 3)',
      abort: expect.stringContaining('crashed: the process ended without an answer (signal SIGABRT)'),
      'no-number': expect.stringContaining('crashed: the process sent a malformed observation (counts.retired'),
      'long-story': expect.stringMatching(/^refused: because /),
      'wrong-answer': expect.stringMatching(/^wrong-checksum: /),
      restless: expect.stringContaining('counted other events'),
      steady: 'ok: ',
    });
    expect(summarise(readOut()).violations.map((violation) => violation.core).toSorted()).toEqual(run.plan.cores.filter((core) => core !== 'steady').toSorted());
  }, 30 * SECONDS);

  it('checks the answer at the default scale only, and then that cores agree', async () => {
    await runPlan(options(['steady', 'wrong-answer'], {}, {}, { workloads: [{ id: 'sieve', scale: 8 }] }));
    expect(readOut().observations.map((observation) => observation.outcome)).toEqual(['ok', 'ok']);
    expect(summarise(readOut()).violations).toMatchObject([{ kind: 'checksum', core: 'wrong-answer' }]);
  });

  it('records what differs between cores that should agree', async () => {
    await runPlan(options(['steady', 'other-memory', 'drift'], {}, { repeat: 2 }));
    expect(summarise(readOut()).violations.map(({ kind, core }) => `${kind} ${core}`)).toEqual(['repeat drift', 'fingerprint other-memory']);
  });

  it('leaves a journal alone unless told otherwise', async () => {
    await runPlan(options(['steady']));
    const before = readFileSync(join(out, JOURNAL_NAME), 'utf8');
    await expect(runPlan(options(['steady']))).rejects.toThrow('already has a journal; give --resume');
    expect(readFileSync(join(out, JOURNAL_NAME), 'utf8')).toBe(before);
    await runPlan(options(['twin'], { existing: 'set-aside' }));
    const aside = readdirSync(out).find((name) => name.startsWith('journal-before-')) ?? '';
    expect(readFileSync(join(out, aside), 'utf8')).toBe(before);
    expect(readOut().observations.map((observation) => observation.core)).toEqual(['twin']);
  });

  it('resumes a torn journal without measuring anything twice', async () => {
    const run = options(['steady', 'twin'], {}, { repeat: 3 });
    await runPlan(run);
    const path = join(out, JOURNAL_NAME);
    const whole = readFileSync(path, 'utf8');
    const undisturbed = withoutTimes(readOut().observations);
    truncateSync(path, whole.length - 200);
    const kept = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    const warnings: string[] = [];
    await runPlan({ ...run, existing: 'resume', progress: { ...quiet, begin: (_done, _total, said) => void warnings.push(...said) } });
    expect(warnings).toEqual([expect.stringContaining('torn')]);
    expect(withoutTimes(readOut().observations)).toEqual(undisturbed);
    expect(readFileSync(path, 'utf8').split('\n').slice(0, kept.length)).toEqual(kept);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(7);
  });

  it('begins anew with --resume where there is no journal, and does nothing where all is done', async () => {
    await runPlan(options(['steady'], { existing: 'resume' }));
    const before = readFileSync(join(out, JOURNAL_NAME), 'utf8');
    await runPlan(options(['steady'], { existing: 'resume' }));
    expect(readFileSync(join(out, JOURNAL_NAME), 'utf8')).toBe(before);
  });

  it('measures a cell again whose line was damaged', async () => {
    const run = options(['steady', 'twin']);
    await runPlan(run);
    const path = join(out, JOURNAL_NAME);
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, [lines[0], 'damage', lines[2], ''].join('\n'));
    await runPlan({ ...run, existing: 'resume' });
    expect(readOut().problems).toEqual([{ line: 2, reason: 'not JSON' }]);
    expect(readOut().observations.map((observation) => observation.core).toSorted()).toEqual(['steady', 'twin']);
  });

  it('does not go on with the journal of another run', async () => {
    const run = options(['steady', 'twin']);
    await runPlan(run);
    const resumed = (fields: Partial<RunOptions['header']>): Promise<unknown> => runPlan({ ...run, existing: 'resume', header: { ...run.header, ...fields } });
    await expect(resumed({ cores: run.header.cores.map((core) => ({ ...core, executor: 'interpreter' })) })).rejects.toThrow('its steady was measured on the translator');
    await expect(resumed({ plan: 'x' })).rejects.toThrow('its plan');
    await expect(resumed({ commit: 'x' })).rejects.toThrow('measured at commit commit, this is x');
    await expect(resumed({ runtime: { ...run.header.runtime, node: '25.0.0' } })).rejects.toThrow('with Node');
    await expect(resumed({ host: { ...run.header.host, cpu: 'another' } })).rejects.toThrow('this is another');
    writeFileSync(join(out, JOURNAL_NAME), '{"type":"run"');
    await expect(resumed({})).rejects.toThrow('cannot resume');
  });

  it('verifies images before it writes anything', async () => {
    const run = options(['steady']);
    appendFileSync(join(folder, 'workloads/sieve/image.elf'), '!');
    await expect(runPlan(run)).rejects.toThrow('restore the committed image');
    expect(existsSync(out)).toBe(false);
  });

  it('notices an image that changes during the run', async () => {
    const run = options(['steady', 'twin']);
    const change = (): void => appendFileSync(join(folder, 'workloads/sieve/image.elf'), '!');
    await runPlan({ ...run, progress: { ...quiet, measured: change } });
    expect(readOut().observations.map((observation) => observation.detail)).toEqual(['', expect.stringMatching(/^the workload changed after the run began: image .* has SHA-256/)]);
  });

  it('stops at once when aborted, with a whole journal', async () => {
    const controller = new AbortController();
    const cells: string[] = [];
    const abortAtHang = ({ core }: { readonly core: string }): void => {
      cells.push(core);
      if (core === 'hang') setTimeout(() => controller.abort(), 300);
    };
    const run = options(['steady', 'hang', 'twin'], { signal: controller.signal, progress: { ...quiet, cell: abortAtHang } });
    expect(await runPlan(run)).toEqual({ interrupted: true });
    expect(cells.at(-1)).toBe('hang');
    expect(readOut()).toMatchObject({ torn: false, problems: [] });
    expect(readOut().observations.map((observation) => observation.core)).toEqual(cells.slice(0, -1));
    expect(readdirSync(out)).toEqual([JOURNAL_NAME]);
  });

  it('keeps a second run out, and takes over from a dead one', async () => {
    await runPlan(options(['steady']));
    writeFileSync(join(out, 'run.lock'), `${process.ppid}\n`);
    await expect(runPlan(options(['steady'], { existing: 'resume' }))).rejects.toThrow(`process ${process.ppid} is measuring into`);
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(join(out, 'run.lock'), `${pid}\n`);
    await runPlan(options(['steady'], { existing: 'resume' }));
    expect(existsSync(join(out, 'run.lock'))).toBe(false);
  });

  it.skipIf(process.platform !== 'linux')('takes over from a killed process whose parent has not asked for its status', async () => {
    await runPlan(options(['steady']));
    // The shell becomes a sleep, which never waits for the child: that ends later and stays a zombie.
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const zombie = Number(line.toString());
      await expect.poll(() => readFileSync(`/proc/${zombie}/stat`, 'utf8')).toContain(') Z');
      writeFileSync(join(out, 'run.lock'), `${zombie}\n`);
      await runPlan(options(['steady'], { existing: 'resume' }));
      expect(existsSync(join(out, 'run.lock'))).toBe(false);
    } finally {
      parent.kill();
    }
  });

  it('says which output folder it cannot use', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(runPlan(options(['steady'], { out: join(folder, 'file') }))).rejects.toThrow('ENOTDIR');
    await expect(runPlan(options(['steady'], { out: join(folder, 'file/below') }))).rejects.toThrow('ENOTDIR');
    await expect(runPlan(options(['steady'], { out: '/proc/ringbench' }))).rejects.toThrow('cannot make the output folder /proc/ringbench');
  });

  it('gives the measuring process a fixed environment', async () => {
    process.env['RINGBENCH_TEST_NOISE'] = 'x'.repeat(1000);
    try {
      await runPlan(options(['environment']));
    } finally {
      delete process.env['RINGBENCH_TEST_NOISE'];
    }
    expect(readOut().observations).toMatchObject([{ outcome: 'ok', counts: { 'port.read': 1 } }]);
  });
});
