import { composeFlags, Word, type WordName } from '@ringbench/isa';
import { MemoryPool } from '@ringbench/machine';
import type { CoreDefinition, Engine, EngineOptions, Exit } from '../engine.js';
import { LOOK_PORT, PROGRAM_MEMORY_BYTES } from './places.js';
import type { ProgramImage } from './program.js';
import { QuickDigest } from './quick-digest.js';

/** What a guest has at one instruction: everything that it could show of itself, and how far it is. */
export interface Look {
  readonly retired: number;
  /** State words of isa's `Word`, arithmetic flags as EFLAGS in FLAG_RESULT. */
  readonly state: Int32Array;
  /** Digest of all guest physical memory; empty where it was not taken. */
  readonly memory: string;
  readonly consoleBytes: number;
}
/** A run of an image on one core. */
export interface Observation {
  readonly exit: Exit;
  /** One for each write to the look port, then the end. */
  readonly looks: readonly Look[];
  readonly console: readonly number[];
  /** How many of the image's programs were begun. */
  readonly begun: number;
  /** Machine pages of the neighbour that changed: bugs of resource control. */
  readonly neighbourChanges: readonly number[];
}
export interface ObserveOptions {
  /** Instructions after which a program that is not done ends the run. */
  readonly programBudget?: number;
  readonly settings?: EngineOptions['settings'];
  /** Pages of the machine that belong to another owner (`EngineOptions.neighbourPages`). */
  readonly neighbourPages?: number;
}

/** Most programs take a few hundred instructions and the kernel some thousand to begin them; what needs more is in a loop. */
const PROGRAM_BUDGET = 16_000;
/** What the kernel needs before the first. */
const START_BUDGET = 100_000;
/** Looks beyond this many are at the end only: a program may write the port in a loop. */
const MOST_LOOKS = 200;
/** Memory is compared at the first of so many looks, and at the end: what differs in between stays different for a while, and a digest takes longer than all else of a look. */
const LOOKS_AT_MEMORY = 3;
/** And so it may write to the console. */
const MOST_CONSOLE_BYTES = 200;

function lookAt(engine: Engine, consoleBytes: number, withMemory: boolean): Look {
  const { state } = engine.inspect();
  const words = state.slice();
  words[Word.FLAG_RESULT] = composeFlags(state);
  words[Word.FLAG_CARRY] = 0;
  return { retired: engine.retired, state: words, memory: withMemory ? engine.fingerprint(new QuickDigest()).memory : '', consoleBytes };
}

/** Runs of one process are made one after the other, and no engine outlives its run. */
const memories = new MemoryPool();

/** Runs an image on a core in an engine of its own. Throws what the core throws, and when the image does not load. */
export function observe(core: CoreDefinition, image: ProgramImage, options: ObserveOptions = {}): Observation {
  try {
    return observeOnce(core, image, options);
  } finally {
    memories.reclaim();
  }
}

function observeOnce(core: CoreDefinition, image: ProgramImage, { programBudget = PROGRAM_BUDGET, settings, neighbourPages = 0 }: ObserveOptions): Observation {
  const console: number[] = [];
  // Each program begins with a byte on the console.
  let deadline = START_BUDGET;
  const onConsole = (byte: number): void => {
    console.push(byte);
    if (console.length < MOST_CONSOLE_BYTES) deadline = engine.retired + programBudget;
  };
  const engine: Engine = core.create({
    memories, memoryBytes: PROGRAM_MEMORY_BYTES, postPort: LOOK_PORT, onConsole, onPostCode: () => engine.pause(), ...(settings === undefined ? {} : { settings }), ...(neighbourPages === 0 ? {} : { neighbourPages }),
  });
  const loaded = engine.load({ name: 'programs', format: 'multiboot', bytes: image.bytes });
  if (!loaded.ok) throw new Error(loaded.problem);
  const looks: Look[] = [];
  let exit: Exit = { kind: 'paused' };
  while ((exit.kind === 'paused' || exit.kind === 'budget') && engine.retired < deadline) {
    const budget = deadline - engine.retired;
    const before = engine.retired;
    exit = engine.run(budget);
    if (engine.retired - before > budget) throw new Error(`${core.id} retired ${engine.retired - before} instructions of a budget of ${budget}`);
    if (exit.kind !== 'paused' || looks.length >= MOST_LOOKS) continue;
    // Events of the OUT itself, such as a single step, are taken before or behind a pause; behind the next instruction they have been.
    exit = engine.run(1);
    looks.push(lookAt(engine, console.length, looks.length % LOOKS_AT_MEMORY === 0));
  }
  looks.push(lookAt(engine, console.length, true));
  const number = new DataView(engine.inspect().readPhysical(image.programNumber, 4).buffer).getInt32(0, true);
  return { exit, looks, console, begun: number + 1, neighbourChanges: engine.neighbourChanges?.() ?? [] };
}

const NAMES = (Object.entries(Word) as [WordName, number][]).toSorted(([, a], [, b]) => a - b);
/** Name of a state word, such as `BASE+3`. */
function nameOf(index: number): string {
  const [name, first] = NAMES.findLast(([, at]) => at <= index) ?? ['word', 0];
  return name === 'FLAG_RESULT' ? 'EFLAGS' : index === first ? name : `${name}+${index - first}`;
}
const hex = (value: number): string => (value >>> 0).toString(16);

/** Where two runs of one image differ first, in words; undefined when they are the same. */
export function firstDifference(expected: Observation, actual: Observation): string | undefined {
  const looks = Math.min(expected.looks.length, actual.looks.length);
  for (let index = 0; index < looks; index++) {
    const [ours, theirs] = [expected.looks[index], actual.looks[index]];
    const found: string[] = [];
    if (ours.retired !== theirs.retired) found.push(`retired ${ours.retired} and ${theirs.retired}`);
    for (let word = 0; word < ours.state.length; word++) if (ours.state[word] !== theirs.state[word]) found.push(`${nameOf(word)} ${hex(ours.state[word])} and ${hex(theirs.state[word])}`);
    if (ours.memory !== theirs.memory) found.push('memory');
    if (ours.consoleBytes !== theirs.consoleBytes) found.push(`console ${ours.consoleBytes} and ${theirs.consoleBytes} bytes`);
    if (found.length > 0) return `look ${index + 1}: ${found.join(', ')}`;
  }
  if (JSON.stringify(expected.exit) !== JSON.stringify(actual.exit)) return `end: ${JSON.stringify(expected.exit)} and ${JSON.stringify(actual.exit)}`;
  if (expected.looks.length !== actual.looks.length) return `${expected.looks.length} looks and ${actual.looks.length}`;
  if (expected.console.join() !== actual.console.join()) return 'console';
  if (actual.neighbourChanges.length > 0) return `pages of another owner changed: ${actual.neighbourChanges.map(hex).join(', ')}`;
  return undefined;
}
