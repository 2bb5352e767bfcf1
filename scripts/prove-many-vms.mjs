// Runs random programs, hostile ones among them, as virtual machines of one host, and compares each with the same program on a machine of its own: how it ends, its
// console, its instructions, registers and memory. Every core whose guests share a machine and take a PC's programs, and slices of all sizes.
//
//   node scripts/prove-many-vms.mjs [--rounds N] [--vms N] [--seed N] [--core ID]
//
// Exit code 1 at the first difference, with the command that shows it again.
import { parseArgs } from 'node:util';
import { buildImage, generateProgram } from '../packages/engine/dist/programs/index.js';
import { VmHost } from '../packages/host/dist/index.js';
import { registry } from '../packages/cli/dist/registry.js';

const MEMORY_BYTES = 2 << 20;
const RAM_BYTES = 512 << 20;
const BUDGET = 300_000;
const PROGRAMS = 3;
const PROFILES = ['mixed', 'hostile'];
/** Of few instructions, so that a guest is preempted everywhere, and of many. */
const SLICES = [61, 257, 1009, 20011];

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '12' }, vms: { type: 'string', default: '16' }, seed: { type: 'string', default: '1' }, core: { type: 'string' } } });
const [rounds, vms, first] = [values.rounds, values.vms, values.seed].map(Number);

const imageOf = (seed) => ({ name: `programs ${seed}`, format: 'multiboot', bytes: buildImage(Array.from({ length: PROGRAMS }, (_, index) => generateProgram(seed * PROGRAMS + index, PROFILES[seed % PROFILES.length]))).bytes });

/** What a guest has shown, as one text. */
function outcome(engine, end, console) {
  return JSON.stringify({ end, retired: engine.retired, console: Buffer.from(console).toString('hex'), ...engine.fingerprint() });
}

function alone(core, image) {
  const console = [];
  const engine = core.create({ memoryBytes: MEMORY_BYTES, onConsole: (byte) => console.push(byte) });
  const loaded = engine.load(image);
  if (!loaded.ok) throw new Error(loaded.problem);
  return outcome(engine, engine.run(BUDGET), console);
}

/** Runs a round; the first seed whose guest differs, or undefined. */
function together(core, seeds, slice, idle) {
  const consoles = new Map();
  const outcomes = new Map();
  const host = new VmHost(core, { ramBytes: RAM_BYTES, slice, idle, onEnded: (process) => outcomes.set(process.name, outcome(process.engine, process.result.end, consoles.get(process.name))) });
  for (const seed of seeds) {
    const console = [];
    consoles.set(String(seed), console);
    const launched = host.launch(imageOf(seed), { name: String(seed), memoryBytes: MEMORY_BYTES, budget: BUDGET, onConsole: (byte) => console.push(byte) });
    if (!launched.ok) throw new Error(launched.problem);
  }
  const stop = host.run(Infinity);
  if (stop !== 'ended') throw new Error(`the host stopped: ${stop}`);
  return seeds.find((seed) => {
    const expected = alone(core, imageOf(seed));
    if (outcomes.get(String(seed)) === expected) return false;
    console.error(`alone:    ${expected}\ntogether: ${outcomes.get(String(seed))}`);
    return true;
  });
}

for (const id of values.core === undefined ? registry.pcIds : [values.core]) {
  const core = await registry.load(id);
  if (core.sharesMachine !== true) continue;
  let guests = 0;
  for (let round = first; round < first + rounds; round++) {
    const seeds = Array.from({ length: vms }, (_, index) => round * vms + index);
    const different = together(core, seeds, SLICES[round % SLICES.length], round % 3 === 0 ? 'busy' : 'halt');
    guests += vms;
    if (different === undefined) continue;
    console.error(`${id}: program ${different} is another among ${vms}; node scripts/prove-many-vms.mjs --core ${id} --rounds 1 --seed ${round} --vms ${vms}`);
    process.exit(1);
  }
  console.log(`${id}: ${guests} guests, ${vms} at a time, as each is by itself`);
}
