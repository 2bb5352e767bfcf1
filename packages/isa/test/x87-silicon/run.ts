/**
 * Compares our x87 with the host's processor at length. Needs gcc with 32-bit libraries.
 *
 *   npx tsx packages/isa/test/x87-silicon/run.ts [CASES-PER-INSTRUCTION] [SEED] [MNEMONIC-PATTERN]
 */
import { x87Rows } from '../../src/encoding/rows/x87.js';
import { Random } from '../encoding/random.js';
import { differences, fieldsOf, questionText } from './compare.js';
import { buildQuestion } from './generate.js';
import { askHost } from './host.js';
import { answer, decodeQuestion } from './model.js';

const [perRow = '1000', seed = '1', pattern = '.', shown = '2'] = process.argv.slice(2);
const random = new Random(Number(seed));
for (let warm = 0; warm < 16; warm++) random.next();
const rows = x87Rows.filter((row) => new RegExp(pattern).test(row.mnemonic) && !row.opcode.startsWith('0F'));
let total = 0;
for (const row of rows) {
  const questions = Array.from({ length: Number(perRow) }, () => buildQuestion(random, row));
  const { answers } = askHost(questions);
  const found = new Map<string, string[]>();
  questions.forEach((question, index) => {
    const ours = fieldsOf(answer(question, decodeQuestion(question)));
    const theirs = fieldsOf(answers[index]);
    const names = differences(ours, theirs);
    total++;
    if (names.length === 0) return;
    const list = found.get(names.join(' ')) ?? [];
    found.set(names.join(' '), list);
    list.push(`    ${questionText(question)}\n${names.map((name) => `      ${name} ours ${ours[name]} theirs ${theirs[name]}`).join('\n')}`);
  });
  for (const [names, list] of found) {
    console.log(`${row.mnemonic} ${row.opcode}: ${list.length} of ${perRow} differ in ${names}`);
    for (const text of list.slice(0, Number(shown))) console.log(text);
  }
}
console.log(`${total} cases`);
