import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { REAL_COMMAND, startNode } from './fixtures/command.js';
import { CORES, guestFolder, ringbench, ringbenchProcess, truncatedKernel } from './fixtures/guests.js';

/** `ringbench boot` as a process: consoles through, input in, exit codes. */

const NOOP = fileURLToPath(new URL('../../../workloads/noop/image.elf', import.meta.url));
const { path, add } = guestFolder();
const SMALL = ['--memory', '4M'];
const kernel = (name: string, ...more: readonly string[]): readonly string[] => ['boot', '--kernel', path(name), ...SMALL, ...more];
const json = (text: string): Readonly<Record<string, unknown>> => JSON.parse(text) as Record<string, unknown>;

describe('boot', () => {
  test.each(CORES)('runs a Multiboot image to its end on %s', async (core) => {
    const { status, stdout, stderr } = await ringbench(['boot', '--core', core, '--multiboot', NOOP, '--memory', '16M']);
    expect(stdout).toBe('START\nEND sum=52696e67\n');
    expect(stderr).toContain(`powered off with status 0; 1,163 instructions in`);
    expect(status).toBe(0);
  });
  test.each(CORES)('hands input to a bzImage on %s', async (core) => {
    const { status, stdout } = await ringbench(kernel('echo', '--core', core, '--max-instructions', '1e9'), 'hello q');
    expect([stdout, status]).toEqual(['hello q', 0]);
  });
  test('goes on when its input, a pipe, has ended', () => {
    const { status, stdout } = ringbenchProcess(kernel('echo', '--max-instructions', '3e6'), 'hello');
    expect([stdout, status]).toEqual(['hello', 3]);
  });
  test('ends behind the instruction that printed the last of a text, on every core the same', async () => {
    const retired: unknown[] = [];
    for (const core of CORES) retired.push(json((await ringbench(['boot', '--core', core, '--multiboot', NOOP, '--memory', '16M', '--until', 'END sum', '--json'])).stdout)['retired']);
    expect(retired[0]).toBeGreaterThan(500);
    expect(retired[0]).toBeLessThan(1163);
    expect(new Set(retired).size).toBe(1);
  });
  test('ends when a text was printed', async () => {
    const { status, stderr } = await ringbench(kernel('echo', '--until', 'llo'), 'hello');
    expect([status, stderr.includes('--until was seen')]).toEqual([0, true]);
  });
  test('ends with 3 when the instructions are spent, exactly', async () => {
    const { status, stdout } = await ringbench(kernel('echo', '--max-instructions', '12345', '--json'));
    expect([status, json(stdout)]).toMatchObject([3, { outcome: 'budget', retired: 12345, core: 'native' }]);
  });
  test('ends with 0 when the guest halts or resets the machine', async () => {
    expect(json((await ringbench(kernel('halts', '--json'))).stdout)).toMatchObject({ outcome: 'halted', retired: 2 });
    const { status, stdout } = await ringbench(kernel('resets', '--json'));
    expect([status, json(stdout)['outcome']]).toEqual([0, 'reset']);
  });
  test('has the processor that --cpu names', async () => {
    // CPUID, which an i386 does not have, then power-off with the family.
    expect((await ringbench(kernel('family', '--cpu', 'i586'))).stderr).toContain('with status 5;');
    expect((await ringbench(kernel('family'))).stderr).toContain('with status 6;');
    expect((await ringbench(kernel('family', '--cpu', 'i386', '--no-replay'))).status).toBe(1);
  });
});

