import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { beforeEach, describe, expect, test } from 'vitest';
import { scratchFolder } from '../../harness/test/fixtures/scratch.js';
import { copyProgram, crashingProgram, endlessProgram, wordsProgram } from '../../lab-kernel/test/support/tiny-programs.js';
import type { Exit } from '@ringbench/engine';
import { hostFiles } from '../src/exec/host-files.js';
import { HostInput } from '../src/exec/host-input.js';
import { HostOutput } from '../src/exec/host-output.js';
import { codeOfOutcome, runProgram } from '../src/exec/program-run.js';
import type { ProgramOutcome, ProgramRun } from '../src/exec/program-run.js';
import { separateProgram } from '../src/exec/program-words.js';
import { registry } from '../src/registry.js';
import { REAL_COMMAND } from './fixtures/command.js';

let folder = '';
beforeEach(() => {
  folder = scratchFolder();
});

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

interface Start {
  /** A path, or bytes for a pipe; nothing for /dev/null. */
  readonly input?: string | Uint8Array;
  readonly onOutput?: (signal: (name: NodeJS.Signals) => void) => void;
}

/** Runs `ringbench exec`. */
function exec(words: readonly string[], { input, onOutput }: Start = {}): Promise<Ended> {
  const source = typeof input === 'string' ? openSync(input, 'r') : input === undefined ? 'ignore' : 'pipe';
  const child = spawn(process.execPath, [REAL_COMMAND, 'exec', ...words], { stdio: [source, 'pipe', 'pipe'] });
  if (typeof source === 'number') closeSync(source);
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout.push(chunk);
    onOutput?.((name) => child.kill(name));
  });
  child.stderr?.on('data', (chunk: Buffer) => void (stderr += chunk.toString()));
  if (input instanceof Uint8Array) child.stdin?.end(input);
  return new Promise((resolve) => void child.on('close', (code) => resolve({ code, stdout: Buffer.concat(stdout), stderr })));
}

const TERMINAL = spawnSync('script', ['--version']).status === 0;

/** Runs a shell's command on a terminal of its own, which `script` of util-linux makes; types `keys` once `awaited` is shown. What the terminal showed. */
function onTerminal(command: string, awaited: string, keys: string): Promise<string> {
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let shown = '';
  let isTyped = false;
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    shown += text;
    if (isTyped || !shown.includes(awaited)) return;
    isTyped = true;
    child.stdin.write(keys);
  });
  return new Promise((resolve) => void child.on('close', () => resolve(shown)));
}

/** Every byte, and the escape of the framed line often. */
const BINARY = Uint8Array.from({ length: 40_000 }, (_, index) => (index % 7 === 0 ? 0x10 : (index * 31) & 0xff));

