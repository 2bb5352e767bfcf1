// What computation costs under the cores, in time: each core over the first, by workload. One process a measurement, in turns, and of each the least of the rounds,
// because whatever else the host does only adds. Processor time of the thread that runs the guest: translating by V8 on other threads is not in it. Needs a build.
//
//   node scripts/measure-cores.mjs [--cores native,v386,trap,sbe,dynamic-sbe] [--rounds N] [--executor NAME] [--json] [WORKLOAD=SCALE …]
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { registry } from '../packages/cli/dist/index.js';
import { assembleGuest, configurationOf, discoverWorkloads, recipeFor } from '../packages/harness/dist/index.js';

const { values, positionals } = parseArgs({ allowPositionals: true, options: {
  cores: { type: 'string', default: 'native,v386,trap,sbe,dynamic-sbe' }, rounds: { type: 'string', default: '3' }, executor: { type: 'string', default: 'translator' },
  json: { type: 'boolean', default: false }, child: { type: 'string' },
} });
const WORKLOADS = fileURLToPath(new URL('../workloads', import.meta.url));
const MEMORY_BYTES = 64 << 20;
/** Far beyond any of them. */
const BUDGET = 1e12;
const MILLION = 1e6;
/** Computation, from hardly any calls to many; at scales that take half a second on the baseline, and less where a technique stops at every return. */
const COMPUTATION = ['nbody=20000', 'fft=100', 'matrix=200', 'sha256=2000', 'compression=30', 'sieve-sort=24', 'coremark-like=200', 'sort=8'];

const threadMilliseconds = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/** Runs one workload on one core, and prints the region's time and counts. */
async function measureHere(name, [request]) {
  const [id, scale] = request.split('=');
  const { core: coreId, settings } = configurationOf(name);
  const core = await registry.load(coreId);
  const workload = discoverWorkloads(WORKLOADS).find((candidate) => candidate.id === id);
  if (workload === undefined) throw new Error(`no workload is called ${id}`);
  const { image, disks } = assembleGuest(id, recipeFor(workload, Number(scale), core.port));
  const engine = core.create({ memoryBytes: MEMORY_BYTES, disks, settings: { executor: values.executor, ...settings }, hostClock: threadMilliseconds });
  const loaded = engine.load(image);
  const exit = loaded.ok ? engine.run(BUDGET) : { kind: loaded.problem };
  const region = engine.region();
  if (exit.kind !== 'power-off' || exit.status !== workload.status || region === undefined) throw new Error(`${request} on ${name} ended with ${JSON.stringify(exit)}`);
  console.log(JSON.stringify(region));
}

function measure(core, request) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--child', core, '--executor', values.executor, request], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${request} on ${core}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Least milliseconds, and counts, of each core and workload. */
function measureAll(cores, requests, rounds) {
  const found = new Map();
  for (let round = 0; round < rounds; round++) for (const request of requests) for (const core of cores) {
    const { milliseconds, counts } = measure(core, request);
    const key = `${request} ${core}`;
    process.stderr.write(`round ${round + 1}: ${key}: ${milliseconds.toFixed(0)} ms\n`);
    found.set(key, { request, core, milliseconds: Math.min(milliseconds, found.get(key)?.milliseconds ?? Infinity), exits: counts['vmm.exit'] ?? 0, direct: (counts.direct ?? 0) / counts.retired, retired: counts.retired });
  }
  return found;
}

function main() {
  const cores = values.cores.split(',');
  const requests = positionals.length > 0 ? positionals : COMPUTATION;
  const found = measureAll(cores, requests, Number(values.rounds));
  const [baseline, ...others] = cores;
  const ratio = (request, core) => found.get(`${request} ${core}`).milliseconds / found.get(`${request} ${baseline}`).milliseconds;
  if (values.json) return console.log(JSON.stringify([...found.values()].map((cell) => ({ ...cell, ratio: ratio(cell.request, cell.core) })), undefined, 2));
  console.log(`| workload, scale | million instructions | ${baseline}, ms | ${others.join(' | ')} |\n| --- | ---: | ---: | ${others.map(() => '---:').join(' | ')} |`);
  for (const request of requests) {
    const { retired, milliseconds } = found.get(`${request} ${baseline}`);
    const cells = others.map((core) => `${ratio(request, core).toFixed(2)} (${((found.get(`${request} ${core}`).exits * MILLION) / retired).toPrecision(3)})`);
    console.log(`| ${request.replace('=', ', ')} | ${(retired / MILLION).toFixed(0)} | ${milliseconds.toFixed(0)} | ${cells.join(' | ')} |`);
  }
}

if (values.child === undefined) main();
else await measureHere(values.child, positionals);
