// Runs generated programs on the translator in lock step with the interpreter (packages/translator/test/support/lockstep.ts): loops around random instructions of all rows,
// and programs of two rings that change page tables, code, segments and control registers while they are hot; with faults, page-crossing accesses, interrupts, TLB flushes, and
// stops and NMIs at random instruction counts. In most programs checks of the generated code fail though they hold, at one execution of so many, so that their sites are left at.
//
//   node scripts/oracle/translator.mjs [--instructions N] [--seed S] [--workers W] [--path P] [--no-shrink] [--coverage] [--json]
//
// N instructions (1,000,000 unless told) on each of the two, shared among W threads (as many as there are processors, at most 8). `--coverage` prints what was exercised.
// `--path` with the seed of a failure runs that program alone; `--no-shrink` shows a failure as it was found.
// Exit code 1 and the shrunk program when state, memory or counts differ, or, from 10,000,000 instructions on, when something that must be exercised was not.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

const MOST_WORKERS = 8;
/** A worker's seeds are its own: each round of a run takes the next one. */
const SEEDS_OF_A_WORKER = 1_000_000;
const FLOORS_FROM = 10_000_000;
const PROGRESS_EVERY = 250;

const support = (name) => import(`../../packages/translator/test/support/${name}.ts`);

function options() {
  const fail = (problem) => {
    console.error(`translator: ${problem}`);
    process.exit(2);
  };
  try {
    const text = (value) => ({ type: 'string', default: String(value) });
    const flag = { type: 'boolean', default: false };
    const { values } = parseArgs({ options: { instructions: text(1_000_000), seed: text(1), workers: text(Math.min(MOST_WORKERS, availableParallelism())), path: { type: 'string' }, 'no-shrink': flag, coverage: flag, json: flag } });
    const [instructions, seed, workers] = [values.instructions, values.seed, values.workers].map(Number);
    if (![instructions, seed, workers].every(Number.isSafeInteger) || instructions < 1 || workers < 1) fail('--instructions, --seed and --workers take whole numbers, the first and the last positive ones');
    return { instructions, seed, path: values.path, shrinks: !values['no-shrink'], workers: values.path === undefined ? workers : 1, coverage: values.coverage, json: values.json };
  } catch (error) {
    return fail(error.message);
  }
}

/** In a worker: its share. */
async function work({ instructions, seed, path, shrinks }) {
  register();
  const { checkLockstep } = await support('lockstep');
  let heard = performance.now();
  const onProgress = (done) => {
    if (performance.now() - heard < PROGRESS_EVERY) return;
    heard = performance.now();
    parentPort.postMessage({ done });
  };
  parentPort.postMessage({ result: checkLockstep({ instructions, seed, onProgress, shrinks, ...(path === undefined ? {} : { path }) }) });
}

function start(share, onProgress) {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: share });
    thread.on('message', ({ done, result }) => (result === undefined ? onProgress(done) : resolve(result)));
    thread.on('error', reject);
  });
}

async function run({ instructions, seed, path, shrinks, workers }) {
  const done = Array.from({ length: workers }, () => 0);
  const share = Math.ceil(instructions / workers);
  const results = await Promise.all(done.map((_, index) => start({ instructions: share, seed: seed + index * SEEDS_OF_A_WORKER, path, shrinks }, (own) => {
    done[index] = own;
    if (process.stderr.isTTY) process.stderr.write(`\r${done.reduce((sum, one) => sum + one, 0)}/${instructions}`);
  })));
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  return results;
}

async function main() {
  const chosen = options();
  register();
  const { coverageTable, mergeCounts, missingCoverage } = await support('lockstep-coverage');
  const began = performance.now();
  const results = await run(chosen);
  const seconds = (performance.now() - began) / 1000;
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const coverage = mergeCounts(results.map((result) => result.coverage));
  const failures = results.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
  const missing = chosen.instructions >= FLOORS_FROM ? missingCoverage(coverage) : [];
  const figures = { programs: sum('programs'), instructions: sum('instructions'), regions: sum('regions'), seconds: Math.round(seconds), failures, missing };
  if (chosen.json) console.log(JSON.stringify({ ...figures, coverage }));
  else {
    if (chosen.coverage) console.log(coverageTable(coverage));
    console.log(`${figures.programs} programs, ${figures.instructions} instructions in lock step (${Math.round(figures.instructions / seconds / 1000)} thousand a second), ${figures.regions} regions; ${failures.length === 0 ? 'no difference' : 'they differ'}`);
    for (const failure of failures) console.log(failure);
    if (missing.length > 0) console.log(`too little of:\n  ${missing.join('\n  ')}`);
  }
  process.exitCode = failures.length === 0 && missing.length === 0 ? 0 : 1;
}

if (isMainThread) await main();
else await work(workerData);
