// Shows that the lock-step proof can fail: applies one small bug after the other to a copy of the translator in a temporary folder and runs the proof there.
//
//   node scripts/oracle/translator-mutants.mjs [--instructions N] [--seed S] [--only NAME,…] [--list]
//
// Each mutant gets N instructions (3,000,000 unless told). Exit code 1 when one survives, or when the text that it changes is not there any more. Needs the build.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MUTANTS } from './translator-mutant-list.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGES = ['isa', 'machine', 'interpreter', 'engine', 'translator'];
const KILLED = 1;
/** Milliseconds; a mutant that makes a program endless is killed by it. */
const PATIENCE = 240_000;

/** The packages that the proof reads, with their build, in a folder of their own. */
function copyTree() {
  const copy = mkdtempSync(join(tmpdir(), 'ringbench-mutants-'));
  for (const name of PACKAGES) cpSync(join(root, 'packages', name), join(copy, 'packages', name), { recursive: true, verbatimSymlinks: true });
  cpSync(join(root, 'scripts', 'oracle'), join(copy, 'scripts', 'oracle'), { recursive: true });
  for (const file of ['package.json', 'tsconfig.base.json']) cpSync(join(root, file), join(copy, file));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

const sourcesOf = (copy) => readdirSync(join(copy, 'packages', 'translator', 'src'));
const sourceOf = (copy, file) => join(copy, 'packages', 'translator', 'src', file);
/** Writes a source file of the translator and what it compiles to. */
function writeSource(copy, file, text) {
  writeFileSync(sourceOf(copy, file), text);
  writeFileSync(join(copy, 'packages', 'translator', 'dist', `${basename(file, '.ts')}.js`), stripTypeScriptTypes(text, { mode: 'transform' }));
}

function prove(copy, { instructions, seed }) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [join(copy, 'scripts', 'oracle', 'translator.mjs'), '--instructions', String(instructions), '--seed', String(seed), '--no-shrink', '--json'], { encoding: 'utf8', timeout: PATIENCE });
  if (status !== 0 && status !== KILLED && signal === null) throw new Error(`the proof ended with ${status}: ${stderr.trim()}`);
  if (status === null) return 'killed: it did not end';
  const { failures, instructions: done } = JSON.parse(stdout);
  return status === KILLED ? `killed after ${done} instructions: ${failures[0]?.split('\n').at(1)?.trim().slice(0, 100) ?? ''}` : undefined;
}

/** The file that a text is in, and how often it occurs in all of them. */
function placeOf(copy, text) {
  const places = sourcesOf(copy).flatMap((file) => readFileSync(sourceOf(copy, file), 'utf8').split(text).slice(1).map(() => file));
  return { file: places[0], times: places.length };
}

function tryMutant(copy, { name, from, to }, options) {
  const { file, times } = placeOf(copy, from);
  if (times !== 1) return { name, problem: `its text occurs ${times} times` };
  const original = readFileSync(sourceOf(copy, file), 'utf8');
  try {
    writeSource(copy, file, original.replace(from, () => to));
    const verdict = prove(copy, options);
    return verdict === undefined ? { name, problem: 'survived' } : { name, verdict };
  } finally {
    writeSource(copy, file, original);
  }
}

function main() {
  // That stripping types is experimental is known.
  process.removeAllListeners('warning');
  const { values } = parseArgs({ options: { instructions: { type: 'string', default: '3000000' }, seed: { type: 'string', default: '1' }, only: { type: 'string' }, list: { type: 'boolean', default: false } } });
  const wanted = values.only?.split(',');
  const mutants = MUTANTS.filter(({ name }) => wanted === undefined || wanted.includes(name));
  if (values.list) {
    for (const { name, what } of mutants) console.log(`${name}: ${what}`);
    return;
  }
  const copy = copyTree();
  let bad = 0;
  try {
    // All is compiled in the way in which mutants are, so that a survivor differs by its mutation alone.
    for (const file of sourcesOf(copy)) writeSource(copy, file, readFileSync(sourceOf(copy, file), 'utf8'));
    for (const mutant of mutants) {
      const { name, problem, verdict } = tryMutant(copy, mutant, values);
      console.log(`${name}: ${problem ?? verdict}`);
      if (problem !== undefined) bad++;
    }
  } finally {
    rmSync(copy, { recursive: true });
  }
  console.log(bad === 0 ? `all ${mutants.length} were found` : `${bad} of ${mutants.length} were not found`);
  process.exitCode = bad === 0 ? 0 : 1;
}

main();
