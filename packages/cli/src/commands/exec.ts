import type { Engine, EventCounts } from '@ringbench/engine';
import { readLabKernel } from '@ringbench/harness/lab-kernel';
import { InputProblem, oneLine } from '@ringbench/harness/problem';
import { INPUT_FILE, labImage, leastMemory, memoryFor, programProblem } from '@ringbench/lab-kernel';
import type { Connection, GuestFile, LabProgram } from '@ringbench/lab-kernel';
import type { Arguments, Context } from '../context.js';
import { coreOption } from '../core-option.js';
import type { ChosenCore } from '../core-option.js';
import { hostFiles, programPath, standardInput } from '../exec/host-files.js';
import type { StandardInput } from '../exec/host-files.js';
import { HostInput, withHostInput } from '../exec/host-input.js';
import { HostOutput } from '../exec/host-output.js';
import { codeOfOutcome, runProgram } from '../exec/program-run.js';
import type { ProgramOutcome } from '../exec/program-run.js';
import { readGuestFile } from '../guest/guest-file.js';
import { limitOption, memoryOption } from '../guest/options.js';
import { repeatedOption } from '../options.js';
import { formatCount } from '../counts.js';

const MOST_FILES = 1000;
const MOST_SETTINGS = 1000;
const MILLISECONDS = 1000;
const MEBIBYTE = 1 << 20;
/** What a program finds in its environment before `--env`: constant, so that a run does not depend on the host's. */
const ENVIRONMENT = ['PATH=/bin:/sbin:/usr/bin:/usr/sbin', 'HOME=/'] as const;

function environmentOption(given: unknown): readonly string[] {
  return repeatedOption(given, '--env', MOST_SETTINGS).map((setting) => {
    if (!/^[^=]+=/.test(setting)) throw new InputProblem(`--env ${oneLine(setting)} is no setting`, 'write --env NAME=VALUE');
    return setting;
  });
}

/** The terminal's kind and size: what a program on a terminal needs to draw on it. */
function terminalSettings(): readonly string[] {
  const { columns, rows } = process.stderr;
  return [`TERM=${process.env['TERM'] ?? 'dumb'}`, `COLUMNS=${columns}`, `LINES=${rows}`];
}

function connectionFor(input: StandardInput): Connection {
  switch (input.kind) {
    case 'terminal': return { kind: 'terminal', showsOutput: process.stdout.isTTY === true };
    case 'file': return { kind: 'streams', input: 'file' };
    case 'empty': return { kind: 'streams', input: 'empty' };
    case 'stream': return { kind: 'streams', input: 'host' };
  }
}

function readProgram(path: string): Uint8Array {
  const bytes = readGuestFile('program', path);
  const found = programProblem(bytes);
  if (found !== undefined) throw new InputProblem(`${path} ${found.problem}`, found.remedy);
  return bytes;
}

/** Settings of the environment in which the last of a name counts. */
function mergedEnvironment(settings: readonly string[]): readonly string[] {
  return [...new Map(settings.map((setting) => [setting.slice(0, setting.indexOf('=')), setting])).values()];
}

function labProgram(words: readonly string[], given: Arguments, input: StandardInput): LabProgram {
  const [host, ...rest] = words;
  if (host === undefined) throw new InputProblem('no program is given', 'write `ringbench exec PROGRAM`, where PROGRAM is a static i386 Linux program');
  const path = programPath(host);
  const connection = connectionFor(input);
  const settings = [...ENVIRONMENT, ...(connection.kind === 'terminal' ? terminalSettings() : []), ...environmentOption(given['env'])];
  const program: GuestFile = { kind: 'file', path, bytes: readProgram(host), executable: true };
  const typed: readonly GuestFile[] = input.kind === 'file' ? [{ kind: 'file', path: INPUT_FILE, bytes: input.bytes }] : [];
  const files = [...hostFiles(repeatedOption(given['file'], '--file', MOST_FILES)), program, ...typed];
  return { name: host, path: `/${path}`, arguments: rest, environment: mergedEnvironment(settings), connection, verbose: given['verbose'] === true, files };
}

