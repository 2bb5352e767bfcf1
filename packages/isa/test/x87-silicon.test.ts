import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { x87Rows } from '../src/encoding/rows/x87.js';
import { fieldsOf, questionText } from './x87-silicon/compare.js';
import { disagreements } from './x87-silicon/deviations.js';
import { answer, decodeQuestion } from './x87-silicon/model.js';
import { RECORDING, unpack } from './x87-silicon/recording.js';

/** A recorded sample of what a real processor did; `npx tsx packages/isa/test/x87-silicon/run.ts` compares with the host's at any length. */

const REPORTED = 10;
const MOST_BYTES = 600_000;

describe('x87 against recorded silicon', () => {
  const { cases } = unpack(readFileSync(RECORDING));

  it.each(['procedure', 'recorded'] as const)('agrees in every case, but for the deviations that deviations.ts documents: %s', (execution) => {
    const wrong: string[] = [];
    for (const { question, answer: recorded } of cases) {
      const instruction = decodeQuestion(question);
      const ours = fieldsOf(answer(question, instruction, execution));
      const theirs = fieldsOf(recorded);
      const names = disagreements(instruction.row.mnemonic, question, ours, theirs);
      if (names.length > 0) wrong.push(`${instruction.row.mnemonic} ${questionText(question)}: ${names.map((name) => `${name} ${ours[name]}, recorded ${theirs[name]}`).join('; ')}`);
    }
    expect(wrong.slice(0, REPORTED)).toEqual([]);
  });

  it('covers every row but FXSAVE and FXRSTOR and is small', () => {
    const seen = new Set(cases.map(({ question }) => decodeQuestion(question).row));
    expect(x87Rows.filter((row) => !seen.has(row)).map((row) => row.mnemonic)).toEqual(['fxsave', 'fxrstor']);
    expect(cases.length).toBeGreaterThan(2000);
    expect(statSync(RECORDING).size).toBeLessThan(MOST_BYTES);
  });
});
