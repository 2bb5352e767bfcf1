// Our interpreter beside v86's (translator off) on the same images: one process a measurement, order shuffled, time from the guest's START line to
// its END line, so that neither's start-up counts.
//   npm run bench [-- --rounds N --scale-factor F --workload ID --json]
// Ratios of figures of one run are meaningful; figures of different runs are not, these machines are noisy.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = new URL('../../', import.meta.url);
const MEMORY_BYTES = 64 << 20;
const DEADLINE_MS = 240_000;
/** Multiples of each workload's default scale, so that a measurement lasts long enough to be past compilation on either side. */
const SCALE_FACTOR = { 'coremark-like': 8, 'sieve-sort': 8, 'syscall-loop': 6, 'demand-paging': 6, sensitive: 8, 'port-io': 8 };
/** Compute kernels, over which the geometric mean is taken first. */
const COMPUTE = ['coremark-like', 'sieve-sort'];

/** Times a stream of console bytes between the two lines. */
function stopwatch(done) {
  let line = '';
  let started = 0;
  return (byte) => {
    if (byte !== 10) { line += String.fromCharCode(byte); return; }
    if (line.startsWith('START')) started = performance.now();
    const end = /^END sum=([0-9a-f]{8})/.exec(line);
    if (end !== null) done({ milliseconds: performance.now() - started, checksum: end[1] });
    line = '';
  };
}
const readImage = (id) => readFileSync(new URL(`workloads/${id}/image.elf`, root));

async function runOurs(id, scale) {
  const { core } = await import(new URL('packages/core-native/dist/index.js', root).href);
  let result;
  const engine = core.create({ memoryBytes: MEMORY_BYTES, onConsole: stopwatch((value) => { result = value; }) });
  const loaded = engine.load({ name: id, format: 'multiboot', bytes: readImage(id), commandLine: `scale=${scale}` });
  if (!loaded.ok) throw new Error(loaded.problem);
  engine.run(1e11);
  return { ...result, instructions: engine.retired };
}

async function runV86(id, scale) {
  const require = createRequire(import.meta.url);
  const { V86 } = await import(require.resolve('v86/build/libv86.mjs'));
  const image = readImage(id);
  // v86 takes a write to the debug-exit port as the end of the world and throws a string.
  process.on('uncaughtException', (error) => { if (error !== 'HALT') throw error; });
  return new Promise((resolve) => {
    const machine = new V86({
      wasm_path: require.resolve('v86/build/v86.wasm'), memory_size: MEMORY_BYTES, disable_jit: true, autostart: true, cmdline: `scale=${scale}`,
      multiboot: { buffer: image.buffer.slice(image.byteOffset, image.byteOffset + image.byteLength) },
    });
    machine.add_listener('serial0-output-byte', stopwatch((value) => resolve({ ...value, instructions: machine.get_instruction_counter() })));
  });
}

const PEERS = { ringbench: { title: 'Ringbench interpreter', run: runOurs }, v86: { title: 'v86 interpreter', run: runV86 } };

function measure(peer, id, scale) {
  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--child', `${peer} ${id} ${scale}`], { encoding: 'utf8', timeout: DEADLINE_MS });
  const line = child.stdout.split('\n').find((text) => text.startsWith('{'));
  if (line === undefined) throw new Error(`${peer} gave no result for ${id}: ${child.stderr.trim().split('\n').at(-1) ?? 'time-out'}`);
  return JSON.parse(line);
}

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
const geometricMean = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
function shuffle(values) {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [values[i], values[j]] = [values[j], values[i]];
  }
  return values;
}

function compare(workloads, rounds, factor) {
  const results = workloads.map(({ id, scale }) => ({ id, scale: Math.max(1, Math.round(scale.default * (SCALE_FACTOR[id] ?? 1) * factor)), ringbench: [], v86: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const result of shuffle([...results])) {
      const checksums = [];
      for (const peer of shuffle(Object.keys(PEERS))) {
        const { milliseconds, checksum, instructions } = measure(peer, result.id, result.scale);
        result[peer].push(milliseconds);
        checksums.push(checksum);
        if (peer === 'ringbench') result.instructions = instructions;
      }
      if (checksums[0] !== checksums[1]) throw new Error(`${result.id}: the checksums differ, ${checksums.join(' and ')}`);
      process.stderr.write(`\rround ${round + 1}/${rounds} ${result.id.padEnd(16)}`);
    }
  }
  process.stderr.write('\r'.padEnd(40) + '\r');
  return results.map((result) => {
    const ratios = result.v86.map((milliseconds, i) => milliseconds / result.ringbench[i]);
    return { ...result, ratio: median(ratios), ratioRange: [Math.min(...ratios), Math.max(...ratios)] };
  });
}

function print(results) {
  const row = (...cells) => console.log(cells.map((cell, i) => (i === 0 ? String(cell).padEnd(16) : String(cell).padStart(i === 5 ? 16 : 14))).join(''));
  row('workload', 'instructions', 'Ringbench ms', 'Ringbench MIPS', 'v86 ms', 'v86/Ringbench');
  for (const { id, instructions, ringbench, v86, ratio, ratioRange } of results) {
    const ours = median(ringbench);
    row(id, `${(instructions / 1e6).toFixed(1)} M`, ours.toFixed(1), (instructions / ours / 1000).toFixed(0), median(v86).toFixed(1), `${ratio.toFixed(2)} [${ratioRange.map((value) => value.toFixed(1)).join('–')}]`);
  }
  const compute = results.filter(({ id }) => COMPUTE.includes(id)).map(({ ratio }) => ratio);
  if (compute.length > 0) console.log(`geometric mean, compute (${COMPUTE.join(', ')}): ${geometricMean(compute).toFixed(2)}`);
  console.log(`geometric mean, all: ${geometricMean(results.map(({ ratio }) => ratio)).toFixed(2)}`);
  console.log('Medians; ratios are of neighbouring runs. Both are interpreters: v86 with its translator disabled.');
}

const { values } = parseArgs({ options: { child: { type: 'string' }, rounds: { type: 'string', default: '5' }, 'scale-factor': { type: 'string', default: '1' }, workload: { type: 'string', multiple: true }, json: { type: 'boolean', default: false } } });
if (values.child !== undefined) {
  const [peer, id, scale] = values.child.split(' ');
  console.log(JSON.stringify(await PEERS[peer].run(id, Number(scale))));
  process.exit(0);
} else {
  const workloads = readdirSync(new URL('workloads/', root), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && Object.hasOwn(SCALE_FACTOR, entry.name) && (values.workload ?? [entry.name]).includes(entry.name))
    .map((entry) => JSON.parse(readFileSync(new URL(`workloads/${entry.name}/workload.json`, root), 'utf8')));
  const results = compare(workloads, Number(values.rounds), Number(values['scale-factor']));
  if (values.json) console.log(JSON.stringify(results, null, 1));
  else print(results);
}
