// Fills the tables of docs/performance.md from the published measurements in results/reference/performance.json.
//   node scripts/write-performance.mjs               from what is published
//   node scripts/write-performance.mjs results/bench  publishes bench.json and debian.json (if there) of this folder first, and their chart
// What is published leaves out single measurements and the processor's name.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ratioChart } from '../benchmarks/speed/peers/chart.mjs';
import { debianTablesOf } from '../benchmarks/speed/peers/debian-tables.mjs';
import { markdownTable } from '../benchmarks/speed/peers/layout.mjs';
import { tablesOf } from '../benchmarks/speed/peers/tables.mjs';
import { renderPng } from '../packages/figures/dist/render.js';
import { UserError, runScript } from './guest-toolchain.mjs';

export const PERFORMANCE = fileURLToPath(new URL('../docs/performance.md', import.meta.url));
const PUBLISHED = fileURLToPath(new URL('../results/reference/performance.json', import.meta.url));
const CHART = fileURLToPath(new URL('../docs/images/speed.png', import.meta.url));
const PART = /<!-- begin ([a-z -]+) -->\n[^]*?<!-- end -->/g;

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** A result without what is only its raw material. */
function withoutSamples({ measurements: _measurements, boots: _boots, machine, warmUp, ...rest }) {
  const { model: _model, ...described } = machine ?? {};
  const { runs: _runs, ...watched } = warmUp ?? {};
  const text = JSON.stringify(rest, (key, value) => (key === 'samples' ? undefined : value));
  return { ...JSON.parse(text), machine: described, ...(warmUp === undefined ? {} : { warmUp: watched }) };
}

async function publish(folder) {
  if (!existsSync(join(folder, 'bench.json'))) throw new UserError(`${folder} has no bench.json; npm run bench writes one`);
  const before = existsSync(PUBLISHED) ? readJson(PUBLISHED) : {};
  const debian = existsSync(join(folder, 'debian.json')) ? withoutSamples(readJson(join(folder, 'debian.json'))) : before.debian;
  const bench = withoutSamples(readJson(join(folder, 'bench.json')));
  mkdirSync(dirname(PUBLISHED), { recursive: true });
  writeFileSync(PUBLISHED, `${JSON.stringify({ bench, debian }, undefined, 1)}\n`);
  writeFileSync(CHART, await renderPng(ratioChart(bench.kernels, bench.ratios)));
}

const list = (entries) => Object.entries(entries).map(([name, version]) => `${name} ${version}`).join(', ');
function conditions({ rounds, clock, seed, factor, machine, versions, skipped }) {
  const left = Object.entries(skipped).map(([peer, reason]) => `; ${peer} left out: ${reason}`).join('');
  const shorter = factor === 1 ? '' : ` all runs at ${factor} of the instructions that this page names;`;
  return `${rounds} rounds, seed ${seed},${shorter} ${clock === 'cpu' ? 'processor' : 'wall-clock'} time; ${machine.processors} processors, guest memory ${machine.guestMemoryMiB} MiB; ${list(versions)}${left}.`;
}

/** The document with its tables from what is published. */
export function writtenPerformance(text, { bench, debian } = readJson(PUBLISHED)) {
  const tables = { ...tablesOf(bench), ...(debian === undefined ? {} : debianTablesOf(debian)) };
  const parts = { conditions: conditions(bench), ...Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, markdownTable(table)])) };
  return text.replaceAll(PART, (_, name) => `<!-- begin ${name} -->\n\n${parts[name] ?? 'Not measured.'}\n\n<!-- end -->`);
}

async function main() {
  const [folder] = process.argv.slice(2);
  if (folder !== undefined) await publish(folder);
  writeFileSync(PERFORMANCE, writtenPerformance(readFileSync(PERFORMANCE, 'utf8')));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await runScript('write-performance', main);
