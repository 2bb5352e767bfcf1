// Fills the tables of docs/techniques.md: settings, events and counts of every core of the registry, from short runs of bare workloads. Needs a build.
//   node scripts/write-techniques.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { sharePercent } from '../packages/analysis/dist/index.js';
import { registry } from '../packages/cli/dist/index.js';

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
const MEMORY_BYTES = 16 << 20;
const BUDGET = 50_000_000;
const EXIT = 'vmm.exit';
const THOUSAND = 1000;

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

/** The counts of every core on every workload; of those whose machine is a PC, for which these guests are. */
export async function measure() {
  const cores = await Promise.all(registry.pcIds.map((id) => registry.load(id)));
  return cores.map((core) => ({ core, counts: WORKLOADS.map((workload) => countsOf(core, workload)) }));
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

/** The settings that every core takes. */
function commonSettings(measured) {
  const [first = [], ...others] = measured.map(({ core }) => core.settings ?? []);
  return first.filter((setting) => others.every((settings) => settings.some((other) => JSON.stringify(other) === JSON.stringify(setting))));
}

/** Every generated part of the document by its marker. */
function partsOf(measured) {
  const common = commonSettings(measured);
  const isCommon = (setting) => common.some(({ name }) => name === setting.name);
  const parts = new Map([['summary', summaryTable(measured)], ['settings of all', settingsTable(common, 'There are none.')]]);
  for (const one of measured) {
    parts.set(`settings ${one.core.id}`, settingsTable((one.core.settings ?? []).filter((setting) => !isCommon(setting)), 'It has no settings of its own.'));
    parts.set(`events ${one.core.id}`, eventTable(one));
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
