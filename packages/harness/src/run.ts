import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { JOURNAL_NAME, JournalWriter, readJournalFile } from '@ringbench/journal';
import type { Observation, RunHeader } from '@ringbench/journal';
import type { CellRequest } from './cell.js';
import { deadlineFor } from './deadline.js';
import { lockFolder } from './lock.js';
import { missingCells } from './plan.js';
import type { Cell, Plan, PlannedWorkload } from './plan.js';
import { InputProblem, fileProblem } from './problem.js';
import { measureInProcess } from './process.js';
import { assembleGuest, recipeFor, requireLoadable } from './guest.js';

export interface RunOptions {
  readonly plan: Plan;
  readonly header: RunHeader;
  /** Output folder; made if it is missing. */
  readonly out: string;
  /** What to do where the folder already has a journal: refuse, go on with it, or put it aside and begin anew. */
  readonly existing: 'refuse' | 'resume' | 'set-aside';
  /** Path of the built script that calls `serveCell` with the registry's loader. */
  readonly childEntry: string;
  /** Wall-clock milliseconds for one process; derived from the budget if undefined. */
  readonly deadline?: number | undefined;
  /** Aborting ends the run after the journal is whole; the cell being measured is given up. */
  readonly signal: AbortSignal;
  readonly progress: RunProgress;
}

/** Callbacks for whoever shows the run. */
export interface RunProgress {
  /** Before the first cell. `done` cells of `total` were found in the journal; `warnings` are what it had to say. */
  begin(done: number, total: number, warnings: readonly string[]): void;
  cell(cell: Cell): void;
  measured(observation: Observation, done: number, total: number): void;
  end(): void;
}

export interface RunOutcome {
  readonly interrupted: boolean;
}

/**
 * Measures the cells of a plan that its journal does not have yet, one at a time. Each is on the disk before the next begins.
 * Throws InputProblem if an image is not the manifest's, the folder cannot be used, or the journal there is of another run.
 */
export async function runPlan(options: RunOptions): Promise<RunOutcome> {
  for (const { workload, scale } of options.plan.workloads) requireLoadable(assembleGuest(workload.id, recipeFor(workload, scale)), options.plan.memoryBytes);
  makeFolder(options.out);
  const unlock = lockFolder(options.out);
  try {
    const { writer, cells, warnings } = openJournal(options);
    try {
      const total = options.plan.cells.length;
      options.progress.begin(total - cells.length, total, warnings);
      return await measureCells(options, cells, writer);
    } finally {
      options.progress.end();
      writer.close();
    }
  } finally {
    unlock();
  }
}

/** Makes a folder and those above it. Not `mkdirSync`'s `recursive`: that never returns where the file system denies a folder with ENOENT, as /proc does. */
function makeFolder(folder: string): void {
  try {
    makeFolders(resolve(folder));
  } catch (error) {
    throw fileProblem('make the output folder', folder, error);
  }
}

function makeFolders(folder: string): void {
  if (existsSync(folder)) {
    // A file in the way gives ENOTDIR here.
    readdirSync(folder);
    return;
  }
  const parent = dirname(folder);
  if (parent !== folder) makeFolders(parent);
  mkdirSync(folder);
}

interface OpenJournal {
  readonly writer: JournalWriter;
  readonly cells: readonly Cell[];
  readonly warnings: readonly string[];
}

function openJournal(options: RunOptions): OpenJournal {
  const path = join(options.out, JOURNAL_NAME);
  const found = existsSync(path);
  if (found && options.existing === 'refuse') {
    throw new InputProblem(`${options.out} already has a journal`, 'give --resume to go on with it, --force to put it aside, or another --out');
  }
  if (found && options.existing === 'resume') return resumeJournal(path, options);
  const warnings = found ? [`the old journal is now ${setAside(path)}`] : [];
  try {
    const writer = JournalWriter.create(path);
    writer.append(options.header);
    return { writer, cells: options.plan.cells, warnings };
  } catch (error) {
    throw fileProblem('write the journal', path, error);
  }
}

