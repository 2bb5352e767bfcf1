// Compares single instructions on our machine with the processor of the host.
//
//   node scripts/oracle/silicon.mjs [--cases N] [--seed S] [--row MNEMONIC] [--ways all|two] [--json | --markdown] [--record FILE]
//
// N cases of each encoding row (100 unless told) run natively by step.c and on the built packages: in every way of executing, or with `--ways two` by the
// handler alone and in one other way, which takes turns. Exit code 1 and the shortest differing cases when something differs outside the flags that the
// manuals leave undefined; those are reported by mnemonic. --record writes the cases with the host's answers, which the tests of the interpreter replay.
// Works on all processors of the host; progress goes to a terminal's stderr.
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { formatInstruction } from '../../packages/isa/dist/index.js';
import { conditionOf, hotSetOf, instructionOf, SiliconMachine, undefinedFlags, waysOf } from '../../packages/interpreter/test/support/silicon-machine.ts';
import { generateRow } from './generate.mjs';
import { hostProcessor, openStepper } from './native.mjs';
import { mnemonics, rows, uncovered } from './rows.mjs';

const FLAG_NAMES = [['CF', 0], ['PF', 2], ['AF', 4], ['ZF', 6], ['SF', 7], ['OF', 11]];
const EXAMPLES = 3;
/** Cases of which the hot loop is made. */
const HOT_SAMPLE = 600;
/** Cases of a mnemonic that run at a time. */
const BATCH = 20_000;
const MOST_WORKERS = 8;
const FLUSH_EVERY = 5;
const REGISTER_NAMES = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'];
const ARITHMETIC_FLAGS = 0x8d5;

const hex = (number) => (number >>> 0).toString(16);
/** What a case starts from, but for the seed of the memory's filling: cases that differ in nothing else count once. */
const identity = ({ code, registers, eflags, segments, pokes }) => [code, registers.map(hex), hex(eflags), segments, pokes].join(' ');

