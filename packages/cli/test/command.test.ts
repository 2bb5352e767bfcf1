import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { REAL_COMMAND, QUICK, laboratory, startNode } from './fixtures/command.js';
import type { Laboratory } from './fixtures/command.js';

const SECONDS = 1000;
let lab: Laboratory;

beforeEach(() => {
  lab = laboratory();
});

describe('run', () => {
  it('measures, writes the files, and shows a table on stdout and the rest on stderr', async () => {
    const { code, stdout, stderr } = await lab.ringbench('run', '--out', lab.out);
    expect(code).toBe(0);
    expect(readdirSync(lab.out).toSorted()).toEqual(['journal.jsonl', 'results.csv', 'results.json']);
    expect(stdout).toContain('8,000 retired');
    expect(stdout).toContain('100% direct');
    expect(stdout).toContain('modelled');
    expect(stdout).toContain('wall clock');
    expect(stderr).toContain('[8/8] ');
    expect(stderr).toContain('the same executor (translator). Wall-clock over the baseline');
    expect(lab.journal()).toHaveLength(9);
  });

  it('gives data as JSON and keeps quiet', async () => {
    const { code, stdout, stderr } = await lab.ringbench('run', '--out', lab.out, '--json', '--quiet', '--core', 'steady', '--repeat', '1');
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ out: lab.out, violations: [], cells: [{ core: 'steady', workload: 'noop', outcome: 'ok', retired: 8000 }, { workload: 'sieve' }] });
  });

  it('ends with 1 when the data has errors, and names them', async () => {
    const { code, stdout, stderr } = await lab.ringbench('run', '--out', lab.out, '--core', 'steady,wrong-answer,wrong-count,throw', '--workload', 'sieve', '--repeat', '1');
    expect(code).toBe(1);
    expect(stdout).toContain('WRONG-CHECKSUM');
    expect(stdout).toContain('CRASHED');
    expect(stderr).toContain('ERROR sieve on wrong-answer, outcome: process 0: wrong-checksum (the guest computed deadbeef');
    expect(stderr).toContain('ERROR sieve on throw, outcome: process 0: crashed (Error: a bug in the core ');
    expect(JSON.parse(readFileSync(join(lab.out, 'results.json'), 'utf8'))).toMatchObject({ violations: [{ core: 'wrong-answer' }, { core: 'throw' }] });
  });

  it('does not wait for a core that hangs', async () => {
    const { code, stderr } = await lab.ringbench('run', '--out', lab.out, '--core', 'hang', '--workload', 'sieve', '--repeat', '1', '--deadline', '1');
    expect(code).toBe(1);
    expect(stderr).toContain('no answer within 1 s of wall clock');
  }, 20 * SECONDS);

  it('refuses a folder with a journal, and says what to do', async () => {
    await lab.ringbench('run', '--out', lab.out, '--core', 'steady', '--repeat', '1');
    const again = await lab.ringbench('run', '--out', lab.out, '--core', 'steady', '--repeat', '1');
    expect(again).toMatchObject({ code: 2, stdout: '', stderr: `ringbench: ${lab.out} already has a journal; give --resume to go on with it, --force to put it aside, or another --out\n` });
    expect((await lab.ringbench('run', '--out', lab.out, '--core', 'steady', '--repeat', '1', '--resume')).code).toBe(0);
    expect((await lab.ringbench('run', '--out', lab.out, '--core', 'twin', '--repeat', '1', '--resume')).stderr).toContain('cannot resume');
    expect((await lab.ringbench('run', '--out', lab.out, '--core', 'twin', '--repeat', '1', '--force')).code).toBe(0);
    expect(readdirSync(lab.out).filter((name) => name.startsWith('journal'))).toHaveLength(2);
  }, 20 * SECONDS);

  it('measures the shards of a plan one by one', async () => {
    const shards = await Promise.all([1, 2].map((index) => lab.ringbench('run', '--out', `${lab.out}${index}`, '--core', 'steady', '--shard', `${index}/2`)));
    expect(shards.map((shard) => shard.code)).toEqual([0, 0]);
    const lines = [1, 2].map((index) => readFileSync(join(`${lab.out}${index}`, 'journal.jsonl'), 'utf8').trimEnd().split('\n'));
    expect(lines.map((shard) => shard.length)).toEqual([3, 3]);
  });
});