/** What has been measured is never deleted. */
function setAside(path: string): string {
  const aside = path.replace(/\.jsonl$/, `-before-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.jsonl`);
  try {
    renameSync(path, aside);
  } catch (error) {
    throw fileProblem('put aside the journal', path, error);
  }
  return aside;
}

function resumeJournal(path: string, options: RunOptions): OpenJournal {
  const journal = readJournalFile(path);
  if (!journal.ok) throw new InputProblem(`cannot resume ${path}: ${journal.problem}`, 'give --force to put it aside and begin anew');
  const difference = headerDifference(journal.header, options.header);
  if (difference !== undefined) throw new InputProblem(`cannot resume ${path}: ${difference}`, 'repeat the command it was begun with, or give --force to put it aside and begin anew');
  const warnings = journal.problems.map(({ line, reason }) => `line ${line} of the journal is ignored: ${reason}`);
  if (journal.torn) warnings.push('the last line of the journal was torn and is dropped; its cell is measured again');
  try {
    return { writer: JournalWriter.resume(path), cells: missingCells(options.plan, journal.observations), warnings };
  } catch (error) {
    throw fileProblem('continue the journal', path, error);
  }
}

/** What makes two runs' observations incomparable, in words; undefined if they may share a journal. */
function headerDifference(old: RunHeader, now: RunHeader): string | undefined {
  const other = old.cores.find(({ id, executor }) => now.cores.some((core) => core.id === id && core.executor !== executor));
  if (other !== undefined) return `its ${other.id} was measured on the ${other.executor}`;
  if (old.plan !== now.plan) return 'its plan (suite, cores, workloads, images, parameters or seed) is another';
  if (old.commit !== now.commit) return `it was measured at commit ${old.commit}, this is ${now.commit}`;
  if (old.runtime.node !== now.runtime.node) return `it was measured with Node ${old.runtime.node}, this is ${now.runtime.node}`;
  if (old.host.cpu !== now.host.cpu || old.host.arch !== now.host.arch) return `it was measured on ${old.host.cpu} (${old.host.arch}), this is ${now.host.cpu} (${now.host.arch})`;
  return undefined;
}

async function measureCells(options: RunOptions, cells: readonly Cell[], writer: JournalWriter): Promise<RunOutcome> {
  const { plan, progress } = options;
  const deadline = options.deadline ?? deadlineFor(plan.budget, plan.samples);
  const total = plan.cells.length;
  const workloads = new Map(plan.workloads.map((planned) => [planned.workload.id, planned]));
  for (const [index, cell] of cells.entries()) {
    const planned = workloads.get(cell.workload);
    if (planned === undefined) throw new Error(`cell of workload ${cell.workload}, which is not in the plan`);
    progress.cell(cell);
    // Cells are measured one after the other on purpose: side by side they would disturb each other.
    const observation = await measureInProcess(options.childEntry, requestFor(plan, planned, cell, options.header), deadline, options.signal);
    if (observation === undefined) return { interrupted: true };
    appendObservation(writer, observation, options.out);
    progress.measured(observation, total - cells.length + index + 1, total);
  }
  return { interrupted: options.signal.aborted };
}

function appendObservation(writer: JournalWriter, observation: Observation, out: string): void {
  try {
    writer.append(observation);
  } catch (error) {
    throw fileProblem('append to the journal in', out, error);
  }
}

function requestFor(plan: Plan, { workload, scale }: PlannedWorkload, cell: Cell, { cores }: RunHeader): CellRequest {
  const core = cores.find(({ id }) => id === cell.core);
  if (core === undefined) throw new Error(`cell of core ${cell.core}, which is not in the header`);
  return {
    ...cell,
    executor: core.executor,
    guest: recipeFor(workload, scale, core.port),
    status: workload.status,
    checksum: scale === workload.scale?.default ? workload.checksum : null,
    budget: plan.budget,
    samples: plan.samples,
    memoryBytes: plan.memoryBytes,
    parent: process.pid,
  };
}