function options() {
  const { values } = parseArgs({ options: {
    cases: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' }, row: { type: 'string' }, ways: { type: 'string', default: 'all' },
    json: { type: 'boolean', default: false }, markdown: { type: 'boolean', default: false }, record: { type: 'string' },
  } });
  const [cases, seed] = [Number(values.cases), Number(values.seed)];
  if (!Number.isInteger(cases) || cases < 1 || !Number.isInteger(seed)) usage('--cases and --seed take whole numbers, --cases a positive one');
  if (values.row !== undefined && !mnemonics.includes(values.row)) usage(`no instruction with cases is called ${values.row}`);
  if (values.ways !== 'all' && values.ways !== 'two') usage('--ways takes all or two');
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

/** Ways in which a case is executed, with the machine for each. */
function executionsOf(instruction, number, ways, machines) {
  const all = waysOf(instruction).flatMap((way) => Object.entries(machines).map(([executor, machine]) => ({ way, executor, machine })));
  return ways === 'all' ? all : [all[0], all[1 + (number % (all.length - 1))]];
}

/** Runs cases of one mnemonic; adds to its result. */
function compareCases(cases, ways, machines, result) {
  cases.forEach((test, number) => {
    const instruction = instructionOf(test);
    for (const { way, executor, machine } of executionsOf(instruction, number, ways, machines)) {
      result.runs++;
      const differences = machine.differences(test, way, conditionOf(number), number % FLUSH_EVERY === 0);
      if (differences.length > 0) result.wrong.push({ test, way, executor, differences });
      if (executor === 'handlers' && way === 'alone') noteUndefined(test, machine, result.undefinedDiffers, instruction);
    }
  });
  result.cases += cases.length;
}

/** All rows of one mnemonic, a batch at a time. */
function compareMnemonic(mnemonic, chosen, stepper, onBatch) {
  const result = { cases: 0, distinct: 0, runs: 0, rows: 0, wrong: [], undefinedDiffers: {}, explained: {} };
  const own = rows.filter((row) => row.mnemonic === mnemonic);
  const generated = own.flatMap((row) => {
    const cases = generateRow(row, chosen.seed, chosen.cases, stepper);
    if (cases.length > 0) result.rows++;
    return cases;
  });
  result.distinct = new Set(generated.map(identity)).size;
  // Batches have cases of all rows.
  const batches = Math.ceil(generated.length / BATCH);
  let machines;
  for (let batch = 0; batch < batches; batch++) {
    const recorded = stepper.run(generated.filter((_, i) => i % batches === batch));
    machines ??= {
      handlers: new SiliconMachine({ operations: [], pairs: [] }, stepper.low),
      hot: new SiliconMachine(hotSetOf(recorded.filter((_, i) => i % Math.ceil(recorded.length / HOT_SAMPLE) === 0), stepper.low), stepper.low),
    };
    compareCases(recorded, chosen.ways, machines, result);
    onBatch(recorded);
  }
  for (const machine of Object.values(machines ?? {})) for (const [reason, count] of machine.explained) result.explained[reason] = (result.explained[reason] ?? 0) + count;
  return result;
}

/** Which of the undefined flags differ from this silicon's. */
function noteUndefined(test, machine, counts, instruction) {
  const mask = undefinedFlags(instruction, test.registers);
  if (mask === 0 || test.silicon.vector !== 1) return;
  const differing = (machine.eflags ^ test.silicon.eflags) & mask & ARITHMETIC_FLAGS;
  for (const [name, bit] of FLAG_NAMES) if (((differing >>> bit) & 1) !== 0) counts[name] = (counts[name] ?? 0) + 1;
}

const byLength = (a, b) => a.test.code.length - b.test.code.length || a.differences.length - b.differences.length;
const flagsText = (undefinedDiffers) => Object.entries(undefinedDiffers).map(([name, count]) => `${name} ${count}`).join(', ');

function reportText(summary, results) {
  for (const [mnemonic, { wrong, different, undefinedDiffers }] of results) {
    const flags = flagsText(undefinedDiffers);
    if (flags !== '') console.log(`${mnemonic}: undefined flags that differ from this silicon's: ${flags}`);
    for (const { test, way, executor, differences } of wrong) console.log(`\nDIFFERS ${way}, ${executor}: ${describe(test)}\n  ${differences.join('\n  ')}`);
    if (different > EXAMPLES) console.log(`  … ${different - EXAMPLES} more of ${mnemonic}`);
  }
  for (const [reason, count] of Object.entries(summary.explained)) console.log(`${count} executions: ${reason}`);
  for (const { reason, rows: left } of coverage()) console.log(`${left.length} rows without cases: ${reason}`);
  console.log(`${summary.cases} cases, ${summary.distinct} of them distinct, of ${summary.rows} rows, ${results.length} instructions, ${summary.runs} executions compared with ${summary.processor}: ${summary.different} differ`);
}

/** The tables of docs/correctness.md: masks of undefined flags, known deviations, rows without cases. */
function markdown(summary, results) {
  const table = (header, lines) => [header, header.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const masks = results.flatMap(([mnemonic, { cases, undefinedDiffers }]) => {
    const mask = rows.filter((row) => row.mnemonic === mnemonic).reduce((all, { traits }) => all | (traits.undefined ?? 0), 0) & ARITHMETIC_FLAGS;
    const names = FLAG_NAMES.filter(([, bit]) => ((mask >>> bit) & 1) === 1).map(([name]) => name);
    return names.length === 0 ? [] : [[`\`${mnemonic}\``, names.join(' '), String(cases), flagsText(undefinedDiffers) || 'none']];
  });
  return [
    `${summary.cases} cases, ${summary.distinct} of them distinct, of ${summary.rows} rows, ${summary.runs} executions, ${summary.different} unexplained differences; ${summary.processor}, seed ${summary.seed}.`,
    table(['instruction', 'undefined after it, for some operands', 'cases', 'cases in which this silicon has another value'], masks),
    table(['executions', 'deviation'], Object.entries(summary.explained).map(([reason, count]) => [String(count), reason])),
    table(['rows', 'without cases because'], coverage().map(({ reason, rows: left }) => [String(left.length), reason])),
  ].join('\n\n');
}

/** One worker: mnemonics as the parent hands them out. */
function work(chosen) {
  const stepper = openStepper();
  parentPort.on('message', (mnemonic) => {
    if (mnemonic === undefined) {
      stepper.dispose();
      parentPort.close();
      return;
    }
    const recorded = [];
    const result = compareMnemonic(mnemonic, chosen, stepper, (cases) => {
      parentPort.postMessage({ done: cases.length });
      if (chosen.record !== undefined) recorded.push(...cases);
    });
    // Examples are enough.
    parentPort.postMessage({ mnemonic, recorded, result: { ...result, wrong: result.wrong.toSorted(byLength).slice(0, EXAMPLES), different: result.wrong.length } });
  });
  parentPort.postMessage({ ready: true });
}

/** Hands the mnemonics to workers, the ones with most rows first. */
function compareAll(chosen, wanted, onProgress) {
  const waiting = wanted.toSorted((a, b) => rowsOf(b) - rowsOf(a));
  const outcomes = new Map();
  const recorded = new Map();
  const workers = Math.min(MOST_WORKERS, availableParallelism(), wanted.length);
  return Promise.all(Array.from({ length: workers }, () => new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: chosen });
    thread.on('message', (message) => {
      if (message.done !== undefined) {
        onProgress(message.done);
        return;
      }
      if (message.result !== undefined) {
        outcomes.set(message.mnemonic, message.result);
        recorded.set(message.mnemonic, message.recorded);
      }
      thread.postMessage(waiting.shift());
    });
    thread.on('error', reject);
    thread.on('exit', resolve);
  }))).then(() => ({ results: wanted.map((mnemonic) => [mnemonic, outcomes.get(mnemonic)]), recorded: wanted.flatMap((mnemonic) => recorded.get(mnemonic)) }));
}
const rowsOf = (mnemonic) => rows.filter((row) => row.mnemonic === mnemonic).length;