describe('ringbench exec', () => {
  test('streams pass unchanged and apart, and the exit code is the program\'s', async () => {
    const program = file('copy', copyProgram('complaint\n', 7));
    for (const input of [BINARY, file('input', BINARY)]) {
      const { code, stdout, stderr } = await exec([program], { input });
      expect(code).toBe(7);
      expect(stdout.equals(BINARY)).toBe(true);
      expect(stderr).toBe('complaint\n');
    }
  });

  test('arguments and environment arrive as they are; what looks like an option behind the program is the program\'s', async () => {
    const words = ['--count', '', `it's`, 'two words', '-x', '--', 'é'];
    const expected = ['/bin/words', ...words, 'PATH=/bin:/sbin:/usr/bin:/usr/sbin', 'HOME=/tmp', 'A=b=c d', ''].join('\0');
    const program = file('words', wordsProgram(Buffer.byteLength(expected)));
    const { code, stdout, stderr } = await exec(['--env', 'HOME=/tmp', '--env', 'A=b=c d', program, ...words]);
    expect([stdout.toString(), stderr, code]).toEqual([expected, '', words.length + 1]);
  });

  test('cores agree on output and instructions, and --json has the counts on stderr', async () => {
    const program = file('copy', copyProgram('', 0));
    const input = file('small', 'hello');
    const records = [];
    for (const core of registry.pcIds) {
      const { stdout, stderr } = await exec(['--core', core, '--json', program], { input });
      expect(stdout.toString()).toBe('hello');
      records.push(JSON.parse(stderr) as { core: string; outcome: unknown; retired: number; counts: Record<string, number> });
    }
    expect(records.map(({ core }) => core)).toEqual(registry.pcIds);
    expect(new Set(records.map(({ retired }) => retired)).size).toBe(1);
    expect(records[0]).toMatchObject({ outcome: { kind: 'exited', code: 0 } });
    expect(records[0].counts['direct']).toBe(records[0].retired);
  });

  test('--count prints a table, --verbose says how long the start took', async () => {
    const { stderr } = await exec(['--count', '--verbose', file('copy', copyProgram('', 0))]);
    expect(stderr).toMatch(/first instruction after \d+\.\d\d s/);
    expect(stderr).toMatch(/│ retired\s+│ [\d,]+/);
  });

  test('a program that a signal kills gives 128 and its number; SIGINT and SIGTERM of the command', async () => {
    const endless = file('endless', endlessProgram());
    const interrupted = await exec([endless], { input: new Uint8Array(), onOutput: (signal) => signal('SIGINT') });
    expect([interrupted.code, interrupted.stdout.toString()]).toEqual([130, 'ready\n']);
    expect((await exec([endless], { onOutput: (signal) => signal('SIGTERM') })).code).toBe(143);
    // SIGILL is 4.
    expect((await exec([file('crash', crashingProgram())])).code).toBe(132);
  });

  test.skipIf(!TERMINAL)('a terminal shows what the guest\'s line discipline makes of output and keys, byte for byte, and is given back as it was', async () => {
    const program = file('copy', copyProgram('ready\n', 7));
    const command = `stty -a > ${folder}/before; "${process.execPath}" "${REAL_COMMAND}" exec "${program}"; echo "code $?"; stty -a > ${folder}/after`;
    expect(await onTerminal(command, 'ready', 'a linf\u007fe\r\u0004')).toBe('ready\r\na linf\b \be\r\na line\r\ncode 7\r\n');
    expect(readFileSync(join(folder, 'after'))).toEqual(readFileSync(join(folder, 'before')));
  });

  test('--file brings files, and memory must hold them', async () => {
    const program = file('copy', copyProgram('', 0));
    const large = file('large', new Uint8Array(3 << 20));
    expect(await exec(['--file', `${large}:/large`, program])).toMatchObject({ code: 0, stderr: '' });
    const { code, stderr } = await exec(['--memory', '8M', '--file', `${large}:/large`, program]);
    expect([code, stderr]).toEqual([2, 'ringbench: program and files do not fit into 8 MiB of memory; give --memory 11M or more\n']);
  });

  test('--max-instructions ends it with code 3 and a line', async () => {
    const { code, stderr } = await exec(['--max-instructions', '3e6', file('endless', endlessProgram())]);
    expect([code, stderr]).toEqual([3, 'ringbench: the program did not end within 3,000,000 instructions\n']);
  });

  test.each([
    ['no program', [], /no program is given/],
    ['a missing one', ['/nowhere/tool'], /cannot read the program \/nowhere\/tool \(ENOENT\)/],
    ['a folder', ['/tmp'], /\(EISDIR\)/],
    ['something else', [REAL_COMMAND], /is a script for \/usr\/bin\/env node.*run its interpreter/],
    ['a program of the host', [process.execPath], /is a 64-bit program.*gcc -m32 -static/],
    ['an unknown core', ['--core', 'natve', 'x'], /did you mean "native"/],
    ['an unknown option', ['--cuont', 'x'], /did you mean "--count"/],
    ['a setting without a value', ['--env', 'X', process.execPath], /--env X is no setting/],
    ['a file that is missing', ['--file', '/nowhere/data', process.execPath], /is a 64-bit|ENOENT/],
  ])('%s is one line and code 2', async (_what, words, line) => {
    const { code, stdout, stderr } = await exec(words);
    expect(stderr).toMatch(line);
    expect([code, stdout.length, stderr.trimEnd().split('\n').length]).toEqual([2, 0, 1]);
  });
});

