import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../show-instruction.mjs', import.meta.url));
const show = (...words: string[]): string => execFileSync(process.execPath, [SCRIPT, ...words], { encoding: 'utf8' });

describe('show-instruction', () => {
  test('shows a recorded instruction from row to handler', () => {
    const text = show('014308');
    expect(text).toContain('row         add  01 /r  Ev Gv');
    expect(text).toContain('operation   add.32:m,s');
    expect(text).toContain('t2 = translate-write address=t1 size=32');
    expect(text).toContain('BASE 0000000c');
    expect(text).toMatch(/^ {12}return u\+32;$/m);
  });
  test('says which instructions are system procedures', () => {
    expect(show('e6', '80')).toContain('recorded    nothing: a system procedure executes it');
  });
  test('shows what a fused pair does: the condition takes the operands of the comparison', () => {
    expect(show('83f80575f0')).toMatch(/fused {7}cmp\.32:r,i \+ jne\.32:[^]*advance\n +t3 = let value=ne\(t1, t0\)/);
  });
  test('resolves branch targets with --eip', () => {
    expect(show('--eip', '2000', 'eb', 'fe')).toContain('IMMEDIATE 00002000');
  });
  test('names what does not decode', () => {
    expect(show('0f')).toContain('does not decode: truncated');
  });
  test.each([[['xyz']], [[]], [['90', '--eip', 'q']]])('refuses %j with one line', (words) => {
    const { status, stderr } = spawnSync(process.execPath, [SCRIPT, ...words], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
