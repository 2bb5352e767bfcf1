import { describe, expect, test } from 'vitest';
import type { FailureRecord } from '../src/guest/failure.js';
import { CORES, guestFolder, ringbench, TRACE_OF_FAILS } from './fixtures/guests.js';

/** What `ringbench boot` says of a guest that failed. */

const { path } = guestFolder();
const words = (name: string, ...more: readonly string[]): readonly string[] => ['boot', '--kernel', path(name), '--memory', '4M', ...more];
const boot = (name: string, ...more: readonly string[]): ReturnType<typeof ringbench> => ringbench(words(name, ...more));

const REPORT = `
ringbench: the guest's processor shut down at 00100016: DETAIL; 5 instructions in TIME s on CORE
EAX 00000000  EBX 00001234  ECX 00000000  EDX 00000000
ESI 00090000  EDI 00000000  EBP 00000000  ESP 0008fffc
EIP 00100016  EFLAGS 00000057 CPAZstido iopl=0  CPL 0
CS   0010  base 00000000  limit ffffffff
SS   0018  base 00000000  limit ffffffff
DS   0018  base 00000000  limit ffffffff
ES   0018  base 00000000  limit ffffffff
FS   0018  base 00000000  limit ffffffff
GS   0018  base 00000000  limit ffffffff
the last 6 instructions:
${TRACE_OF_FAILS}`;

describe('a guest that fails', () => {
  test.each(CORES)('is reported with registers and the last instructions on %s', async (core) => {
    const { status, stdout, stderr } = await boot('fails', '--core', core);
    expect([status, stdout]).toEqual([1, '']);
    const report = stderr.replace(/in [\d.]+ s/, 'in TIME s').replace(core, 'CORE').replace(/(?<=: )[^:]+(?=; 5 )/, 'DETAIL').split('\n');
    // What the loader leaves in the rest of the state is the loader's business.
    expect(report.filter((line) => !/^(?:LDTR|TR|GDTR|CR0) /.test(line)).join('\n')).toBe(REPORT);
    expect(stderr).toMatch(/\nCR0 [0-9a-f]{7}1 {2}CR2 00000000 {2}CR3 00000000 {2}CR4 00000000\n/);
  });
  test('is reported as data on --json', async () => {
    const { status, stdout } = await boot('fails', '--json', '--quiet');
    expect(status).toBe(1);
    const { failure, ...summary } = JSON.parse(stdout) as { failure: FailureRecord };
    expect(summary).toMatchObject({ outcome: 'shutdown', retired: 5 });
    expect(failure).toMatchObject({ registers: { EBX: '00001234', EIP: '00100016', CS: '0010' }, flags: 'CPAZstido iopl=0' });
    expect(failure.instructions).toHaveLength(6);
    expect(failure.instructions?.[2]).toEqual({
      number: 2, cs: '0010', eip: '0010000a', linear: '0010000a', bytes: '81 c0 ff ff ff ff', text: 'add eax, 0ffffffffh', retired: true, registers: { EAX: '00000000' }, flags: '+C +P +A +Z', events: [],
    });
    expect(failure.instructions?.[5]).toMatchObject({ number: 5, text: 'ud2', retired: false, events: ['shutdown'] });
  });
  test('is not run again on --no-replay', async () => {
    const { status, stderr } = await boot('fails', '--no-replay');
    expect([status, stderr.includes('EBX 00001234'), stderr.includes('ud2')]).toEqual([1, true, false]);
    expect(JSON.parse((await boot('fails', '--no-replay', '--json')).stdout)).toMatchObject({ failure: { instructions: null } });
  });
  test.each(CORES)('is run again with what was typed, at the same instructions, on %s', async (core) => {
    const { status, stderr } = await ringbench(words('failsAtQ', '--core', core, '--max-instructions', '1e9'), 'yes, q');
    expect(status).toBe(1);
    expect(stderr).toMatch(/\n +\d+ {2}0010:\S+ {2}3c 71 +cmp al, 71h +.*\+Z\n +\d+ .* jne [^\n]+\n +\d+ .* ud2 +\[shutdown\]\n$/);
  });
  test('panics: the rest of the kernel\'s report is shown, and the exit code is 1', async () => {
    const { status, stdout, stderr } = await boot('panics');
    expect([status, stdout]).toEqual([1, '[0.1] Kernel panic - not syncing: no init\r\nCall Trace:\r\n---[ end Kernel panic - not syncing ]---\r']);
    expect(stderr).toContain("the guest's kernel panicked: [0.1] Kernel panic - not syncing: no init;");
    expect(stderr).toContain('the last 16 instructions:');
  });
  test('a panic is no failure for those who wait for one', async () => {
    expect((await boot('panics', '--until', 'not syncing')).status).toBe(0);
    expect((await boot('panics', '--until=---[ end Kernel panic')).status).toBe(0);
  });
});
