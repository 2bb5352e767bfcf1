// Fills the tables of docs/virtual-devices.md: what the four ways to give a guest its devices cost, and what a packet costs. Needs a build.
//   node scripts/write-virtual-devices.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { FRAME_BYTES, ne2000Guest, requestNetworkGuest } from '../packages/engine/dist/conformance/network-guest.js';
import { registry } from '../packages/cli/dist/index.js';
import { blankDisk } from '../packages/lab-kernel/dist/index.js';
import { executable, labGuest, labProgram } from './lab-guest.mjs';

export const VIRTUAL_DEVICES = fileURLToPath(new URL('../docs/virtual-devices.md', import.meta.url));

const WAYS = ['emulated', 'static', 'virtual', 'layered'];
/** The units do the same each, so that a few say as much as many. */
const WORKLOADS = [{ id: 'disk-read-4k', unit: 'read of 4 KB' }, { id: 'console-write', unit: 'line of 64 bytes' }];
const SCALE = 16;
/** Without a monitor, and the two that differ most in what an exit is. */
const BASELINE = 'native';
export const MONITORS = ['trap', 'v386'];
const MEMORY_BYTES = 16 << 20;
const BUDGET = 50_000_000;
const COSTS = '<!-- table: costs -->';
const NETWORK = '<!-- table: network -->';
const END = '<!-- end -->';
const FRAME_WORDS = FRAME_BYTES / 2;
/** Before each frame the NE2000 has two words of its own. */
const HEADER_WORDS = 2;
const BATCH = 8;
/** Guests for one packet, or for some; `words` of each are data. */
const NETWORK_GUESTS = [
  { card: 'NE2000 (`emulated`)', network: 'emulated', packets: 1, words: { send: FRAME_WORDS, receive: FRAME_WORDS + HEADER_WORDS }, image: ne2000Guest },
  { card: 'the laboratory\'s (`virtual`)', network: 'virtual', packets: 1, words: { send: 0, receive: 0 }, image: (part) => requestNetworkGuest(part, 1) },
  { card: `the same, ${BATCH} packets in a chain`, network: 'virtual', packets: BATCH, words: { send: 0, receive: 0 }, image: (part) => requestNetworkGuest(part, BATCH) },
];

/** Counts of the marked region of one program. */
async function countsOf(core, id, way) {
  const { bytes } = labProgram('user', id);
  const definition = await registry.load(core);
  const engine = definition.create({ memoryBytes: MEMORY_BYTES, settings: { disk: way, console: way }, disks: [blankDisk()] });
  const loaded = engine.load(labGuest([`/bin/${id}`, String(SCALE)], [executable(`bin/${id}`, bytes)]));
  const exit = loaded.ok ? engine.run(BUDGET) : { kind: loaded.problem };
  const region = engine.region();
  if (exit.kind !== 'power-off' || exit.status !== 0 || region === undefined) throw new Error(`${id} on ${core} with ${way} devices ended with ${JSON.stringify(exit)}`);
  return region.counts;
}

const perUnit = (count) => (count / SCALE).toLocaleString('en-US', { maximumFractionDigits: 1 });

/** The cells of one row: natively, then for each of `monitors`. */
export async function measureRow(id, way, monitors = MONITORS) {
  const { retired, 'port.read': reads = 0, 'port.write': writes = 0 } = await countsOf(BASELINE, id, way);
  const cells = [perUnit(retired), perUnit(reads + writes)];
  for (const monitor of monitors) {
    const counts = await countsOf(monitor, id, way);
    cells.push(perUnit(counts['vmm.device-access'] ?? 0), perUnit(counts['vmm.exit'] ?? 0));
  }
  return cells;
}

export const rowText = (unit, way, cells) => `| ${[unit, way, ...cells].join(' | ')} |`;

async function networkCounts(core, image, network) {
  const engine = (await registry.load(core)).create({ memoryBytes: MEMORY_BYTES, settings: { network } });
  const loaded = engine.load({ name: 'network', format: 'multiboot', bytes: image });
  const exit = loaded.ok ? engine.run(BUDGET) : { kind: loaded.problem };
  if (exit.kind !== 'power-off') throw new Error(`${network} on ${core} ended with ${JSON.stringify(exit)}`);
  return engine.region().counts;
}

/** Rows of the table of packets: registers and words natively, then what traps under each monitor. */
export async function networkRows() {
  const rows = [];
  for (const { card, network, packets, words, image } of NETWORK_GUESTS) {
    for (const part of ['send', 'receive']) {
      const each = (count = 0) => (count / packets).toLocaleString('en-US', { maximumFractionDigits: 3 });
      const { 'port.read': reads = 0, 'port.write': writes = 0 } = await networkCounts(BASELINE, image(part), network);
      const cells = [each(reads + writes - words[part]), each(words[part])];
      for (const monitor of MONITORS) cells.push(each((await networkCounts(monitor, image(part), network))['vmm.device-access']));
      rows.push(rowText(part, card, cells));
    }
  }
  return rows;
}

async function networkTable() {
  const head = ['one packet', 'card', 'register accesses', 'data words', ...MONITORS.map((monitor) => `${monitor}: trapped`)];
  return [`| ${head.join(' | ')} |`, `|---|---|${'---:|'.repeat(head.length - 2)}`, ...(await networkRows())].join('\n');
}

async function table() {
  const head = ['one', 'devices', 'instructions', 'accesses', ...MONITORS.flatMap((monitor) => [`${monitor}: trapped`, 'exits'])];
  const lines = [`| ${head.join(' | ')} |`, `|---|---|${'---:|'.repeat(head.length - 2)}`];
  for (const { id, unit } of WORKLOADS) for (const way of WAYS) lines.push(rowText(unit, way, await measureRow(id, way)));
  return lines.join('\n');
}

/** The document with another table behind a mark. */
function filled(text, mark, content) {
  const [before, rest] = text.split(mark);
  return `${before}${mark}\n\n${content}\n\n${rest.slice(rest.indexOf(END))}`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(VIRTUAL_DEVICES, filled(filled(readFileSync(VIRTUAL_DEVICES, 'utf8'), COSTS, await table()), NETWORK, await networkTable()));
}
