// Compares single instructions on our machine with the processor of the host.
//
//   node scripts/oracle/silicon.mjs [--cases N] [--seed S] [--row MNEMONIC] [--json] [--record FILE]
//
// N cases of each encoding row (100 unless told) run natively by step.c and on the built packages in every way of executing. Exit code 1 and the
// shortest differing cases when something differs outside the flags that the manuals leave undefined; those are reported by mnemonic. --record writes
// the cases with the host's answers, which the tests of the interpreter replay.
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { parseArgs } from 'node:util';
import { formatInstruction } from '../../packages/isa/dist/index.js';
import { conditionOf, groupByMnemonic, hotSetOf, instructionOf, SiliconMachine, undefinedFlags, waysOf } from '../../packages/interpreter/test/support/silicon-machine.ts';
import { generateRow, mnemonics, rows } from './generate.mjs';
import { hostProcessor, openStepper } from './native.mjs';

const FLAG_NAMES = [['CF', 0], ['PF', 2], ['AF', 4], ['ZF', 6], ['SF', 7], ['OF', 11]];
const EXAMPLES = 3;
const GROUP_CASES = 1000;
const FLUSH_EVERY = 5;
const REGISTER_NAMES = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'];
const ARITHMETIC_FLAGS = 0x8d5;

const hex = (number) => (number >>> 0).toString(16);

function options() {
  const { values } = parseArgs({ options: {
    cases: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' }, row: { type: 'string' }, json: { type: 'boolean', default: false }, record: { type: 'string' },
  } });
  const cases = Number(values.cases);
  const seed = Number(values.seed);
  if (!Number.isInteger(cases) || cases < 1 || !Number.isInteger(seed)) usage('--cases and --seed take whole numbers');
  if (values.row !== undefined && !mnemonics.includes(values.row)) usage(`no recorded unprivileged instruction is called ${values.row}`);
  return { ...values, cases, seed };
}
function usage(problem) {
  console.error(`silicon: ${problem}`);
  process.exit(2);
}

function describe(test) {
  const registers = test.registers.map((value, i) => `${REGISTER_NAMES[i]}=${hex(value)}`).join(' ');
  const pokes = test.pokes.map(([at, bytes]) => ` [${hex(at)}]=${bytes}`).join('');
  return `${formatInstruction(instructionOf(test), 0x20000800)}  (${test.code})\n  ${registers} eflags=${hex(test.eflags)} seed=${hex(test.seed)}${pokes}`;
}

/** All cases of one mnemonic in all ways; the differing ones, and how often undefined flags differ. */
function compareMnemonic(cases, machines) {
  const wrong = [];
  const undefinedDiffers = {};
  let runs = 0;
  cases.forEach((test, number) => {
    const instruction = instructionOf(test);
    for (const way of waysOf(instruction)) {
      for (const [executor, machine] of Object.entries(machines)) {
        runs++;
        const differences = machine.differences(test, way, conditionOf(number), number % FLUSH_EVERY === 0);
        if (differences.length > 0) wrong.push({ test, way, executor, differences });
      }
    }
    noteUndefined(test, machines.handlers, undefinedDiffers, instruction);
  });
  return { cases: cases.length, runs, wrong, undefinedDiffers };
}

/** Which of the undefined flags differ from this silicon's. */
function noteUndefined(test, machine, counts, instruction) {
  const mask = undefinedFlags(instruction, test.registers);
  if (mask === 0 || test.silicon.vector !== 1) return;
  const differing = (machine.eflagsOf(test) ^ test.silicon.eflags) & mask & ARITHMETIC_FLAGS;
  for (const [name, bit] of FLAG_NAMES) if (((differing >>> bit) & 1) !== 0) counts[name] = (counts[name] ?? 0) + 1;
}

function reportText(results) {
  for (const [mnemonic, { wrong, undefinedDiffers }] of results) {
    const flags = Object.entries(undefinedDiffers).map(([name, count]) => `${name} ${count}`);
    if (flags.length > 0) console.log(`${mnemonic}: undefined flags that differ from this silicon's: ${flags.join(', ')}`);
    const shortest = wrong.toSorted((a, b) => a.test.code.length - b.test.code.length || a.differences.length - b.differences.length);
    for (const { test, way, executor, differences } of shortest.slice(0, EXAMPLES)) console.log(`\nDIFFERS ${way}, ${executor}: ${describe(test)}\n  ${differences.join('\n  ')}`);
    if (wrong.length > EXAMPLES) console.log(`  … ${wrong.length - EXAMPLES} more of ${mnemonic}`);
  }
}

function main() {
  const chosen = options();
  const stepper = openStepper();
  if (stepper.skipped !== undefined) {
    console.log(chosen.json ? JSON.stringify({ skipped: stepper.skipped }) : `skipped: ${stepper.skipped}`);
    return 0;
  }
  const wanted = rows.filter((row) => chosen.row === undefined || row.mnemonic === chosen.row);
  const recorded = stepper.run(wanted.flatMap((row) => generateRow(row, chosen.seed, chosen.cases, stepper)));
  const results = new Map();
  const handlers = new SiliconMachine({ operations: [], pairs: [] }, stepper.low);
  let done = 0;
  for (const group of groupByMnemonic(recorded, GROUP_CASES)) {
    const machines = { handlers, hot: new SiliconMachine(hotSetOf([...group.values()].flat(), stepper.low), stepper.low) };
    for (const [mnemonic, cases] of group) {
      results.set(mnemonic, compareMnemonic(cases, machines));
      done += cases.length;
      if (process.stderr.isTTY) process.stderr.write(`\r${done}/${recorded.length} ${mnemonic.padEnd(20)}`);
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  stepper.dispose();
  const host = hostProcessor();
  if (chosen.record !== undefined) {
    const header = { processor: host, low: stepper.low, seed: chosen.seed, casesPerRow: chosen.cases };
    writeFileSync(chosen.record, gzipSync([header, ...recorded].map((line) => JSON.stringify(line)).join('\n'), { level: 9 }));
  }
  const total = (key) => [...results.values()].reduce((sum, result) => sum + (Array.isArray(result[key]) ? result[key].length : result[key]), 0);
  if (chosen.json) console.log(JSON.stringify({ processor: host, seed: chosen.seed, cases: total('cases'), runs: total('runs'), different: total('wrong'), mnemonics: Object.fromEntries(results) }));
  else {
    reportText(results);
    console.log(`${total('cases')} cases of ${results.size} instructions, ${total('runs')} executions compared with ${host}: ${total('wrong')} differ`);
  }
  return total('wrong') > 0 ? 1 : 0;
}

process.exitCode = main();
