// Our interpreter and translator beside other machines on the same guest images; see README.md here and docs/performance.md.
// One process a measurement, in shuffled order; every machine is timed by the same clock at the same two lines of its guest's console.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { UserError, runScript } from '../../scripts/guest-toolchain.mjs';
import { writeChart } from './peers/chart.mjs';
import { KERNELS, describeKernel } from './peers/kernels.mjs';
import { MACHINES, MEMORY_MIB, versions } from './peers/machines.mjs';
import { report } from './peers/layout.mjs';
import { chosen, exitOnTermination, positive, progress, say } from './peers/options.mjs';
import { PHASES, planOf } from './peers/plan.mjs';
import { calibrate, runPlan } from './peers/run.mjs';
import { summarize } from './peers/summary.mjs';
import { targetsOf } from './peers/targets.mjs';
import { WATCHABLE, measureWarmUp } from './peers/warm-up.mjs';

const RESULTS = fileURLToPath(new URL('../../results/bench', import.meta.url));
const SCHEMA = 1;
const MS_PER_S = 1000;
const CLOCKS = ['wall', 'cpu'];
const HELP = `Usage: npm run bench -- [options]        (node benchmarks/speed/peers.mjs [options] after npx tsc -b)

Times our interpreter and translator beside other machines on the same guest images: warm (${PHASES.warm / 1e9} G instructions, START to END),
cold (${PHASES.cold / 1e9} G, process start to END), and throughput against time since process start. Writes bench.json, ratios.svg, ratios.png.

  --rounds N          processes for each figure (5)
  --workload ID       only this kernel, may be repeated: ${KERNELS.map(({ id }) => id).join(', ')}
  --peers A,B         only these machines: ${Object.keys(MACHINES).join(', ')}
  --phase PHASE       only warm or only cold
  --warm-up           only throughput against time
  --scale-factor F    this share of the instructions (1)
  --clock wall|cpu    what tables and ratios are made of; bench.json has both (wall)
  --deadline S        seconds after which a process is ended; warm it is tried with a tenth of the work, cold it is reported as a bound (30)
  --seed N            of the order and of the intervals (1)
  --out DIR           where the results go (results/bench)
  --from FILE         measures nothing, shows a bench.json again
  --json              the whole result on standard output instead of tables
  --help

Ctrl-C ends it with what was measured until then.

Examples:
  npm run bench
  npm run bench -- --workload coremark-like --workload syscall-loop --peers translator,qemu --rounds 3
  npm run bench -- --phase cold --peers translator,v86-translator --json
  npm run bench -- --from results/bench/bench.json --clock cpu`;

const OPTIONS = {
  rounds: { type: 'string', default: '5' }, workload: { type: 'string', multiple: true }, peers: { type: 'string', default: Object.keys(MACHINES).join() },
  phase: { type: 'string' }, 'warm-up': { type: 'boolean', default: false }, 'scale-factor': { type: 'string', default: '1' }, clock: { type: 'string', default: 'wall' },
  deadline: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' }, out: { type: 'string', default: RESULTS }, from: { type: 'string' },
  json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
};

function readOptions() {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.phase !== undefined && values['warm-up']) throw new UserError('--phase and --warm-up are two runs');
  const ids = KERNELS.map(({ id }) => id);
  const wanted = chosen(values.workload ?? ids, ids, 'kernel');
  const phases = chosen(values.phase === undefined ? Object.keys(PHASES) : [values.phase], Object.keys(PHASES), 'phase');
  return {
    ...values,
    kernels: KERNELS.filter(({ id }) => wanted.includes(id)),
    peers: chosen(values.peers.split(','), Object.keys(MACHINES), 'machine'),
    phases: values['warm-up'] ? [] : phases,
    watches: values['warm-up'] || (values.phase === undefined && values.workload === undefined),
    clock: chosen([values.clock], CLOCKS, 'clock')[0],
    rounds: positive(values.rounds, 'rounds', true),
    factor: positive(values['scale-factor'], 'scale-factor', false),
    deadlineMs: positive(values.deadline, 'deadline', false) * MS_PER_S,
    seed: positive(values.seed, 'seed', true),
  };
}

async function presentPeers(peers) {
  const reasons = await Promise.all(peers.map(async (peer) => [peer, await MACHINES[peer].absent()]));
  const absent = reasons.filter(([, reason]) => reason !== undefined);
  for (const [peer, reason] of absent) say(`${peer} skipped: ${reason}`);
  const skipped = Object.fromEntries(absent);
  return { peers: peers.filter((peer) => skipped[peer] === undefined), skipped };
}

/** Everything that is measured, without what follows from it. */
async function measureAll(options) {
  const { phases, rounds, factor, seed, deadlineMs, watches } = options;
  const { peers, skipped } = await presentPeers(options.peers);
  const kernels = [];
  for (const kernel of phases.length > 0 ? options.kernels : []) {
    progress(`counting ${kernel.id}`);
    kernels.push(await calibrate(describeKernel(kernel), deadlineMs));
  }
  const watched = WATCHABLE.filter((peer) => peers.includes(peer));
  const warmUp = watches && watched.length > 0 ? await measureWarmUp({ peers: watched, rounds, seed, deadlineMs }) : undefined;
  const stop = { asked: false };
  process.once('SIGINT', () => (stop.asked = true));
  const plan = planOf({ kernels, peers, phases, rounds, factor, seed });
  const measurements = await runPlan(plan, deadlineMs, stop);
  if (stop.asked) say(`interrupted: ${measurements.length} of ${plan.length} measurements`);
  const machine = { processors: availableParallelism(), model: cpus()[0]?.model ?? 'unknown', guestMemoryMiB: MEMORY_MIB };
  return { schema: SCHEMA, seed, rounds, factor, phases, deadlineMs, versions: versions(), machine, peers, skipped, kernels, ...(warmUp === undefined ? {} : { warmUp }), measurements };
}

function readResult(file) {
  try {
    const result = JSON.parse(readFileSync(file, 'utf8'));
    if (result.schema === SCHEMA) return result;
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${error.message}`);
  }
  throw new UserError(`${file} is not a bench.json of schema ${SCHEMA}`);
}

async function main() {
  const options = readOptions();
  if (options.help) return console.log(HELP);
  exitOnTermination();
  const measured = options.from === undefined ? await measureAll(options) : readResult(options.from);
  const summary = summarize(measured, options.clock);
  const result = { ...measured, ...summary, targets: targetsOf({ ...measured, ...summary }) };
  if (options.from === undefined) {
    mkdirSync(options.out, { recursive: true });
    const file = join(options.out, 'bench.json');
    writeFileSync(file, `${JSON.stringify(result, undefined, 1)}\n`);
    const charts = result.kernels.length > 0 ? await writeChart(options.out, result.kernels, result.ratios) : [];
    say(`written: ${[file, ...charts].join(', ')}`);
  }
  console.log(options.json ? JSON.stringify(result, undefined, 1) : report(result));
}

await runScript('bench', main);
