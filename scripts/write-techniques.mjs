// Fills the tables of docs/techniques.md: settings, events and counts of every core of the registry, from short runs of bare workloads, for cores that have none from
// programs on the lab kernel's ports. Needs a build.
//   node scripts/write-techniques.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { sharePercent } from '../packages/analysis/dist/index.js';
import { registry } from '../packages/cli/dist/index.js';
import { MemoryPool } from '../packages/engine/dist/index.js';
import { blankDisk } from '../packages/lab-kernel/dist/index.js';
import { executable, labGuest, labKernel, labProgram } from './lab-guest.mjs';

const root = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
export const TECHNIQUES = root('docs/techniques.md');

/** Bare workloads at a scale that ends in milliseconds; what they do does not depend on the scale. */
const WORKLOADS = [
  { id: 'coremark-like', scale: 1 },
  { id: 'syscall-loop', scale: 300 },
  { id: 'demand-paging', scale: 400 },
  { id: 'page-table-storm', scale: 100 },
  { id: 'port-io', scale: 300 },
  { id: 'sensitive', scale: 30 },
  { id: 'cli-sti-storm', scale: 200 },
  { id: 'v86-monitor', scale: 100 },
];
/** Programs whose scale is a number of units, and two scales: the difference is what units cost. */
const PROGRAMS = [
  { id: 'null-syscall', scales: [50, 100], unit: 'system call' },
  { id: 'file-map-fault', scales: [2, 6], unit: 'page fault' },
  { id: 'fork-exec', scales: [2, 4], unit: 'fork and exec' },
];
const MEMORY_BYTES = 16 << 20;
const BUDGET = 50_000_000;
const EXIT = 'vmm.exit';
const THOUSAND = 1000;
const LEAST_SHOWN = 0.05;

const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(row)].join('\n');
const textTable = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
const number = (value) => value.toLocaleString('en-US');

/** Event counts of the region that a workload marks. */
function countsOf(core, { id, scale }) {
  const engine = core.create({ memoryBytes: MEMORY_BYTES });
  const loaded = engine.load({ name: id, format: 'multiboot', bytes: readFileSync(root(`workloads/${id}/image.elf`)), commandLine: `scale=${scale}` });
  const exit = loaded.ok ? engine.run(BUDGET) : { kind: loaded.problem };
  const region = engine.region();
  if (exit.kind !== 'power-off' || exit.status !== 0 || region === undefined) throw new Error(`${id} on ${core.id} ended with ${JSON.stringify(exit)}`);
  return region.counts;
}

const memories = new MemoryPool();

/** Event counts of the region of a program on the lab kernel's port. */
function programCounts(core, id, scale) {
  const { bytes } = labProgram('user', id);
  const guest = { ...labGuest([`/bin/${id}`, String(scale)], [executable(`bin/${id}`, bytes)]), bytes: labKernel(core.port) };
  memories.reclaim();
  const engine = core.create({ memoryBytes: MEMORY_BYTES, disks: [blankDisk()], memories });
  const loaded = engine.load(guest);
  const exit = loaded.ok ? engine.run(BUDGET) : { kind: loaded.problem };
  if (exit.kind !== 'power-off' || exit.status !== 0) throw new Error(`${id} on ${core.id} ended with ${JSON.stringify(exit)}`);
  return engine.region().counts;
}

/** What one unit of a program costs. */
function unitCounts(core, { id, scales: [few, many] }) {
  const [less, more] = [few, many].map((scale) => programCounts(core, id, scale));
  return Object.fromEntries(Object.keys(more).map((name) => [name, (more[name] - (less[name] ?? 0)) / (many - few)]));
}

/**
 * The counts of every core on every workload; of those whose machine is a PC, for which these guests are. Of the others `units`: what one unit of each
 * program costs.
 */
export async function measure() {
  const cores = await Promise.all(registry.ids.map((id) => registry.load(id)));
  return cores.map((core) => (core.port === undefined ? { core, counts: WORKLOADS.map((workload) => countsOf(core, workload)) } : { core, units: PROGRAMS.map((program) => unitCounts(core, program)) }));
}

function summaryTable(measured) {
  const cell = (counts) => {
    const share = `${sharePercent((counts.direct ?? 0) / counts.retired)} %`;
    return counts[EXIT] === undefined ? share : `${share}, ${((THOUSAND * counts[EXIT]) / counts.retired).toPrecision(3)}`;
  };
  const rows = WORKLOADS.map(({ id, scale }, index) => [`${id}, ${scale}`, number(measured[0].counts[index].retired), ...measured.map(({ counts }) => cell(counts[index]))]);
  return table(['workload, scale', 'instructions', ...measured.map(({ core }) => core.id)], rows);
}

