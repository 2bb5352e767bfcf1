/**
 * Compares our x87 with the host's processor at length, or records a sample for the test. Needs gcc with 32-bit libraries.
 *
 *   npx tsx packages/isa/test/x87-silicon/run.ts [CASES-PER-INSTRUCTION] [SEED] [MNEMONIC-PATTERN] [SHOWN]
 *   npx tsx packages/isa/test/x87-silicon/run.ts record
 */
import { writeFileSync } from 'node:fs';
import { x87Rows } from '../../src/encoding/rows/x87.js';
import { Random } from '../encoding/random.js';
import { fieldsOf, questionText } from './compare.js';
import { disagreements } from './deviations.js';
import { buildQuestion } from './generate.js';
import { askHost } from './host.js';
import { answer, decodeQuestion, lastAnswer, type Execution } from './model.js';
import { isRecorded } from './recorded.js';
import { RECORDING, pack } from './recording.js';

const RECORDED_PER_ROW = 24;
const RECORDED_SEED = 1995;
const WARM_UP = 16;

function seeded(seed: number): Random {
  const random = new Random(seed);
  for (let step = 0; step < WARM_UP; step++) random.next();
  return random;
}

const rows = x87Rows.filter((row) => !row.opcode.startsWith('0F')); // FXSAVE is not part of a Pentium Pro's x87

function record(): void {
  const random = seeded(RECORDED_SEED);
  const questions = rows.flatMap((row) => Array.from({ length: RECORDED_PER_ROW }, () => buildQuestion(random, row)));
  const { processor, answers } = askHost(questions);
  writeFileSync(RECORDING, pack(processor, questions, answers));
  console.log(`${questions.length} cases of ${processor}`);
}

function compare(perRow: number, random: Random, pattern: RegExp, shown: number): void {
  let total = 0;
  let differing = 0;
  let distinct = 0;
  let decided = 0;
  for (const row of rows.filter(({ mnemonic }) => pattern.test(mnemonic))) {
    const questions = Array.from({ length: perRow }, () => buildQuestion(random, row));
    distinct += new Set(questions.map((question) => Buffer.from(question).toString('latin1'))).size;
    const { answers } = askHost(questions);
    const found = new Map<string, string[]>();
    const check = (question: Uint8Array, index: number, execution: Execution): void => {
      const ours = fieldsOf(answer(question, decodeQuestion(question), execution));
      if (lastAnswer.wasRecorded) decided++;
      const theirs = fieldsOf(answers[index]);
      const names = disagreements(row.mnemonic, question, ours, theirs);
      if (names.length === 0) return;
      const key = `${names.join(' ')} (${execution})`;
      const list = found.get(key) ?? [];
      found.set(key, list);
      list.push(`    ${questionText(question)}\n${names.map((name) => `      ${name} ours ${ours[name]} theirs ${theirs[name]}`).join('\n')}`);
    };
    questions.forEach((question, index) => {
      check(question, index, 'procedure');
      if (isRecorded(row.mnemonic)) check(question, index, 'recorded');
    });
    total += perRow;
    for (const [names, list] of found) {
      differing += list.length;
      console.log(`${row.mnemonic} ${row.opcode}: ${list.length} of ${perRow} differ in ${names}`);
      for (const text of list.slice(0, shown)) console.log(text);
    }
  }
  console.log(`${total} cases, ${distinct} of them distinct, ${decided} decided by recorded code too, ${differing} differ`);
  process.exitCode = differing > 0 ? 1 : 0;
}

const [perRow = '1000', seed = '1', pattern = '.', shown = '2'] = process.argv.slice(2);
if (perRow === 'record') record();
else compare(Number(perRow), seeded(Number(seed)), new RegExp(pattern), Number(shown));