describe('the consoles', () => {
  test.each([['uart', 'serial\n'], ['e9', 'debug\n'], ['vga', 'screen\n']])('%s shows what is its own', async (name, text) => {
    expect(await ringbench(kernel('consoles', '--console', name))).toMatchObject({ status: 0, stdout: text });
  });
  test('vga writes the lines of the screen once each, and has the last screen in the summary', async () => {
    expect((await ringbench(kernel('screen', '--console', 'vga'))).stdout).toBe('first line\nsecond line\n');
    const { screen } = json((await ringbench(kernel('screen', '--console', 'vga', '--json', '--quiet'))).stdout);
    expect((screen as readonly string[]).map((line) => line.trimEnd()).slice(0, 3)).toEqual(['first line', 'second line', '']);
  });
  test('--until looks at the chosen one', async () => {
    expect(json((await ringbench(kernel('screen', '--console', 'vga', '--until', 'second', '--json'))).stdout)).toMatchObject({ outcome: 'until' });
    expect(json((await ringbench(kernel('consoles', '--console', 'e9', '--until', 'serial', '--json'))).stdout)).toMatchObject({ outcome: 'power-off' });
  });
  test.each(CORES)('vga types on the PC keyboard on %s', async (core) => {
    // Set 1 code of the A key.
    expect(json((await ringbench(kernel('key', '--core', core, '--console', 'vga', '--json', '--max-instructions', '1e9'), 'a')).stdout)).toMatchObject({ outcome: 'power-off', status: 0x1e });
  });
  test('go to stderr where stdout is for JSON', async () => {
    const { stdout, stderr } = await ringbench(kernel('consoles', '--json'));
    expect(json(stdout)).toMatchObject({ outcome: 'power-off', status: 0 });
    expect(stderr).toContain('serial\n');
  });
  test('POST codes are said once each, at the port that is named', async () => {
    expect((await ringbench(kernel('posts', '--post-port', '0x80'))).stderr).toMatch(/^POST 11\nPOST 12\n\nringbench: /);
    expect((await ringbench(kernel('posts', '--post-port', '0x190'))).stderr).toMatch(/^POST 2a\n\nringbench: /);
    expect((await ringbench(kernel('posts'))).stderr).not.toContain('POST');
    expect(json((await ringbench(kernel('posts', '--json'))).stdout)).toMatchObject({ postCode: 0x12 });
  });
});

const SIGNALS = [['SIGINT', 130], ['SIGTERM', 143]] as const;
const TERMINAL = spawnSync('script', ['--version']).status === 0;

describe('firmware and disks', () => {
  /** A ROM whose first instruction, at F000:FFF0, jumps to its start: MOV AL, 'R'; OUT E9h, AL; MOV AL, 7; OUT 80h, AL; OUT F4h, AL. */
  function rom(): Uint8Array {
    const bytes = new Uint8Array(0x10000).fill(0xff);
    bytes.set([0xb0, 0x52, 0xe6, 0xe9, 0xb0, 0x07, 0xe6, 0x80, 0xe6, 0xf4]);
    bytes.set([0xea, 0x00, 0x00, 0x00, 0xf0], 0xfff0);
    return bytes;
  }
  /** A boot sector that prints the first byte of the second sector, by INT 13h, to port E9h; then powers off with 0. */
  function disk(): Uint8Array {
    const bytes = new Uint8Array(1024);
    bytes.set([0xb8, 0x01, 0x02, 0xb9, 0x02, 0x00, 0xb6, 0x00, 0xbb, 0x00, 0x80, 0xcd, 0x13, 0xa0, 0x00, 0x80, 0xe6, 0xe9, 0xb0, 0x00, 0xe6, 0xf4]);
    bytes.set([0x55, 0xaa], 510);
    bytes[512] = 0x44;
    return bytes;
  }
  test.each(CORES)('--rom starts at the reset vector, and shows POST codes, on %s', async (core) => {
    const result = await ringbench(['boot', '--core', core, '--memory', '4M', '--cpu', 'i386', '--rom', `${add('bios', rom())}@0xf0000`, '--console', 'e9']);
    expect(result).toMatchObject({ status: 0, stdout: 'R', stderr: expect.stringMatching(/^POST 07\n\nringbench: the guest powered off with status 7; 6 instructions/) });
  });
  test.each(CORES)('--disk boots the first sector on %s', async (core) => {
    expect(await ringbench(['boot', '--core', core, '--memory', '4M', '--disk', add('disk', disk()), '--console', 'e9'])).toMatchObject({ status: 0, stdout: 'D' });
  });
});

describe('leaving', () => {
  test.each(SIGNALS)('%s ends the guest with a summary', async (signal, code) => {
    const started = startNode(REAL_COMMAND, kernel('announces', '--json'));
    await started.shown('ready');
    started.child.kill(signal);
    const result = await started.ended;
    expect(result.code).toBe(code);
    expect(json(result.stdout)).toMatchObject({ outcome: 'left' });
  });
  test('a reader that goes away ends it quietly', async () => {
    const command = `"${process.execPath}" "${REAL_COMMAND}" boot --kernel "${path('prints')}" --memory 4M | head -c 3; echo ":\${PIPESTATUS[0]}"`;
    expect(spawnSync('bash', ['-c', command], { encoding: 'utf8', input: '', timeout: 50_000 })).toMatchObject({ stdout: 'xxx:0\n', stderr: '' });
  });
  // A terminal: `script` of util-linux runs the command on one of its own.
  test.skipIf(!TERMINAL).each([['\u0003', 130, 'left by Ctrl-C'], ['\u0001x', 0, 'left by Ctrl-A X'], ['\u0001cq', 0, 'powered off with status 7']])('a terminal types %j and gets %i', async (keys, code, words) => {
    const command = `"${process.execPath}" "${REAL_COMMAND}" boot --kernel "${path('echo')}" --memory 4M --max-instructions 1e11; echo "code $?"; stty -a | grep -c -- ' icanon'`;
    const child = spawn('script', ['-qc', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (shown === '') setTimeout(() => child.stdin.write(keys), 300);
      shown += text;
    });
    await new Promise((resolve) => child.on('close', resolve));
    expect(shown).toContain(words);
    expect(shown.replaceAll('\r', '')).toMatch(new RegExp(`code ${code}\n1\n$`));
  });
});