function settingsTable(settings, otherwise) {
  if (settings.length === 0) return otherwise;
  const values = (setting) => ('least' in setting.values ? `${setting.values.least} to ${setting.values.most}` : Array.isArray(setting.values) ? setting.values.map((value) => `\`${value}\``).join(', ') : `a list of ${setting.values.listOf.map((value) => `\`${value}\``).join(', ')}`);
  return textTable(['setting', 'values', 'unless given', 'decides'], settings.map((setting) => [`\`${setting.name}\``, values(setting), `\`${setting.default}\``, setting.meaning]));
}

/** Count of an event, or of all with a prefix if its name ends with `*`. */
function countOf(counts, name) {
  if (!name.endsWith('*')) return counts[name] ?? 0;
  return Object.entries(counts).reduce((sum, [event, count]) => (event.startsWith(name.slice(0, -1)) ? sum + count : sum), 0);
}

function eventTable({ core, counts }) {
  const own = core.events.map(({ name, meaning }) => ({ name, meaning, values: counts.map((one) => countOf(one, name)) }));
  const occurring = own.filter(({ values }) => values.some((value) => value > 0));
  const absent = own.filter(({ values }) => values.every((value) => value === 0)).map(({ name }) => `\`${name}\``);
  const rows = occurring.map(({ name, meaning, values }) => [`\`${name}\`: ${meaning}`, ...values.map(number)]);
  const rest = absent.length === 0 ? '' : `\n\nNone of these workloads has: ${absent.join(', ')}.`;
  return `${table(['event', ...WORKLOADS.map(({ id }) => id)], rows)}${rest}`;
}

/** A core's own events for one unit of each program; ticks of the guest's timer make them no whole numbers. */
function unitTable({ core, units }) {
  const occurring = core.events.filter(({ name }) => units.some((counts) => Math.abs(counts[name] ?? 0) >= LEAST_SHOWN));
  const rows = occurring.map(({ name, meaning }) => [`\`${name}\`: ${meaning}`, ...units.map((counts) => number(Number((counts[name] ?? 0).toFixed(1))))]);
  return table(['event', ...PROGRAMS.map(({ id, unit }) => `${unit} (${id})`)], rows);
}

/** The settings that every core takes. */
function commonSettings(measured) {
  const [first = [], ...others] = measured.map(({ core }) => core.settings ?? []);
  return first.filter((setting) => others.every((settings) => settings.some((other) => JSON.stringify(other) === JSON.stringify(setting))));
}

/** Every generated part of the document by its marker. */
function partsOf(all) {
  const measured = all.filter(({ counts }) => counts !== undefined);
  const common = commonSettings(measured);
  const isCommon = (setting) => common.some(({ name }) => name === setting.name);
  const parts = new Map([['summary', summaryTable(measured)], ['settings of all', settingsTable(common, 'There are none.')]]);
  for (const one of measured) {
    parts.set(`settings ${one.core.id}`, settingsTable((one.core.settings ?? []).filter((setting) => !isCommon(setting)), 'It has no settings of its own.'));
    parts.set(`events ${one.core.id}`, eventTable(one));
  }
  for (const one of all.filter(({ units }) => units !== undefined)) {
    parts.set(`settings ${one.core.id}`, settingsTable(one.core.settings ?? [], 'It has no settings.'));
    parts.set(`events ${one.core.id}`, unitTable(one));
  }
  return parts;
}

const PART = /<!-- (begin) ([a-z0-9 -]+) -->\n[^]*?<!-- end -->/g;

/** The document with its generated parts as they should be. Throws if a core of the registry has no place in it. */
export function techniquesDocument(text, measured) {
  const parts = partsOf(measured);
  const places = new Set([...text.matchAll(PART)].map(([, , name]) => name));
  const homeless = [...parts.keys()].filter((name) => !places.has(name));
  if (homeless.length > 0) throw new Error(`docs/techniques.md has no place for: ${homeless.join(', ')}; write "<!-- begin ${homeless[0]} -->" and "<!-- end -->"`);
  return text.replaceAll(PART, (_, __, name) => `<!-- begin ${name} -->\n\n${parts.get(name) ?? 'Not in the registry.'}\n\n<!-- end -->`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(TECHNIQUES, techniquesDocument(readFileSync(TECHNIQUES, 'utf8'), await measure()));
}
