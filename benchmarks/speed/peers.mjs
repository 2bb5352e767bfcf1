// Our interpreter and translator beside v86's on the same images: one process a measurement, order shuffled, time from the guest's START line to its END line, so
// that start-up does not count, but translating does.
//   npm run bench [-- --rounds N --scale-factor F --workload ID --peers interpreter,translator,v86,v86-translator --json]
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

const runOurs = (executor) => async (id, scale) => {
  const { core } = await import(new URL('packages/core-native/dist/index.js', root).href);
  let result;
  const engine = core.create({ memoryBytes: MEMORY_BYTES, settings: { executor }, onConsole: stopwatch((value) => { result = value; }) });
  const loaded = engine.load({ name: id, format: 'multiboot', bytes: readImage(id), commandLine: `scale=${scale}` });
  if (!loaded.ok) throw new Error(loaded.problem);
  engine.run(1e11);
  return { ...result, instructions: engine.retired };
};

const runV86 = (translates) => async (id, scale) => {
  const require = createRequire(import.meta.url);
  const { V86 } = await import(require.resolve('v86/build/libv86.mjs'));
  const image = readImage(id);
  // v86 takes a write to the debug-exit port as the end of the world and throws a string.
  process.on('uncaughtException', (error) => { if (error !== 'HALT') throw error; });
  return new Promise((resolve) => {
    const machine = new V86({
      wasm_path: require.resolve('v86/build/v86.wasm'), memory_size: MEMORY_BYTES, disable_jit: !translates, autostart: true, cmdline: `scale=${scale}`,
      multiboot: { buffer: image.buffer.slice(image.byteOffset, image.byteOffset + image.byteLength) },
    });
    machine.add_listener('serial0-output-byte', stopwatch((value) => resolve({ ...value, instructions: machine.get_instruction_counter() })));
  });
};

const PEERS = { interpreter: runOurs('interpreter'), translator: runOurs('translator'), v86: runV86(false), 'v86-translator': runV86(true) };
/** What is compared: how many times as long the first takes. */
const RATIOS = [['v86', 'interpreter'], ['v86-translator', 'translator'], ['interpreter', 'translator']];

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

const ratioName = ([slow, fast]) => `${slow}/${fast}`;
const isMeasured = (pair) => pair.every((peer) => peers.includes(peer));

function compare(workloads, rounds, factor) {
  const results = workloads.map(({ id, scale }) => ({ id, scale: Math.max(1, Math.round(scale.default * (SCALE_FACTOR[id] ?? 1) * factor)), milliseconds: Object.fromEntries(peers.map((peer) => [peer, []])) }));
  for (let round = 0; round < rounds; round++) {
    for (const result of shuffle([...results])) {
      const checksums = new Set();
      for (const peer of shuffle([...peers])) {
        const { milliseconds, checksum, instructions } = measure(peer, result.id, result.scale);
        result.milliseconds[peer].push(milliseconds);
        checksums.add(checksum);
        if (!peer.startsWith('v86')) result.instructions = instructions;
      }
      if (checksums.size !== 1) throw new Error(`${result.id}: the checksums differ, ${[...checksums].join(', ')}`);
      process.stderr.write(`\rround ${round + 1}/${rounds} ${result.id.padEnd(16)}`);
    }
  }
  process.stderr.write('\r'.padEnd(40) + '\r');
  return results.map((result) => ({ ...result, ratios: Object.fromEntries(RATIOS.filter(isMeasured).map((pair) => [ratioName(pair), spread(pair.map((peer) => result.milliseconds[peer]))])) }));
}
/** Median and range of the ratios of neighbouring runs. */
function spread([slow, fast]) {
  const ratios = slow.map((milliseconds, i) => milliseconds / fast[i]);
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}

function print(results) {
  const row = (...cells) => console.log(cells.map((cell, i) => (i === 0 ? String(cell).padEnd(16) : String(cell).padStart(i <= peers.length + 1 ? 16 : 28))).join(''));
  const names = RATIOS.filter(isMeasured).map(ratioName);
  row('workload', 'instructions', ...peers.map((peer) => `${peer} ms`), ...names);
  for (const { id, instructions, milliseconds, ratios } of results) {
    const figures = names.map((name) => `${ratios[name].median.toFixed(2)} [${ratios[name].least.toFixed(2)}–${ratios[name].most.toFixed(2)}]`);
    row(id, instructions === undefined ? '' : `${(instructions / 1e6).toFixed(1)} M`, ...peers.map((peer) => median(milliseconds[peer]).toFixed(1)), ...figures);
  }
  for (const name of names) {
    const mean = (chosen) => geometricMean(chosen.map(({ ratios }) => ratios[name].median)).toFixed(2);
    const compute = results.filter(({ id }) => COMPUTE.includes(id));
    console.log(`${name}, geometric mean: all ${mean(results)}${compute.length > 0 ? `, compute (${COMPUTE.join(', ')}) ${mean(compute)}` : ''}`);
  }
  console.log('Medians; ratios are of neighbouring runs.');
}

const { values } = parseArgs({ options: { child: { type: 'string' }, rounds: { type: 'string', default: '5' }, 'scale-factor': { type: 'string', default: '1' }, workload: { type: 'string', multiple: true }, peers: { type: 'string', default: Object.keys(PEERS).join() }, json: { type: 'boolean', default: false } } });
const peers = values.peers.split(',');
const unknown = peers.find((peer) => !Object.hasOwn(PEERS, peer));
if (unknown !== undefined) {
  console.error(`peers: there is no ${unknown}; there are ${Object.keys(PEERS).join(', ')}`);
  process.exit(2);
}
if (values.child !== undefined) {
  const [peer, id, scale] = values.child.split(' ');
  console.log(JSON.stringify(await PEERS[peer](id, Number(scale))));
  process.exit(0);
} else {
  const workloads = readdirSync(new URL('workloads/', root), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && Object.hasOwn(SCALE_FACTOR, entry.name) && (values.workload ?? [entry.name]).includes(entry.name))
    .map((entry) => JSON.parse(readFileSync(new URL(`workloads/${entry.name}/workload.json`, root), 'utf8')));
  const results = compare(workloads, Number(values.rounds), Number(values['scale-factor']));
  if (values.json) console.log(JSON.stringify(results, null, 1));
  else print(results);
}
