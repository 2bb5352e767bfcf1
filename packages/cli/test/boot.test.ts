import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bzImage } from '../../engine/test/support/bz-image.js';
import { REAL_COMMAND } from './fixtures/command.js';

/** `ringbench boot` as a process: console through, input in, exit codes. */

const NOOP = fileURLToPath(new URL('../../../workloads/noop/image.elf', import.meta.url));
const CORES = ['native', 'emulation', 'v386'];
let folder = '';
let echo = '';

/** Sends back what it receives, up to a q: again: mov dx,3FDh; in al,dx; test al,1; jz again; mov dx,3F8h; in al,dx; out dx,al; cmp al,'q'; jne again; mov al,7; out F4h,al. */
const ECHO = [0x66, 0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0xf7, 0x66, 0xba, 0xf8, 0x03, 0xec, 0xee, 0x3c, 0x71, 0x75, 0xed, 0xb0, 0x07, 0xe6, 0xf4];
const boot = (args: readonly string[], input = ''): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [REAL_COMMAND, 'boot', ...args], { encoding: 'utf8', input, timeout: 50_000 });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringbench-boot-'));
  echo = join(folder, 'echo');
  writeFileSync(echo, bzImage(ECHO));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('boot', () => {
  test.each(CORES)('runs a Multiboot image to its end on %s', (core) => {
    const { status, stdout, stderr } = boot(['--core', core, '--multiboot', NOOP, '--memory', '16M']);
    expect(stdout).toBe('START\nEND sum=52696e67\n');
    expect(stderr).toContain(`powered off with status 0; 1,163 instructions in`);
    expect(status).toBe(0);
  });
  test.each(CORES)('hands input to a bzImage on %s', (core) => {
    const { status, stdout } = boot(['--core', core, '--kernel', echo, '--memory', '4M', '--max-instructions', '1e9'], 'hello q');
    expect([stdout, status]).toEqual(['hello q', 0]);
  });
  test('ends behind the instruction that printed the last of a text, on every core the same', () => {
    const retired = CORES.map((core) => JSON.parse(boot(['--core', core, '--multiboot', NOOP, '--memory', '16M', '--until', 'END sum', '--json']).stdout).retired as unknown);
    expect(retired[0]).toBeGreaterThan(500);
    expect(retired[0]).toBeLessThan(1163);
    expect(retired).toEqual([retired[0], retired[0], retired[0]]);
  });
  test('ends when a text was printed', () => {
    const { status, stderr } = boot(['--kernel', echo, '--memory', '4M', '--until', 'llo'], 'hello');
    expect([status, stderr.includes('--until was seen')]).toEqual([0, true]);
  });
  test('ends with 3 when the instructions are spent, exactly', () => {
    const { status, stdout } = boot(['--kernel', echo, '--memory', '4M', '--max-instructions', '12345', '--json']);
    expect([status, JSON.parse(stdout)]).toMatchObject([3, { outcome: 'budget', retired: 12345, core: 'native' }]);
  });
  test.each([
    [[], 'give either --kernel BZIMAGE or --multiboot ELF'],
    [['--kernel', '/nowhere'], '/nowhere'],
    [['--kernel', NOOP], 'is no Linux bzImage'],
    [['--multiboot', fileURLToPath(import.meta.url)], 'no Multiboot header'],
    [['--multiboot', NOOP, '--memory', '1M'], 'from 2M to 1024M'],
    [['--multiboot', NOOP, '--initrd', NOOP], '--initrd goes with --kernel only'],
    [['--multiboot', NOOP, '--core', 'natve'], 'did you mean "native"?'],
  ])('%j is one line and exit code 2', (args, message) => {
    const { status, stdout, stderr } = boot(args);
    expect([status, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1]);
    expect(stderr).toContain(message);
  });
});
