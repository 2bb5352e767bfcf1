// Runs generated programs (packages/engine/src/programs) on several cores and compares what their guests show, on all processors of the host.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { buildImage, firstDifference, generateProgram, observe, shrinkPrograms } from '../../packages/engine/dist/programs/index.js';
import { loadCore } from '../cores.mjs';
import { listPrograms } from './listing.mjs';

/** The baseline: the guest in a machine of its own. */
const REFERENCE = 'native';
/** Programs in one image; those behind one that never ends are begun again in the next. */
const PROGRAMS_OF_AN_IMAGE = 20;
/** Pages of another owner among the guest's, in machines that have a monitor. */
const NEIGHBOUR_PAGES = 128;
const MOST_WORKERS = 8;
/** Processor seconds of this process, for each worker, without a word from one after which a core is held to have kept the processor. On a busy computer that takes longer. */
const PATIENCE = 120;
/** Milliseconds between two looks at that. */
const WATCH_EVERY = 10_000;
/** Failures of one worker that are reduced to a minimum; further ones are only counted. */
const MOST_SHRUNK = 3;

/** Milliseconds between two lines of progress in a log. */
const LOG_EVERY = 60_000;
/** Where failing programs are kept. */
const FAILURES = fileURLToPath(new URL('../../results/fuzz', import.meta.url));

/** What this process and its threads have used. */
function processorSeconds() {
  const { user, system } = process.cpuUsage();
  return Math.round((user + system) / 1e5) / 10;
}

const textOf = (error) => (error instanceof Error ? `throws ${error.stack ?? error.message}` : String(error));

/** Settings of a core that have this executor run its guests; those by default where none is given, or the core has no choice. */
const settingsOf = ({ settings = [] }, executor) => (executor !== undefined && settings.some(({ name }) => name === 'executor') ? { settings: { executor } } : {});

/** What the reference's guest showed, and where another core's differs; `undefined` where none does. The host hears of each run: reducing a failure takes many. */
function judge(cores, reference, programs, executor) {
  const image = buildImage(programs);
  const expected = observe(reference, image, settingsOf(reference, executor));
  for (const core of cores) {
    let difference;
    parentPort.postMessage({});
    try {
      difference = firstDifference(expected, observe(core, image, { neighbourPages: NEIGHBOUR_PAGES, ...settingsOf(core, executor) }));
    } catch (error) {
      difference = textOf(error);
    }
    if (difference !== undefined) return { expected, failure: { core, difference, image } };
  }
  return { expected };
}

/** A failure: the smallest programs that show it, in words and as a listing. */
function explain(reference, programs, { core, difference }, executor) {
  const seed = programs[0].seed;
  const fails = (fewer) => judge([core], reference, fewer, executor).failure !== undefined;
  const least = shrinkPrograms(programs, fails);
  const left = judge([core], reference, least, executor).failure;
  // A failure that depends on more than the guest's bytes does not shrink: it is told as it came.
  if (left === undefined) return { core: core.id, seed, text: `${core.id}: ${difference} (programs from seed ${seed} on; not repeatable)` };
  return { core: core.id, seed: least[0].seed, text: `${core.id}: ${left.difference}\n${JSON.stringify(least)}\n${listPrograms(left.image)}` };
}

/** Images from `from` on until `programs` programs have run; every worker takes seeds of its own. */
async function work({ profile, cores: ids, executor, seed, programs }) {
  const reference = await loadCore(REFERENCE);
  const cores = await Promise.all(ids.filter((id) => id !== REFERENCE).map((id) => loadCore(id)));
  const total = { programs: 0, finished: 0, images: 0, instructions: 0, looks: 0, ends: {}, kinds: {}, failed: 0 };
  for (let next = 0; next < programs; ) {
    const batch = Array.from({ length: Math.min(PROGRAMS_OF_AN_IMAGE, programs - next) }, (_, index) => generateProgram(seed + next + index, profile));
    const { expected, failure } = judge(cores, reference, batch, executor);
    const begun = Math.max(1, Math.min(batch.length, expected.begun));
    // All but the last that began gave way to the next one; the last one did where the guest then powered itself off.
    total.finished += expected.begun === batch.length && expected.exit.kind === 'power-off' ? begun : begun - 1;
    for (const { pieces } of batch.slice(0, begun)) for (const { kind } of pieces) total.kinds[kind] = (total.kinds[kind] ?? 0) + 1;
    total.ends[expected.exit.kind] = (total.ends[expected.exit.kind] ?? 0) + 1;
    total.instructions += expected.looks.at(-1).retired;
    total.looks += expected.looks.length;
    total.images++;
    if (failure !== undefined && ++total.failed <= MOST_SHRUNK) parentPort.postMessage({ failure: explain(reference, batch, failure, executor) });
    total.programs = next += begun;
    parentPort.postMessage({ done: next });
  }
  parentPort.postMessage({ result: total });
}