function totals(results) {
  const sum = (key) => results.reduce((total, [, result]) => total + result[key], 0);
  const explained = {};
  for (const [, result] of results) for (const [reason, count] of Object.entries(result.explained)) explained[reason] = (explained[reason] ?? 0) + count;
  return { cases: sum('cases'), distinct: sum('distinct'), runs: sum('runs'), rows: sum('rows'), different: sum('different'), explained };
}

const coverage = () => [...uncovered()].map(([reason, left]) => ({ reason, rows: left.map(({ mnemonic, opcode, operands }) => [mnemonic, opcode, ...operands].join(' ')) }));

function writeRecording(file, host, stepper, chosen, recorded) {
  const header = { processor: host, low: stepper.low, seed: chosen.seed, casesPerRow: chosen.cases };
  writeFileSync(file, gzipSync([header, ...recorded].map((line) => JSON.stringify(line)).join('\n'), { level: 9 }));
}

async function main() {
  const chosen = options();
  const stepper = openStepper();
  if (stepper.skipped !== undefined) {
    console.log(chosen.json ? JSON.stringify({ skipped: stepper.skipped }) : `skipped: ${stepper.skipped}`);
    return 0;
  }
  stepper.dispose();
  const wanted = mnemonics.filter((mnemonic) => chosen.row === undefined || mnemonic === chosen.row);
  let done = 0;
  const { results, recorded } = await compareAll(chosen, wanted, (cases) => {
    done += cases;
    if (process.stderr.isTTY) process.stderr.write(`\r${done} cases`);
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const host = hostProcessor();
  if (chosen.record !== undefined) writeRecording(chosen.record, host, stepper, chosen, recorded);
  const summary = { processor: host, seed: chosen.seed, ways: chosen.ways, low: stepper.low, ldt: stepper.ldt, ...totals(results) };
  if (chosen.json) console.log(JSON.stringify({ ...summary, notCovered: coverage(), mnemonics: Object.fromEntries(results) }));
  else if (chosen.markdown) console.log(markdown(summary, results));
  else reportText(summary, results);
  return summary.different > 0 ? 1 : 0;
}

if (isMainThread) process.exitCode = await main();
else work(workerData);
