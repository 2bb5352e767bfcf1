import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { laboratory } from './fixtures/command.js';
import type { Laboratory } from './fixtures/command.js';

const SECONDS = 1000;
const WORDS = ['run', '--core', 'slow,steady', '--repeat', '2', '--samples', '1'] as const;
const CELLS = 8;
let lab: Laboratory;

beforeEach(() => {
  lab = laboratory();
});

/** What must be the same in an interrupted and an undisturbed run: all but times. */
function repeatable(lines: readonly Record<string, unknown>[]): unknown {
  return lines.map((line) => (line['type'] === 'run' ? { ...line, startedAt: '' } : { ...line, milliseconds: 0, samples: 0 }));
}

function childrenOf(pid: number | undefined): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter((word) => word !== '').map(Number);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A killed process that nobody has waited for yet is still listed.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 50 && isAlive(pid); attempt++) await delay(100);
  return !isAlive(pid);
}

describe('a run that is interrupted', () => {
  it('keeps its journal whole, ends with 130, and says how to go on', async () => {
    const run = lab.start(...WORDS, '--out', lab.out);
    await run.shown('[3/8]');
    run.child.kill('SIGINT');
    const { code, stdout, stderr } = await run.ended;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    const measured = lab.journal().length - 1;
    expect(measured).toBeLessThan(CELLS);
    expect(stderr).toContain(`ringbench: interrupted; ${lab.out} keeps what was measured (${measured} of 8 cells); go on with: ringbench ${WORDS.join(' ')} --out ${lab.out} --resume\n`);
    expect(readdirSync(lab.out)).toEqual(['journal.jsonl']);
    const resumed = await lab.ringbench(...WORDS, '--out', lab.out, '--resume');
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toContain(`${measured} of 8 cells are in the journal`);
    expect(lab.journal()).toHaveLength(CELLS + 1);
  }, 30 * SECONDS);

  it('ends with 143 when terminated', async () => {
    const run = lab.start(...WORDS, '--out', lab.out);
    await run.shown('[1/8]');
    run.child.kill('SIGTERM');
    expect(await run.ended).toMatchObject({ code: 143 });
  }, 30 * SECONDS);

  it('loses and repeats nothing when it is killed, time and again', async () => {
    const kept: string[] = [];
    for (const last of ['[2/8]', '[4/8]', '[6/8]']) {
      const run = lab.start(...WORDS, '--out', lab.out, '--resume');
      await run.shown(last);
      run.child.kill('SIGKILL');
      expect(await run.ended).toMatchObject({ signal: 'SIGKILL' });
      kept.push(readFileSync(join(lab.out, 'journal.jsonl'), 'utf8'));
    }
    expect((await lab.ringbench(...WORDS, '--out', lab.out, '--resume')).code).toBe(0);
    const whole = readFileSync(join(lab.out, 'journal.jsonl'), 'utf8');
    for (const part of kept) expect(whole.startsWith(part)).toBe(true);
    const resumed = lab.journal();
    const other = join(lab.root, 'undisturbed');
    expect((await lab.ringbench(...WORDS, '--out', other)).code).toBe(0);
    const undisturbed = readFileSync(join(other, 'journal.jsonl'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(repeatable(resumed)).toEqual(repeatable(undisturbed));
  }, 60 * SECONDS);

  it.skipIf(process.platform !== 'linux')('takes its measuring process with it when it is killed', async () => {
    const run = lab.start('run', '--core', 'hang', '--out', lab.out);
    let children: readonly number[] = [];
    for (let attempt = 0; attempt < 100 && children.length === 0; attempt++) {
      await delay(100);
      children = childrenOf(run.child.pid);
    }
    // Long enough for it to be inside the core that hangs.
    await delay(1 * SECONDS);
    run.child.kill('SIGKILL');
    await run.ended;
    expect(children).toHaveLength(1);
    expect(await Promise.all(children.map(gone))).toEqual([true]);
  }, 30 * SECONDS);
});