describe('a core under settings', () => {
  const words = ['run', '--core', 'tunable,tunable:writes=7', '--workload', 'sieve', '--repeat', '2'];
  const countOf = (core: string): unknown => lab.journal().filter((line) => line['core'] === core).map((line) => (line['counts'] as Record<string, number>)['port.write']);

  it('is measured beside the core itself, says so in each row, and is resumed and dealt out to shards like a core', async () => {
    expect((await lab.ringbench(...words, '--out', lab.out)).code).toBe(0);
    expect([countOf('tunable'), countOf('tunable:writes=7')]).toEqual([[3, 3], [7, 7]]);
    expect(lab.journal()[0]).toMatchObject({ cores: [{ id: 'tunable' }, { id: 'tunable:writes=7', core: 'tunable', settings: { writes: '7' } }] });
    expect(readFileSync(join(lab.out, 'results.csv'), 'utf8')).toContain('\nquick,sieve,tunable:writes=7,1,0,run,port.write,7\n');
    const path = join(lab.out, 'journal.jsonl');
    const kept = readFileSync(path, 'utf8').trimEnd().split('\n').filter((line) => !line.includes('"core":"tunable:writes=7","workload"'));
    writeFileSync(path, `${kept.join('\n')}\n`);
    const { stderr } = await lab.ringbench(...words, '--out', lab.out, '--resume');
    expect(stderr).toContain('2 of 4 cells are in the journal, 2 are missing');
    expect(countOf('tunable:writes=7')).toEqual([7, 7]);
    expect((await lab.ringbench('run', '--core', 'tunable,tunable:writes=8', '--workload', 'sieve', '--repeat', '2', '--out', lab.out, '--resume')).stderr).toContain('cannot resume');
    await lab.ringbench(...words, '--out', `${lab.out}2`, '--shard', '2/2');
    const cells = readFileSync(join(`${lab.out}2`, 'journal.jsonl'), 'utf8').split('\n').slice(1, -1).map((line) => (JSON.parse(line) as { core: string }).core);
    expect(cells.toSorted()).toEqual(['tunable', 'tunable:writes=7']);
  }, 60 * SECONDS);

  it.each([
    ['tunable:writs=7', 'unknown setting of tunable "writs" in the plan; did you mean "writes"?'],
    ['tunable:writes=10', 'writes is 10 in the plan (tunable:writes=10); give a whole number from 1 to 9'],
  ])('is refused before anything is measured if it is %s', async (core, message) => {
    expect(await lab.ringbench('run', '--core', core, '--out', lab.out)).toMatchObject({ code: 2, stdout: '', stderr: `ringbench: ${message}\n` });
    expect(existsSync(lab.out)).toBe(false);
  });
});

