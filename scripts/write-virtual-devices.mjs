// Fills the table of docs/virtual-devices.md: what the four ways to give a guest its devices cost. Needs a build.
//   node scripts/write-virtual-devices.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
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
const MARK = '<!-- table: costs -->';
const END = '<!-- end -->';

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

async function table() {
  const head = ['one', 'devices', 'instructions', 'accesses', ...MONITORS.flatMap((monitor) => [`${monitor}: trapped`, 'exits'])];
  const lines = [`| ${head.join(' | ')} |`, `|---|---|${'---:|'.repeat(head.length - 2)}`];
  for (const { id, unit } of WORKLOADS) for (const way of WAYS) lines.push(rowText(unit, way, await measureRow(id, way)));
  return lines.join('\n');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const text = readFileSync(VIRTUAL_DEVICES, 'utf8');
  const [before, rest] = text.split(MARK);
  writeFileSync(VIRTUAL_DEVICES, `${before}${MARK}\n\n${await table()}\n\n${rest.slice(rest.indexOf(END))}`);
}
