import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeededRandom } from '@ringbench/harness';
import { describe, expect, it } from 'vitest';
import { BATCH, laboratory } from './fixtures/command.js';

const SEED = 386;
const ROUNDS = 600;
const MOST_WORDS = 6;

const COMMANDS = ['run', 'list', 'report', 'figures', 'price', 'help', '', '--', 'constructor', '__proto__'];
// No word of these makes a command line that measures or draws: every --out and every folder is unusable.
const WORDS = [
  '--suite', '--core', '--workload', '--repeat', '--seed', '--budget', '--samples', '--deadline', '--shard', '--profile', '--resume', '--force', '--json', '--quiet',
  '--no-json', '--no-suite', '--json=maybe', '--core=', '--core=steady', '--__proto__.polluted=1', '--constructor', '--seed.x=1', '--$0=x', '-_', '-x', '---', '--', '-', '--help=no', '--version=1',
  'quick', 'cores', 'suites', 'steady', 'steady,twin', 'sieve', '0', '1', '-1', '1e3', '1e99', 'NaN', 'Infinity', '0x10', '١', '1/2', '0/0', '9/1', 'pentium4', '/dev/null', '/dev/zero', '/proc/self/mem', '.', '..', '/',
  '\n', '\u001b[2J', '\u202e', '💥', ' ', 'x'.repeat(5000), '{}', '[]', 'null', '*', '$(id)', ';', '%s', '__proto__', 'toString',
];

interface Outcome {
  readonly words: readonly string[];
  readonly code: number;
  readonly errors: string;
}

describe('arbitrary arguments', () => {
  it('end with a known code and, if they are wrong, with one line', () => {
    const lab = laboratory();
    const random = new SeededRandom(SEED);
    const pick = (from: readonly string[]): string => from[random.below(from.length)] ?? '';
    const lines = Array.from({ length: ROUNDS }, () => {
      const command = pick(COMMANDS);
      const words = Array.from({ length: random.below(MOST_WORDS) }, () => pick(WORDS));
      return command === 'run' ? [command, '--out', '/dev/null/out', ...words] : [command, ...words];
    });
    writeFileSync(join(lab.root, 'lines.json'), JSON.stringify(lines));
    const outcomes = JSON.parse(execFileSync(process.execPath, [BATCH, lab.root, join(lab.root, 'lines.json')], { encoding: 'utf8', cwd: lab.root, timeout: 50_000 })) as readonly Outcome[];
    expect(outcomes).toHaveLength(ROUNDS);
    for (const { words, code, errors } of outcomes) {
      expect([0, 2], `${JSON.stringify(words)}: ${errors}`).toContain(code);
      if (code === 2) expect(errors, JSON.stringify(words)).toMatch(/^ringbench: [^\p{Cc}\u2028\u2029]+\n$/u);
    }
    expect(new Set(outcomes.map((outcome) => outcome.code))).toEqual(new Set([0, 2]));
  }, 60_000);
});