describe('report, figures and price', () => {
  beforeEach(async () => {
    await lab.ringbench('run', '--out', lab.out, '--repeat', '1');
  });

  it('work from the journal alone', async () => {
    const files = ['results.csv', 'results.json'].map((name) => join(lab.out, name));
    const before = files.map((path) => readFileSync(path, 'utf8'));
    for (const path of files) writeFileSync(path, '');
    const { code, stdout } = await lab.ringbench('report', lab.out);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${[...files, join(lab.out, 'efficiency.csv'), join(lab.out, 'report.html')].join('\n')}\n` });
    expect(readFileSync(join(lab.out, 'efficiency.csv'), 'utf8')).toContain('\nquick,sieve,steady,8000,8000,port.write,3,0.375\n');
    expect(files.map((path) => readFileSync(path, 'utf8'))).toEqual(before);
    expect(JSON.parse((await lab.ringbench('figures', lab.out, '--json')).stdout)).toEqual({ files: [join(lab.out, 'figure.svg')], violations: [] });
  });

  it('price under another profile', async () => {
    expect((await lab.ringbench('price', lab.out, '--profile', 'i386')).stdout).toContain('over native');
    expect(JSON.parse((await lab.ringbench('price', lab.out, '--json')).stdout)).toMatchObject({ profile: 'pentium4', cells: [{}, {}, {}, {}] });
  });

  it('warn of a damaged journal and use the rest', async () => {
    const path = join(lab.out, 'journal.jsonl');
    writeFileSync(path, `${readFileSync(path, 'utf8')}\u001b[31mdamage\n{"type":"obs`);
    const { code, stderr } = await lab.ringbench('report', lab.out);
    expect(code).toBe(0);
    expect(stderr.split('\n')).toEqual(['ringbench: line 6 of the journal is ignored: not JSON', expect.stringContaining('is torn and ignored'), '']);
  });

  it('say in one line what cannot be drawn', async () => {
    const empty = join(lab.root, 'empty');
    mkdirSync(empty);
    writeFileSync(join(empty, 'journal.jsonl'), readFileSync(join(lab.out, 'journal.jsonl'), 'utf8'));
    expect(await lab.ringbench('figures', empty)).toMatchObject({ code: 2, stdout: '', stderr: 'ringbench: nothing to draw; name a folder with a whole run\n' });
  });
});

describe('a mistake', () => {
  it.each([
    [[], 'no command is given; see `ringbench --help`'],
    [['rnu'], 'unknown argument: rnu; did you mean "run"?'],
    [['list'], 'an argument is missing; see `ringbench --help`'],
    [['list', 'corse'], 'unknown listing "corse" in `ringbench list`; did you mean "cores"?'],
    [['run', '--sed', '3'], 'unknown argument: sed; did you mean "--seed"?'],
    [['run', '--suite', 'qick'], 'unknown suite "qick" in --suite; did you mean "quick"?'],
    [['run', '--suite', './no.json'], 'cannot read suite ./no.json (ENOENT); check the path'],
    [['run', '--core', 'stedy'], 'unknown core "stedy" in --core; did you mean "steady"?'],
    [['run', '--core', 'steady,'], '--core has an empty name; write --core a,b'],
    [['run', '--workload', 'seive'], 'unknown workload "seive" in --workload; did you mean "sieve"?'],
    [['run', '--repeat', '0'], '--repeat 0 is not usable; give a whole number from 1 to 1000'],
    [['run', '--repeat', '1.5'], '--repeat 1.5 is not usable; give a whole number from 1 to 1000'],
    [['run', '--repeat', '-1'], '--repeat -1 is not usable; give a whole number from 1 to 1000'],
    [['run', '--seed', '1', '--seed', '2'], '--seed is given twice; give it once'],
    [['run', '--shard', '3/2'], '--shard 3/2 is not usable; write --shard i/n with i from 1 to n, n at most 1000'],
    [['run', '--resume', '--force'], '--resume and --force contradict each other; give one of them'],
    [['run', '--profile', 'pentium5'], 'unknown profile "pentium5" in --profile; did you mean "pentium4"?'],
    [['run', '--out', '/dev/null/x'], 'cannot make the output folder /dev/null/x (ENOTDIR); a part of the path is a file; choose another path'],
    [['report', '/nowhere'], expect.stringContaining('cannot use /nowhere/journal.jsonl: it cannot be read (ENOENT')],
    [['report', '/dev/null'], expect.stringContaining('cannot use /dev/null/journal.jsonl')],
    [['price', '.', '--profile'], 'not enough arguments following: profile; see `ringbench --help`'],
  ])('in %j is one line and exit code 2', async (words, message) => {
    const { code, stdout, stderr } = await lab.ringbench(...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.endsWith('\n')).toBe(true);
    expect(stderr.slice(0, -1)).not.toContain('\n');
    expect(stderr.slice('ringbench: '.length, -1)).toEqual(message);
  });

  it('in an image is found before anything is written', async () => {
    writeFileSync(join(lab.root, 'workloads/sieve/image.elf'), 'tampered');
    const { code, stderr } = await lab.ringbench('run', '--out', lab.out);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^ringbench: image .* has SHA-256 .*; rebuild the workload or restore the committed image\n$/);
    expect(existsSync(lab.out)).toBe(false);
  });

  it('in a suite names the field', async () => {
    writeFileSync(join(lab.root, 'suites/bad.json'), JSON.stringify({ ...QUICK, repeet: 2 }));
    const { code, stderr } = await lab.ringbench('run', '--suite', 'bad');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('did you mean "repeat"?\n') });
  });

  it('of ours shows a stack and ends with 70', async () => {
    const folder = join(lab.root, 'bug');
    await lab.ringbench('run', '--out', folder, '--core', 'steady', '--repeat', '1');
    const { code, stdout, stderr } = await lab.ringbench('figures', folder);
    expect({ code, stdout }).toEqual({ code: 70, stdout: '' });
    expect(stderr).toMatch(/^ringbench: this is a bug of ringbench, please report it\nTypeError: a bug of ours\n {4}at /);
  });
});

describe('the real command', () => {
  it('refuses to measure under a code-rewriting loader', async () => {
    const { code, stderr } = await startNode(REAL_COMMAND, ['run', '--out', lab.out], { env: { ...process.env, NODE_OPTIONS: '--experimental-transform-types --no-warnings' } }).ended;
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^ringbench: refusing to measure: .*; build with `tsc -b` and run plain node\n$/) });
  });

  it('ends quietly when its reader goes away', () => {
    const shell = `"${process.execPath}" "${REAL_COMMAND}" list workloads --json | head -c 1; echo "\${PIPESTATUS[0]}"`;
    expect(execFileSync('bash', ['-c', shell], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })).toBe('[0\n');
  });

  it.each([['--help'], ['run', '--help'], ['--version'], ['list', 'suites', '--json'], ['list', 'workloads'], ['list', 'profiles', '--json']])('answers %s %s %s', async (...words) => {
    const { code, stdout, stderr } = await startNode(REAL_COMMAND, words).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.length).toBeGreaterThan(4);
  });
});
