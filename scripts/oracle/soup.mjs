// Runs random bytes and random instructions in every mode and checks what interpretation owes to any bytes whatever
// (packages/interpreter/test/support/soup-properties.ts).
//
//   node scripts/oracle/soup.mjs [--runs N] [--seed S] [--json]
//
// N soups (2,000 unless told), split over the processors of the host. Exit code 1 and the shrunk soup when a property does not hold, or the number of a
// soup that does not end: a run is synchronous, so that only another thread can see it.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

/** Soups after which the machines are new, so that a failure is found again quickly; what a worker takes at a time. */
const ROUND = 100;
const SCAN_EVERY = 10;
const MOST_WORKERS = 8;
/** Milliseconds. The slowest soup takes a few seconds, also while others use the host. */
const STALLED_AFTER = 120_000;

function options() {
  const fail = (problem) => {
    console.error(`soup: ${problem}`);
    process.exit(2);
  };
  try {
    const { values } = parseArgs({ options: { runs: { type: 'string', default: '2000' }, seed: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } } });
    const [runs, seed] = [Number(values.runs), Number(values.seed)];
    if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed)) fail('--runs and --seed take whole numbers, --runs a positive one');
    return { runs, seed, json: values.json };
  } catch (error) {
    return fail(error.message);
  }
}

/** Every round whose number is this worker's modulo the number of workers. */
async function work({ runs, seed, worker, workers }) {
  register();
  const { checkSoups, hotSetOfSoup } = await import('../../packages/interpreter/test/support/soup-properties.ts');
  const hot = hotSetOfSoup();
  const total = { runs: 0, instructions: 0, stops: {}, failures: [] };
  for (let round = worker; round * ROUND < runs; round += workers) {
    const seedOfRound = seed * runs + round;
    let soup = 0;
    const onRun = () => parentPort.postMessage({ done: ++total.runs, at: `soup ${soup++} of seed ${seedOfRound} (checkSoups)` });
    const result = checkSoups(hot, { runs: Math.min(ROUND, runs - round * ROUND), seed: seedOfRound, scanEvery: SCAN_EVERY, onRun });
    total.instructions += result.instructions;
    for (const [stop, count] of Object.entries(result.stops)) total.stops[stop] = (total.stops[stop] ?? 0) + count;
    if (result.failure !== undefined) total.failures.push(result.failure);
  }
  parentPort.postMessage({ result: total });
}

function start(chosen, worker, workers, onProgress) {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: { ...chosen, worker, workers } });
    let stalled;
    const watch = (at) => {
      clearTimeout(stalled);
      stalled = setTimeout(() => {
        console.log(`${at} does not end`);
        process.exit(1);
      }, STALLED_AFTER);
    };
    thread.on('message', ({ done, at, result }) => {
      if (result === undefined) {
        watch(at);
        onProgress(done);
        return;
      }
      clearTimeout(stalled);
      resolve(result);
    });
    thread.on('error', reject);
  });
}

async function main() {
  const chosen = options();
  const workers = Math.min(MOST_WORKERS, availableParallelism());
  const progress = Array.from({ length: workers }, () => 0);
  const results = await Promise.all(progress.map((_, worker) => start(chosen, worker, workers, (done) => {
    progress[worker] = done;
    if (process.stderr.isTTY) process.stderr.write(`\r${progress.reduce((sum, own) => sum + own)}/${chosen.runs}`);
  })));
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const stops = {};
  for (const result of results) for (const [stop, count] of Object.entries(result.stops)) stops[stop] = (stops[stop] ?? 0) + count;
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const summary = { seed: chosen.seed, runs: sum('runs'), instructions: sum('instructions'), stops, failures: results.flatMap(({ failures }) => failures) };
  if (chosen.json) console.log(JSON.stringify(summary));
  else {
    const ends = Object.entries(stops).map(([stop, count]) => `${stop} ${count}`).join(', ');
    console.log(`${summary.runs} soups, ${summary.instructions} instructions on each of three machines; ended by ${ends}; ${summary.failures.length} fail`);
    for (const failure of summary.failures) console.log(failure);
  }
  process.exitCode = summary.failures.length > 0 ? 1 : 0;
}

if (isMainThread) await main();
else await work(workerData);