function start(campaign, workers, onProgress, onFailure) {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: campaign });
    let [heard, done] = [processorSeconds(), 0];
    const watch = setInterval(() => {
      if (processorSeconds() - heard < PATIENCE * workers) return;
      clearInterval(watch);
      void thread.terminate();
      reject(new Error(`a core kept the processor for ${PATIENCE} s in the programs from seed ${campaign.seed + done} on`));
    }, WATCH_EVERY);
    thread.on('message', ({ done: number = done, failure, result }) => {
      heard = processorSeconds();
      if (failure !== undefined) onFailure(failure);
      if (result === undefined) return onProgress((done = number));
      clearInterval(watch);
      return resolve(result);
    });
    thread.on('error', reject);
  });
}

const sumOf = (results, key) => results.reduce((sum, result) => sum + result[key], 0);
const mergeCounts = (results, key) => results.reduce((all, result) => Object.entries(result[key]).reduce((counts, [name, count]) => ({ ...counts, [name]: (counts[name] ?? 0) + count }), all), {});

/** Says how far it is: on a terminal all the time, in a log once in a while. */
function createProgress(programs) {
  const done = [];
  let said = performance.now();
  return (worker, number) => {
    done[worker] = number;
    const all = done.reduce((sum, own) => sum + (own ?? 0), 0);
    if (process.stderr.isTTY) process.stderr.write(`\r${all}/${programs}`);
    else if (performance.now() - said > LOG_EVERY) {
      said = performance.now();
      process.stderr.write(`${all}/${programs}\n`);
    }
  };
}

/** Writes a failure, as soon as it is known, to a file of its own, named by core and seed. */
function saveFailure(profile, { core, seed, text }) {
  mkdirSync(FAILURES, { recursive: true });
  const file = join(FAILURES, `${profile}-${core}-${seed}.txt`);
  writeFileSync(file, `${text}\n`);
  process.stderr.write(`${core} differs: ${file}\n`);
  return { core, seed, file, text };
}

/** Runs a campaign and prints its figures; the exit code is 1 when a core differs. */
export async function runCampaign(profile, { programs, seed, cores, executor, json }) {
  const workers = Math.min(MOST_WORKERS, availableParallelism(), programs);
  const share = Math.ceil(programs / workers);
  const progress = createProgress(programs);
  process.stderr.write(`${profile}: ${programs} programs from seed ${seed} on, ${workers} workers\n`);
  const began = performance.now();
  const shares = Array.from({ length: workers }, (_, index) => ({ profile, cores, executor, seed: seed + index * share, programs: Math.min(share, programs - index * share) })).filter((own) => own.programs > 0);
  const failures = [];
  const results = await Promise.all(shares.map((own, index) => start(own, workers, (done) => progress(index, done), (failure) => failures.push(saveFailure(profile, failure)))));
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const seconds = Math.round((performance.now() - began) / 1000);
  const figures = {
    profile, seed, cores, executor: executor ?? 'default', programs: sumOf(results, 'programs'), finished: sumOf(results, 'finished'), images: sumOf(results, 'images'), instructions: sumOf(results, 'instructions'), looks: sumOf(results, 'looks'),
    ends: mergeCounts(results, 'ends'), kinds: mergeCounts(results, 'kinds'), seconds, cpuSeconds: processorSeconds(), failed: sumOf(results, 'failed'), failures,
  };
  if (json) console.log(JSON.stringify(figures));
  else report(figures);
  return figures.failed === 0 ? 0 : 1;
}

function report({ seed, cores, executor, programs, finished, images, instructions, looks, ends, seconds, cpuSeconds, failed, failures }) {
  const ended = Object.entries(ends).map(([end, count]) => `${end} ${count}`).join(', ');
  console.log(`seed ${seed}: ${programs} programs, of which ${finished} ran to their end, in ${images} images on ${cores.join(', ')} (executor: ${executor}): ${instructions} instructions and ${looks} looks on each, ${seconds} s, ${cpuSeconds} processor seconds; images ended by ${ended}; ${failed} differ`);
  for (const { file, text } of failures) console.log(`${text}\nsaved in ${file}`);
}

if (!isMainThread) await work(workerData);
