import { describe, expect, it } from 'vitest';
import { X87_SEMANTICS } from '../src/index.js';
import { x87Rows } from '../src/encoding/rows/x87.js';
import { Random } from './encoding/random.js';
import { questionText } from './x87-silicon/compare.js';
import { buildQuestion } from './x87-silicon/generate.js';
import { answer, decodeQuestion, lastAnswer } from './x87-silicon/model.js';

/**
 * Recorded common cases of the x87 do what the procedures do, to the last bit of registers, status, pointers and memory. x87-silicon/run.ts compares the same,
 * and with a processor, at any length.
 */

const CASES = 1200;
/** Of an instruction's cases, at least this many must end in the recorded code, lest the comparison be about nothing. */
const FEWEST_DECIDED = 15;
const SEED = 387;

/** Bits of the control word's rounding and precision fields and its masks: as programs have them, so that the common case is common. */
const USUAL_CONTROLS = [0x37f, 0x27f] as const;

function usualQuestion(random: Random, row: (typeof x87Rows)[number]): Uint8Array {
  const question = buildQuestion(random, row);
  if (random.below(4) !== 0) new DataView(question.buffer).setUint32(0, USUAL_CONTROLS[random.below(2)], true);
  return question;
}

const rows = x87Rows.filter(({ mnemonic }) => X87_SEMANTICS[mnemonic] !== undefined);

describe('recorded x87 instructions', () => {
  it('are rows of the instruction set', () => {
    expect(Object.keys(X87_SEMANTICS).filter((mnemonic) => !rows.some((row) => row.mnemonic === mnemonic))).toEqual([]);
  });

  it.each(rows.map((row) => [row.mnemonic, row.opcode, row] as const))('%s (%s) does what its procedure does', (_mnemonic, _opcode, row) => {
    const random = new Random(SEED);
    let decided = 0;
    for (let index = 0; index < CASES; index++) {
      const question = usualQuestion(random, row);
      const instruction = decodeQuestion(question);
      const recorded = answer(question, instruction, 'recorded');
      if (!lastAnswer.wasRecorded) continue;
      decided++;
      const complete = answer(question, instruction, 'procedure');
      if (Buffer.compare(recorded, complete) !== 0) expect([...recorded], questionText(question)).toEqual([...complete]);
    }
    expect(decided).toBeGreaterThan(FEWEST_DECIDED);
  });
});
