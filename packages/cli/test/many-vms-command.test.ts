import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ManyVmsReport } from '@ringbench/harness/many-vms';
import { describe, expect, it } from 'vitest';

const COMMAND = join(import.meta.dirname, '../dist/main.js');
const execute = promisify(execFile);

/** The real command; its exit code and streams. */
async function ringbench(...words: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  try {
    return { code: 0, ...(await execute(process.execPath, [COMMAND, 'run', ...words])) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

describe('run --vms', () => {
  it('runs so many, compares each with one by itself, and says what it cost', async () => {
    const { code, stdout, stderr } = await ringbench('--vms', '6', '--core', 'v386', '--workload', 'null-syscall,sleep-wake', '--scale', '3', '--slice', '20000', '--json', '--quiet');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout) as ManyVmsReport;
    expect(report).toMatchObject({ type: 'many-vms', core: 'v386', vms: 6, idle: 'halt', slice: 20_000, outcomes: { ok: 6 }, different: 0, workloads: [{ workload: 'null-syscall', vms: 3 }, { workload: 'sleep-wake', vms: 3 }] });
    expect(report.memory.idleBytes).toBeLessThan(1 << 20);
    expect(report.wakeDelay?.count).toBeGreaterThan(0);
    const { time, idleTime, guestInstructions } = report.throughput;
    expect(time - idleTime).toBeGreaterThan(guestInstructions);
    expect(report.workloads.reduce((sum, { retired }) => sum + 3 * retired, 0)).toBe(guestInstructions);
  });

  it.each([
    [['--vms', '2'], 'needs a core'],
    [['--vms', '2', '--core', 'native'], 'for itself'],
    [['--vms', '2', '--core', 'v386', '--suite', 'quick'], '--suite has no meaning'],
    [['--vms', '2', '--core', 'v386', '--idle', 'nap'], 'idle policy'],
    [['--vms', '2', '--core', 'v386:console=static'], 'cannot be allocated'],
    [['--vms', '2', '--core', 'paravirt', '--workload', 'noop'], 'not ported'],
    [['--idle', 'busy'], '--vms only'],
  ] as const)('refuses %j in one line', async (words, reason) => {
    const { code, stdout, stderr } = await ringbench(...words, '--quiet');
    expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
    expect(stderr).toContain(reason);
  });

  it('ends with 1 when a machine does not end well', async () => {
    const { code, stderr } = await ringbench('--vms', '2', '--core', 'v386', '--budget', '1000', '--quiet');
    expect(code).toBe(1);
    expect(stderr).toContain('2 budget');
  });
});