describe('a mistake', () => {
  test.each([
    [[], 'give --kernel BZIMAGE, --multiboot ELF, --disk IMAGE or --rom FILE@ADDRESS'],
    [['--kernel', '/nowhere'], '/nowhere'],
    [['--kernel', '/dev/zero'], 'is a device; name a file'],
    [['--kernel', '/'], 'that is a folder'],
    [['--kernel', NOOP], 'is no Linux bzImage'],
    [['--multiboot', fileURLToPath(import.meta.url)], 'no Multiboot header'],
    [['--multiboot', NOOP, '--memory', '1M'], 'from 2M to 1024M'],
    [['--multiboot', NOOP, '--memory', '64'], 'from 2M to 1024M'],
    [['--multiboot', NOOP, '--initrd', NOOP], '--initrd goes with --kernel only'],
    [['--multiboot', NOOP, '--core', 'natve'], 'did you mean "native"?'],
    [['--multiboot', NOOP, '--cpu', 'i368'], 'did you mean "i386"?'],
    [['--multiboot', NOOP, '--console', 'e8'], 'unknown console "e8" in --console; did you mean "e9"?'],
    [['--multiboot', NOOP, '--post-port', '0x10000'], '--post-port 0x10000 is not usable; give a number from 0x0 to 0xffff'],
    [['--multiboot', NOOP, '--post-port', '-1'], 'give a number from 0x0 to 0xffff'],
    [['--multiboot', NOOP, '--kernel', NOOP], '--kernel and --multiboot each name what to boot; give one of them'],
    [['--multiboot', NOOP, '--rom', `${NOOP}@0xf0000`], '--multiboot and --rom each name what to boot'],
    [['--rom', NOOP], 'write --rom FILE@ADDRESS'],
    [['--rom', `${NOOP}@f0000`], 'write --rom FILE@ADDRESS'],
    [['--rom', '@0xf0000'], 'write --rom FILE@ADDRESS'],
    [['--rom', `${NOOP}@0x100000000`], 'give an address below 0x100000000'],
    [['--rom', `${NOOP}@0xffffffff`], 'ends beyond 4 GB; give a lower address'],
    [['--rom', `${NOOP}@0xf0000`, '--append', 'x'], '--append goes with --kernel and --multiboot only'],
    [['--multiboot', NOOP, '--disk', NOOP, '--disk', NOOP, '--disk', NOOP], '--disk is given 3 times; give it at most 2 times'],
    [['--multiboot', NOOP, '--until', 'a', '--until', 'b'], '--until is given twice'],
  ])('in %j is one line and exit code 2', async (args, message) => {
    const { status, stdout, stderr } = await ringbench(['boot', ...args]);
    expect([status, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1]);
    expect(stderr).toContain(message);
  });
  test.each([
    ['a truncated bzImage', (): readonly string[] => ['--kernel', add('cut', truncatedKernel())], 'is truncated'],
    ['a disk of zero bytes', (): readonly string[] => ['--disk', add('empty', '')], 'is empty'],
    ['a disk that cannot be booted', (): readonly string[] => ['--disk', add('blank', new Uint8Array(1024))], '55 AA'],
    ['a ROM that overlaps the end of memory', (): readonly string[] => ['--memory', '4M', '--rom', `${add('rom', new Uint8Array(8192))}@0x3ff000`], 'the end of memory'],
    ['a ROM that does not cover the reset vector', (): readonly string[] => ['--rom', `${add('rom', new Uint8Array(8192))}@0xe0000`], 'reset vector'],
    ['ROMs that overlap', (): readonly string[] => ['--rom', `${add('rom', new Uint8Array(8192))}@0xfe000`, '--rom', `${add('rom', new Uint8Array(8192))}@0xff000`], 'overlap'],
  ])('%s is one line and exit code 2', async (_what, args, message) => {
    const { status, stdout, stderr } = await ringbench(['boot', ...args()]);
    expect([status, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1]);
    expect(stderr).toContain(message);
  });
});
