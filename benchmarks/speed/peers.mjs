// Our interpreter and translator beside other machines on the same guest images; see README.md here and docs/performance.md.
// One process a measurement, in shuffled order; every machine is timed by the same clock at the same two lines of its guest's console.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runScript } from '../../scripts/guest-toolchain.mjs';
import { writeChart } from './peers/chart.mjs';
import { KERNELS, describeKernel } from './peers/kernels.mjs';
import { MACHINES, MEMORY_MIB, versions } from './peers/machines.mjs';
import { chosen, positive, progress, say } from './peers/options.mjs';
import { PHASES, planOf } from './peers/plan.mjs';
import { calibrate, runPlan } from './peers/run.mjs';
import { cellsOf, ratiosOf, startOf } from './peers/summary.mjs';
import { coldTable, ratioTable, reducedLines, startTable, targetTable, warmTable } from './peers/tables.mjs';
import { targetsOf } from './peers/targets.mjs';

const RESULTS = fileURLToPath(new URL('../../results/bench', import.meta.url));
const SCHEMA = 1;
const MS_PER_S = 1000;
const CLOCKS = ['wall', 'cpu'];
const HELP = `Usage: npm run bench -- [options]        (node benchmarks/speed/peers.mjs [options] after npx tsc -b)

Times our interpreter and translator beside other machines on the same guest images: warm (${PHASES.warm / 1e9} G instructions, START to END) and
cold (${PHASES.cold / 1e9} G, process start to END). Writes bench.json, ratios.svg and ratios.png.

  --rounds N          processes for each figure (5)
  --workload ID       only this kernel, may be repeated: ${KERNELS.map(({ id }) => id).join(', ')}
  --peers A,B         only these machines: ${Object.keys(MACHINES).join(', ')}
  --phase PHASE       only warm or only cold
  --scale-factor F    this share of the instructions (1)
  --clock wall|cpu    what the tables and ratios are made of; bench.json has both (wall)
  --deadline S        seconds after which a process is ended; warm it is tried with a tenth of the work, cold it is reported as a bound (30)
  --seed N            of the order and of the intervals (1)
  --out DIR           where the results go (results/bench)
  --json              the whole result on standard output instead of tables
  --help

Examples:
  npm run bench
  npm run bench -- --workload coremark-like --workload syscall-loop --peers translator,qemu --rounds 3
  npm run bench -- --phase cold --peers translator,v86-translator --json`;

const OPTIONS = {
  rounds: { type: 'string', default: '5' }, workload: { type: 'string', multiple: true }, peers: { type: 'string', default: Object.keys(MACHINES).join() },
  phase: { type: 'string' }, 'scale-factor': { type: 'string', default: '1' }, clock: { type: 'string', default: 'wall' }, deadline: { type: 'string', default: '30' },
  seed: { type: 'string', default: '1' }, out: { type: 'string', default: RESULTS }, json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
};

function readOptions() {
  const { values } = parseArgs({ options: OPTIONS });
  const ids = KERNELS.map(({ id }) => id);
  const wanted = chosen(values.workload ?? ids, ids, 'kernel');
  return {
    ...values,
    kernels: KERNELS.filter(({ id }) => wanted.includes(id)),
    peers: chosen(values.peers.split(','), Object.keys(MACHINES), 'machine'),
    phases: chosen(values.phase === undefined ? Object.keys(PHASES) : [values.phase], Object.keys(PHASES), 'phase'),
    clock: chosen([values.clock], CLOCKS, 'clock')[0],
    rounds: positive(values.rounds, 'rounds', true),
    factor: positive(values['scale-factor'], 'scale-factor', false),
    deadlineMs: positive(values.deadline, 'deadline', false) * MS_PER_S,
    seed: positive(values.seed, 'seed', true),
  };
}

function presentPeers(peers) {
  const skipped = {};
  const present = peers.filter((peer) => {
    const reason = MACHINES[peer].absent();
    if (reason !== undefined) skipped[peer] = reason;
    return reason === undefined;
  });
  for (const [peer, reason] of Object.entries(skipped)) say(`${peer} skipped: ${reason}`);
  return { present, skipped };
}

function print({ kernels, peers, cells, ratios, start, targets, clock }, factor) {
  const parts = [];
  if (cells.warm !== undefined) parts.push([warmTable(kernels, cells.warm, peers), ...reducedLines(kernels, cells.warm, peers, PHASES.warm * factor)].join('\n'));
  if (cells.cold !== undefined) parts.push(coldTable(kernels, cells.cold, peers));
  for (const [phase, pairs] of Object.entries(ratios)) if (pairs.length > 0) parts.push(ratioTable(phase, kernels, pairs));
  parts.push(startTable(start, peers), targetTable(targets), `Medians with the range of all rounds; ratios with 95 % bootstrap intervals; ${clock} time; > a bound.`);
  console.log(parts.join('\n\n'));
}

async function main() {
  const options = readOptions();
  if (options.help) return console.log(HELP);
  const { present: peers, skipped } = presentPeers(options.peers);
  const kernels = [];
  for (const kernel of options.kernels) {
    progress(`counting ${kernel.id}`);
    kernels.push(await calibrate(describeKernel(kernel), options.deadlineMs));
  }
  const { phases, rounds, factor, seed, clock, deadlineMs } = options;
  const measurements = await runPlan(planOf({ kernels, peers, phases, rounds, factor, seed }), deadlineMs);
  const cells = cellsOf(measurements, kernels, clock);
  const ratios = ratiosOf(cells, kernels, seed);
  const start = startOf(measurements, peers);
  const summary = { kernels, peers, skipped, clock, cells, ratios, start, targets: targetsOf({ kernels, cells, ratios, start }) };
  const machine = { processors: availableParallelism(), model: cpus()[0]?.model ?? 'unknown', guestMemoryMiB: MEMORY_MIB };
  const result = { schema: SCHEMA, seed, rounds, factor, phases, deadlineMs, versions: versions(), machine, ...summary, measurements };
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, 'bench.json'), `${JSON.stringify(result, undefined, 1)}\n`);
  const files = [join(options.out, 'bench.json'), ...await writeChart(options.out, kernels, ratios)];
  if (options.json) console.log(JSON.stringify(result, undefined, 1));
  else print(summary, factor);
  say(`written: ${files.join(', ')}`);
}

await runScript('bench', main);