interface Machine {
  /** The configuration's name. */
  readonly core: string;
  readonly make: (output: HostOutput) => Engine;
}

/** The machine with the program in it, ready to be made. */
function machineFor({ project }: Context, { definition, configuration }: ChosenCore, given: Arguments, program: LabProgram): Machine {
  const image = labImage(readLabKernel(project.workloads, definition.port), program);
  if (!image.ok) throw new InputProblem(image.problem, image.remedy);
  const memoryBytes = given['memory'] === undefined ? memoryFor(image.archive.length) : memoryOption(given['memory']);
  const least = leastMemory(image.archive.length);
  if (memoryBytes < least) throw new InputProblem(`program and files do not fit into ${memoryBytes / MEBIBYTE} MiB of memory`, `give --memory ${least / MEBIBYTE}M or more`);
  return {
    core: configuration.name,
    make(output) {
      const engine = definition.create({ memoryBytes, settings: configuration.settings, onConsole: output.onConsole });
      const loaded = engine.load(image.image);
      if (!loaded.ok) throw new InputProblem(loaded.problem, 'give the guest more memory with --memory, or fewer files');
      return engine;
    },
  };
}

async function countsTable(counts: EventCounts, region: EventCounts | undefined): Promise<string> {
  const { textTable } = await import('../text-table.js');
  const names = Object.keys(counts).filter((name) => counts[name] !== 0).toSorted();
  const cells = (name: string): readonly string[] => [formatCount(counts[name]), ...(region === undefined ? [] : [formatCount(region[name] ?? 0)])];
  return textTable(['event', 'count', ...(region === undefined ? [] : ['in the marked region'])], names.map((name) => [name, ...cells(name)]));
}

interface Ended {
  readonly outcome: ProgramOutcome;
  readonly engine: Engine;
  readonly seconds: number;
}

/** The counts are on stderr, because stdout is the program's. */
async function sayCounts({ output }: Context, core: string, { outcome, engine, seconds }: Ended): Promise<void> {
  const counts = engine.counts();
  const region = engine.region()?.counts;
  const record = { core, outcome, retired: engine.retired, seconds, counts, ...(region === undefined ? {} : { region }) };
  output.warn(output.json ? JSON.stringify(record) : `${await countsTable(counts, region)}\n${formatCount(engine.retired)} instructions on ${core}`);
}

function sayFailure({ output }: Context, { outcome, engine }: Ended): void {
  if (outcome.kind === 'failed') output.warn(`ringbench: ${oneLine(outcome.reason)}`);
  if (outcome.kind === 'budget') output.warn(`ringbench: the program did not end within ${formatCount(engine.retired)} instructions`);
}

/** `ringbench exec`: runs a static i386 Linux program on the lab kernel; its streams and its exit code are the command's. */
export async function exec(context: Context, given: Arguments): Promise<number> {
  const { output, program: words, project } = context;
  const limit = limitOption(given);
  const chosen = await coreOption(project.registry, given);
  const source = standardInput(process.stdin.isTTY === true && process.stderr.isTTY === true);
  const { core, make } = machineFor(context, chosen, given, labProgram(words, given, source));
  const isTerminal = source.kind === 'terminal';
  const streams = new HostOutput(process.stdout, process.stderr);
  const input = new HostInput(isTerminal);
  let startSeconds: number | undefined;
  const onFirstInstruction = (): void => {
    startSeconds = process.uptime();
  };
  const ended = await withHostInput(input, isTerminal || source.kind === 'stream', async (): Promise<Ended> => {
    const started = performance.now();
    const engine = make(streams);
    const outcome = await runProgram({ engine, input, output: streams, limit, onFirstInstruction: given['verbose'] === true ? onFirstInstruction : undefined });
    return { outcome, engine, seconds: (performance.now() - started) / MILLISECONDS };
  });
  // Only now: until here the terminal is the guest's.
  if (startSeconds !== undefined) output.say(`ringbench: the program's first instruction after ${startSeconds.toFixed(2)} s`);
  if (given['count'] === true || output.json) await sayCounts(context, core, ended);
  sayFailure(context, ended);
  return codeOfOutcome(ended.outcome);
}
