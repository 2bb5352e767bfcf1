// Replays recordings of a real 80286 in real mode on our machine.
//
//   node scripts/oracle/real-80286.mjs [FILE] [--op FORM] [--json]
//
// FILE, or what the environment variable RINGBENCH_80286 names, holds the recordings, gzipped, one JSON object a line (recordings-80286.ts says what
// else is tried). How an 80286 differs from the processors since the 80386, and what is done about it, is data in differences-80286.ts. Every case that
// means the same in 16-bit protected mode is replayed there too. --op takes one instruction form, such as 80.1. Exit code 1 when a difference is not
// explained, with examples by form; 2 when the arguments or the file are bad.
import { parseArgs } from 'node:util';
import { isSameInProtectedMode, judge } from '../../packages/interpreter/test/support/differences-80286.ts';
import { RealModeMachine } from '../../packages/interpreter/test/support/real-mode-machine.ts';
import { findRecordings, readRecordingLines } from '../../packages/interpreter/test/support/recordings-80286.ts';

const EXAMPLES = 3;
const MILLISECONDS = 1000;

class UsageError extends Error {}

function options() {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean', default: false }, op: { type: 'string' } } });
    if (positionals.length > 1) throw new UsageError('takes one file');
    return { ...values, file: positionals[0] };
  } catch (error) {
    throw new UsageError(error.message);
  }
}

function read(file, form) {
  const found = findRecordings(file);
  if (found.missing !== undefined) throw new UsageError(found.missing);
  try {
    const recordings = readRecordingLines(found.path).map((line) => JSON.parse(line));
    return form === undefined ? recordings : recordings.filter(({ op }) => op === form);
  } catch (error) {
    throw new UsageError(`${found.path} is no file of recordings: ${error.message}`);
  }
}

const addTo = (counts, key) => {
  counts[key] = (counts[key] ?? 0) + 1;
};

/** Replays in one mode: numbers by reason, and what differs by instruction form. */
function replayAll(machine, recordings, mode) {
  const summary = { cases: recordings.length, passed: 0, replaced: {}, masked: {}, skipped: {}, unexplained: 0, forms: {}, casesPerSecond: 0 };
  const start = performance.now();
  for (const recording of recordings) {
    const verdict = judge(machine, recording, mode);
    if (verdict.kind === 'skipped') addTo(summary.skipped, verdict.reason);
    else if (verdict.kind === 'different') {
      summary.unexplained++;
      (summary.forms[recording.op] ??= []).push({ name: recording.name, bytes: recording.bytes, differences: verdict.differences, recording });
    } else if (verdict.masks.length > 0) addTo(summary.masked, verdict.masks.join(' + '));
    else if (verdict.replaced !== undefined) addTo(summary.replaced, verdict.replaced);
    else summary.passed++;
  }
  summary.casesPerSecond = Math.round((recordings.length / (performance.now() - start)) * MILLISECONDS);
  return summary;
}

const total = (counts) => Object.values(counts).reduce((sum, count) => sum + count, 0);
const row = (count, text) => `${String(count).padStart(8)}  ${text}`;
const rowsOf = (counts, what) => Object.entries(counts).map(([reason, count]) => row(count, `${what}: ${reason}`));

function printSummary(title, summary) {
  console.log(`${title}, ${summary.casesPerSecond} cases/s`);
  const lines = [
    row(summary.cases, 'cases'), row(summary.cases - total(summary.skipped), 'compared'), row(summary.passed, 'the same in everything'), ...rowsOf(summary.replaced, 'as a 386 has it'),
    ...rowsOf(summary.masked, 'the same but for undefined flags'), ...rowsOf(summary.skipped, 'left out'), row(summary.unexplained, 'unexplained'),
  ];
  console.log(lines.join('\n'));
  for (const [op, found] of Object.entries(summary.forms)) {
    console.log(`${op}: ${found.length} differ`);
    for (const { name, bytes, differences } of found.slice(0, EXAMPLES)) console.log(`  ${name} (${bytes}): ${differences.join('; ')}`);
  }
}

function main() {
  const { file, json, op } = options();
  const recordings = read(file, op);
  if (recordings.length === 0) throw new UsageError('there are no such recordings');
  const machine = new RealModeMachine();
  const real = replayAll(machine, recordings, 'real');
  const protectedMode = replayAll(machine, recordings.filter(isSameInProtectedMode), 'protected');
  if (json) console.log(JSON.stringify({ real, protected: protectedMode }));
  else {
    printSummary('Real mode', real);
    printSummary('16-bit protected mode', protectedMode);
  }
  return real.unexplained + protectedMode.unexplained > 0 ? 1 : 0;
}

try {
  process.exitCode = main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`real-80286: ${error.message}`);
  process.exitCode = 2;
}
