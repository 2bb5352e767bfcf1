import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CORES, guestFolder, ringbench, TRACE_OF_FAILS, type Result } from './fixtures/guests.js';

/** `ringbench trace`, compared with lines written down. */

const PAGING = fileURLToPath(new URL('../../../workloads/demand-paging/image.elf', import.meta.url));
const { path, add } = guestFolder();
const trace = (name: string, ...more: readonly string[]): Promise<Result> => ringbench(['trace', '--kernel', path(name), '--memory', '4M', ...more]);
const numbers = (text: string): readonly number[] => text.trimEnd().split('\n').map((line) => Number(line.slice(0, 12)));

const lines = (from: number, to: number): string => TRACE_OF_FAILS.split('\n').slice(from, to).map((line) => `${line}\n`).join('');

/** Real mode at 0000:7C00: MOV AX, 1234h; ADD AX, FFFFh; PUSHA; MOV ECX, 12345678h with a prefix; INT 80h without a handler of its own; HLT. */
const SECTOR = new Uint8Array(512);
SECTOR.set([0xb8, 0x34, 0x12, 0x05, 0xff, 0xff, 0x60, 0x66, 0xb9, 0x78, 0x56, 0x34, 0x12, 0xfa, 0xf4]);
SECTOR.set([0x55, 0xaa], 510);

const REAL_MODE = `\
           0  0000:00007c00  b8 34 12                 mov ax, 1234h                       EAX=00001234
           1  0000:00007c03  05 ff ff                 add ax, 0ffffh                      EAX=00001233 +C +P +A
           2  0000:00007c06  60                       pusha                               ESP=00007bf0
           3  0000:00007c07  66 b9 78 56 34 12        mov ecx, 12345678h                  ECX=12345678
           4  0000:00007c0d  fa                       cli                                 -I
           5  0000:00007c0e  f4                       hlt
`;

describe('trace', () => {
  test.each(CORES)('lists instructions and what they change on %s', async (core) => {
    const { status, stdout, stderr } = await trace('fails', '--core', core);
    expect([status, stdout]).toEqual([1, TRACE_OF_FAILS]);
    expect(stderr).toContain("the guest's processor shut down at 00100016: ");
  });
  test.each(CORES)('reads 16-bit code on %s', async (core) => {
    const { status, stdout } = await ringbench(['trace', '--core', core, '--memory', '4M', '--disk', add('disk', SECTOR), '--count', '6']);
    expect([status, stdout]).toEqual([0, REAL_MODE]);
  });
  test('begins at a number, and ends after a count, with the whole of what was asked for', async () => {
    expect(await trace('fails', '--from', '2', '--count', '2')).toMatchObject({ status: 0, stdout: lines(2, 4) });
  });
  test('begins at an address, at its n-th hit, some instructions before; ends behind an address', async () => {
    expect((await trace('fails', '--at', '0x10000a', '--count', '1')).stdout).toBe(lines(2, 3));
    expect((await trace('fails', '--at', '0x10000a', '--before', '2', '--until-address', '0x100010')).stdout).toBe(lines(0, 4));
    // Three iterations of REP STOSB, then OUT.
    expect(numbers((await trace('repeats', '--at', '0x100011', '--hit', '2', '--count', '3')).stdout)).toEqual([5, 6, 7]);
  });
  test('counts each iteration of a repeated instruction', async () => {
    const { stdout } = await trace('repeats', '--from', '4', '--count', '3');
    expect(stdout).toBe(`\
           4  0010:00100011  f3 aa                    rep stosb                           ECX=00000002 EDI=00090001
           5  0010:00100011  f3 aa                    rep stosb                           ECX=00000001 EDI=00090002
           6  0010:00100011  f3 aa                    rep stosb                           ECX=00000000 EDI=00090003
`);
  });
  test('begins behind the instruction that printed a text', async () => {
    // MOV EDX and twelve times MOV AL and OUT come before the `c` of `panic`.
    const { stdout } = await trace('panics', '--after', ' Kernel panic', '--count', '1');
    expect(numbers(stdout)).toEqual([1 + 2 * '[0.1] Kernel panic'.length]);
  });
  test('shows the end of a guest', async () => {
    expect((await trace('fails', '--on', 'end', '--before', '2')).stdout).toBe(lines(3, 6));
    expect((await trace('fails', '--on', 'end')).stdout).toBe(TRACE_OF_FAILS);
    expect((await trace('halts', '--on', 'end')).stdout).toMatch(/cli +\n? *.*hlt\n$|cli[^\n]*\n[^\n]*hlt\n$/);
  });
  test('shows an exception with the first instruction of its handler, the same on every core', async () => {
    const args = ['trace', '--multiboot', PAGING, '--memory', '32M', '--on', 'exception', '--before', '1', '--count', '1'];
    const traces: string[] = [];
    for (const core of CORES) traces.push((await ringbench([...args, '--core', core])).stdout);
    expect(new Set(traces).size).toBe(1);
    const [before, faulting, handler] = traces[0].trimEnd().split('\n');
    expect(before).toMatch(/^ +\d+ {2}0008:\S+ /);
    expect(faulting).toMatch(/mov \[eax\], edx +\[#PF\]$/);
    expect(handler).toMatch(/push eax +ESP=\S+ CR2=\S+$/);
    expect(handler.slice(0, 12)).toBe(faulting.slice(0, 12));
  });
  test.each(CORES)('shows an interrupt with the instruction that it follows on %s', async (core) => {
    const { stdout } = await trace('ticks', '--core', core, '--on', 'interrupt', '--count', '2');
    const [interrupted, handler] = stdout.split('\n');
    expect(interrupted).toMatch(/jmp short 00\S+ +ESP=0008fff4 -I \[interrupt\]$/);
    expect(handler).toMatch(/ {2}inc ebx +EBX=00000001/);
  });
  test('is JSON, a line an instruction, on --json', async () => {
    const { stdout } = await trace('fails', '--count', '2', '--json', '--quiet');
    expect(stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual([
      { number: 0, cs: '0010', eip: '00100000', linear: '00100000', bytes: 'bc 00 00 09 00', text: 'mov esp, 90000h', retired: true, registers: { ESP: '00090000' }, flags: '', events: [] },
      expect.objectContaining({ number: 1, registers: { EAX: '00000001' } }),
    ]);
  });
  test('says when there is nothing to show', async () => {
    expect(await trace('waits', '--on', 'exception', '--max-instructions', '1e6')).toMatchObject({ status: 3, stdout: '', stderr: expect.stringContaining('nothing to trace: the instructions of --max-instructions are spent') });
    expect(await trace('halts', '--at', '0x200000')).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('nothing to trace: the guest halted for good') });
    expect(await trace('halts', '--from', '100')).toMatchObject({ status: 1, stdout: '' });
  });
  test.each([
    [['--at', '0x100000000'], '--at 0x100000000 is not usable; give a number from 0x0 to 0xffffffff'],
    [['--at', '0x1', '--on', 'end'], '--at and --on each say where the trace begins; give one of them'],
    [['--on', 'exeption'], 'did you mean "exception"?'],
    [['--hit', '2'], '--hit goes with --at only'],
    [['--before', '2'], '--before goes with --at, --after and --on only'],
    [['--count', '0'], '--count 0 is not usable'],
    [['--frm', '0'], 'did you mean "--from"?'],
  ])('refuses %j in one line', async (args, message) => {
    const { status, stdout, stderr } = await trace('fails', ...args);
    expect([status, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1]);
    expect(stderr).toContain(message);
  });
});
