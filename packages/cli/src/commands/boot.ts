import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine, Exit, GuestImage } from '@ringbench/engine';
import { fileProblem, InputProblem, oneLine, unknownName } from '@ringbench/harness';
import type { Arguments, Context } from '../context.js';
import { ExitCode } from '../exit-codes.js';
import { integerOption, textOption } from '../options.js';

const MEBIBYTE = 1 << 20;
const LEAST_MEMORY_MIB = 2;
const MOST_MEMORY_MIB = 1024;
const DEFAULT_MEMORY = '64M';
/** Guest instructions between two looks at the keyboard: a few hundredths of a second. */
const SLICE = 5_000_000;
const MOST_INSTRUCTIONS = 1e15;
/** Ctrl-A, as in QEMU: then X leaves, and a second Ctrl-A is the guest's. */
const ESCAPE = 0x01;
const SHOWN = 60;

function memoryOption(given: unknown): number {
  const text = textOption(given, '--memory') ?? DEFAULT_MEMORY;
  const [, amount] = (/^(\d{1,5})M$/i.exec(text) ?? []).map(Number);
  if (amount !== undefined && amount >= LEAST_MEMORY_MIB && amount <= MOST_MEMORY_MIB) return amount * MEBIBYTE;
  throw new InputProblem(`--memory ${oneLine(text, SHOWN)} is not usable`, `give mebibytes from ${LEAST_MEMORY_MIB}M to ${MOST_MEMORY_MIB}M`);
}

function readGuestFile(what: string, path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fileProblem(`read the ${what}`, path, error);
  }
}

function imageOf(given: Arguments): GuestImage {
  const kernel = textOption(given['kernel'], '--kernel');
  const multiboot = textOption(given['multiboot'], '--multiboot');
  const initrd = textOption(given['initrd'], '--initrd');
  const commandLine = textOption(given['append'], '--append');
  const options = commandLine === undefined ? {} : { commandLine };
  if ((kernel === undefined) === (multiboot === undefined)) throw new InputProblem('boot needs a guest', 'give either --kernel BZIMAGE or --multiboot ELF');
  if (multiboot !== undefined) {
    if (initrd !== undefined) throw new InputProblem('--initrd goes with --kernel only', 'leave it out');
    return { name: multiboot, format: 'multiboot', bytes: readGuestFile('Multiboot image', multiboot), ...options };
  }
  const disk = initrd === undefined ? {} : { initrd: readGuestFile('initial RAM disk', initrd) };
  return { name: kernel ?? '', format: 'linux', bytes: readGuestFile('kernel', kernel ?? ''), ...disk, ...options };
}

/** Bytes of the terminal on their way to the guest. */
class Keyboard {
  leaving = false;
  private escaped = false;
  private readonly queue: number[] = [];

  readonly take = (bytes: Uint8Array): void => {
    for (const byte of bytes) {
      if (this.escaped && (byte | 0x20) === 'x'.charCodeAt(0)) this.leaving = true;
      else if (byte === ESCAPE && !this.escaped && process.stdin.isTTY) {
        this.escaped = true;
        continue;
      } else this.queue.push(byte);
      this.escaped = false;
    }
  };
  feed(engine: Engine): void {
    while (this.queue.length > 0 && engine.receive(this.queue[0])) this.queue.shift();
  }
}

type Outcome = Exit | { readonly kind: 'until' } | { readonly kind: 'left' };

async function runGuest(engine: Engine, keyboard: Keyboard, limit: number, seen: () => boolean): Promise<Outcome> {
  for (;;) {
    keyboard.feed(engine);
    const exit = engine.run(Math.min(SLICE, limit - engine.retired));
    if (seen()) return { kind: 'until' };
    if (exit.kind !== 'budget' || engine.retired >= limit) return exit;
    await nextTurn();
    if (keyboard.leaving) return { kind: 'left' };
  }
}

const CODES: Readonly<Record<Outcome['kind'], ExitCode>> = {
  until: ExitCode.ok, left: ExitCode.ok, halted: ExitCode.ok, paused: ExitCode.ok, 'power-off': ExitCode.ok, shutdown: ExitCode.violations, refused: ExitCode.violations, budget: ExitCode.budget,
};

function describe(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'power-off': return `the guest powered off with status ${outcome.status}`;
    case 'shutdown': return `the guest's processor shut down at ${outcome.eip.toString(16)}: ${outcome.detail}`;
    case 'refused': return outcome.reason;
    case 'halted': return 'the guest halted for good';
    case 'budget': return 'the instructions of --max-instructions are spent';
    case 'paused': case 'until': return 'the text of --until was seen';
    case 'left': return 'left by Ctrl-A X';
  }
}

/** `ringbench boot`: boots a guest with its serial console on the terminal. */
export async function boot({ project, output }: Context, given: Arguments): Promise<ExitCode> {
  const core = textOption(given['core'], '--core') ?? project.registry.ids[0];
  if (!project.registry.ids.includes(core)) throw unknownName('core', core, project.registry.ids, '--core');
  const image = imageOf(given);
  const until = textOption(given['until'], '--until');
  const limit = integerOption(given['max-instructions'], '--max-instructions', 1, MOST_INSTRUCTIONS) ?? MOST_INSTRUCTIONS;
  let tail = '';
  let found = false;
  const onConsole = (byte: number): void => {
    (output.json ? process.stderr : process.stdout).write(Uint8Array.of(byte));
    if (until === undefined || found) return;
    tail = (tail + String.fromCharCode(byte)).slice(-until.length);
    found = tail === until;
    if (found) engine.pause();
  };
  const engine: Engine = (await project.registry.load(core)).create({ memoryBytes: memoryOption(given['memory']), onConsole });
  const loaded = engine.load(image);
  if (!loaded.ok) throw new InputProblem(loaded.problem, 'see `ringbench boot --help`');
  const keyboard = new Keyboard();
  const started = performance.now();
  const outcome = await withTerminal(keyboard, () => runGuest(engine, keyboard, limit, () => found));
  const seconds = (performance.now() - started) / 1000;
  const summary = { outcome: outcome.kind, detail: describe(outcome), core, retired: engine.retired, seconds };
  if (output.json) output.data(summary, () => '');
  output.say(`\nringbench: ${summary.detail}; ${engine.retired.toLocaleString('en')} instructions in ${seconds.toFixed(1)} s on ${core}`);
  return CODES[outcome.kind];
}

/** Hands the terminal to the guest, key by key, and takes it back. */
async function withTerminal<Result>(keyboard: Keyboard, work: () => Promise<Result>): Promise<Result> {
  const { stdin } = process;
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.on('data', keyboard.take);
  try {
    return await work();
  } finally {
    stdin.off('data', keyboard.take);
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
  }
}