describe('the end of a run', () => {
  /** An engine that ends at once. */
  const endsWith = (exit: Exit, retired = 1): ProgramRun['engine'] => ({
    run: () => exit, receive: () => true, retired, pause: () => undefined, load: () => ({ ok: true }), type: () => false, screen: () => [], counts: () => ({}),
    region: () => undefined, inspect: () => { throw new Error('not looked at'); }, fingerprint: () => { throw new Error('not looked at'); },
  });
  async function endOf(exit: Exit, said: string, retired?: number): Promise<readonly [number, ProgramOutcome]> {
    const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
    const output = new HostOutput(sink, sink);
    for (const byte of Buffer.from(said)) output.onConsole(byte, 'uart');
    const input = new HostInput(false);
    input.finish();
    const outcome = await runProgram({ engine: endsWith(exit, retired), input, output, limit: 10, onFirstInstruction: undefined });
    return [codeOfOutcome(outcome), outcome];
  }
  test('a status is the program\'s; what is no status is the kernel\'s', async () => {
    expect(await endOf({ kind: 'power-off', status: 255 }, '')).toEqual([255, { kind: 'exited', code: 255 }]);
    expect(await endOf({ kind: 'power-off', status: 511 }, 'x\nPANIC: lost\n')).toEqual([1, { kind: 'failed', reason: 'the lab kernel gave up: PANIC: lost' }]);
  });
  test('a machine that fails is not the program', async () => {
    expect(await endOf({ kind: 'shutdown', eip: 0x1000, detail: 'no IDT' }, '')).toMatchObject([1, { kind: 'failed' }]);
    expect(await endOf({ kind: 'budget' }, '', 10)).toEqual([3, { kind: 'budget' }]);
  });
  test('three interrupts within a second leave, and two do not', async () => {
    let now = 0;
    const input = new HostInput(false, () => now);
    for (const at of [0, 400, 1500]) {
      now = at;
      input.interrupt();
    }
    expect(input.leaving).toBeUndefined();
    now = 1600;
    input.interrupt();
    expect(input.leaving).toBeUndefined();
    now = 1700;
    input.interrupt();
    expect(input.leaving).toBe(130);
  });
});

describe('separateProgram', () => {
  const options = { exec: { core: { type: 'string' }, count: { type: 'boolean' } } } as const;
  test.each([
    ['exec prog -x --count', 'exec', 'prog -x --count'],
    ['exec --count prog --core', 'exec --count', 'prog --core'],
    ['--json exec --core v386 prog a', '--json exec --core v386', 'prog a'],
    ['exec --core=v386 prog', 'exec --core=v386', 'prog'],
    ['exec -- -prog -- a', 'exec', '-prog -- a'],
    ['exec --help', 'exec --help', ''],
    ['list exec prog', 'list exec prog', ''],
    ['', '', ''],
  ])('%s', (words, own, program) => {
    const split = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '');
    expect(separateProgram(split(words), options)).toEqual({ own: split(own), program: split(program) });
  });
});

describe('hostFiles', () => {
  test('a folder is taken with what is in it; links stay links, execute permission is kept', () => {
    const root = scratchFolder();
    mkdirSync(join(root, 'sub'));
    writeFileSync(join(root, 'sub/tool'), 'x');
    chmodSync(join(root, 'sub/tool'), 0o755);
    symlinkSync('sub/tool', join(root, 'link'));
    const bytes = expect.objectContaining({ length: 1 }) as Uint8Array;
    expect(hostFiles([`${root}:/data`])).toEqual([
      { kind: 'directory', path: 'data' }, { kind: 'link', path: 'data/link', target: 'sub/tool' },
      { kind: 'directory', path: 'data/sub' }, { kind: 'file', path: 'data/sub/tool', bytes, executable: true },
    ]);
  });
  test('a name stays the same unless another is given', () => {
    expect(hostFiles(['package.json', './package.json', `${process.cwd()}/package.json`, 'package.json:/etc/../x']).map(({ path }) => path)).toEqual(
      ['package.json', 'package.json', `${process.cwd()}/package.json`.slice(1), 'x']);
  });
  test.each([['../x', /has no name in the guest/], ['package.json:/', /would replace the guest's root/], ['/nowhere/x', /ENOENT/]])('refuses %s', (value, problem) => {
    expect(() => hostFiles([value])).toThrow(problem);
  });
});
