// Compares our decoder with the one of iced-x86: validity, length, mnemonic, operands, LOCK and repetition of random byte strings.
//
//   node scripts/oracle/decoder.mjs [--cases N] [--seed S] [--json]
//
// N byte strings (1,000,000 unless told) of 16 bytes, a quarter each of 16- and 32-bit code, of bytes that are all random and of bytes with likely
// prefixes and opcodes. Differences that have a reason (packages/isa/test/encoding/compare.ts) are counted by it; exit code 1 and examples when one has
// none. Runs from the sources of `isa`, on all processors of the host.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

const BATCH = 50_000;
const EXAMPLES = 20;
const MOST_WORKERS = 8;
/** Between the batches of two seeds; a seed of 0 would give zeros only. */
const SEED_DISTANCE = 7_919_003;

function options() {
  const fail = (problem) => {
    console.error(`decoder: ${problem}`);
    process.exit(2);
  };
  try {
    const { values } = parseArgs({ options: { cases: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } } });
    const [cases, seed] = [Number(values.cases), Number(values.seed)];
    if (!Number.isInteger(cases) || cases < 1 || !Number.isInteger(seed)) fail('--cases and --seed take whole numbers, --cases a positive one');
    return { cases, seed, json: values.json };
  } catch (error) {
    return fail(error.message);
  }
}

/** Compares every batch whose number is this worker's modulo the number of workers, and tells the parent of each. */
async function work({ cases, seed, worker, workers }) {
  register();
  const { compareRandom, KINDS, newComparison } = await import('../../packages/isa/test/encoding/verdict.ts');
  const { MODES } = await import('../../packages/isa/test/encoding/encodings.ts');
  const comparison = newComparison();
  for (let batch = worker; batch * BATCH < cases; batch += workers) {
    const kind = KINDS[batch % KINDS.length];
    const mode = MODES[Math.floor(batch / KINDS.length) % MODES.length];
    compareRandom(kind, mode, Math.min(BATCH, cases - batch * BATCH), (Math.imul(seed, SEED_DISTANCE) + batch) || 1, comparison);
    parentPort.postMessage({ done: comparison.cases });
  }
  parentPort.postMessage({ result: { ...comparison, mismatches: comparison.mismatches.slice(0, EXAMPLES), different: comparison.mismatches.length, seen: [...comparison.seen].map(({ mnemonic, opcode, operands }) => `${mnemonic} ${opcode} ${operands.join()}`) } });
}

function start(chosen, worker, workers, onProgress) {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: { ...chosen, worker, workers } });
    thread.on('message', ({ done, result }) => (result === undefined ? onProgress(done) : resolve(result)));
    thread.on('error', reject);
  });
}

function merge(results) {
  const reasons = {};
  for (const result of results) for (const [reason, count] of result.reasons) reasons[reason] = (reasons[reason] ?? 0) + count;
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  return { cases: sum('cases'), valid: sum('valid'), rowsSeen: new Set(results.flatMap(({ seen }) => seen)).size, reasons, different: sum('different'), examples: results.flatMap(({ mismatches }) => mismatches).slice(0, EXAMPLES) };
}

function print(summary) {
  console.log(`${summary.cases} byte strings, ${summary.valid} of them instructions, of ${summary.rowsSeen} rows`);
  for (const [reason, count] of Object.entries(summary.reasons).toSorted(([, a], [, b]) => b - a)) console.log(`${String(count).padStart(9)}  ${reason}`);
  console.log(`${String(summary.different).padStart(9)}  unexplained`);
  for (const example of summary.examples) console.log(`  ${example}`);
}

async function main() {
  const chosen = options();
  const workers = Math.min(MOST_WORKERS, availableParallelism());
  const progress = Array.from({ length: workers }, () => 0);
  const results = await Promise.all(Array.from({ length: workers }, (_, worker) => start(chosen, worker, workers, (done) => {
    progress[worker] = done;
    if (process.stderr.isTTY) process.stderr.write(`\r${progress.reduce((sum, own) => sum + own)}/${chosen.cases}`);
  })));
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const summary = merge(results);
  if (chosen.json) console.log(JSON.stringify({ seed: chosen.seed, ...summary }));
  else print(summary);
  process.exitCode = summary.different > 0 ? 1 : 0;
}

if (isMainThread) await main();
else await work(workerData);
