import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CoreDefinition } from '../../../packages/engine/dist/index.js';
import { parseOutput, type Answer } from './answer.ts';
import { buildImage } from './image.ts';
import { MEMORY_BYTES } from './layout.ts';
import type { Scenario } from './scenario.ts';

const QEMU = 'qemu-system-i386';
const QEMU_MILLISECONDS = 10_000;
const MOST_OUTPUT_BYTES = 64 << 20;
/** A scenario costs some 150 thousand instructions of the runtime; a hang ends here. */
const BUDGET_PER_SCENARIO = 2_000_000;
const SCENARIOS_PER_IMAGE = 250;

/** Runs an image to its end or the end of patience: what it printed, and how it ended. */
export type Run = (image: Uint8Array, scenarios: number) => { readonly output: Uint8Array; readonly end: Answer['end'] };

/** The first line of QEMU's version, or why there is none. */
export function qemuVersion(): { readonly version: string } | { readonly missing: string } {
  const { status, stdout } = spawnSync(QEMU, ['--version'], { encoding: 'utf8' });
  return status === 0 ? { version: stdout.split('\n')[0].trim() } : { missing: `${QEMU} is not installed (Debian package qemu-system-x86)` };
}

export const runOnQemu: Run = (image) => {
  const folder = mkdtempSync(join(tmpdir(), 'ringbench-system-'));
  try {
    const file = join(folder, 'image');
    writeFileSync(file, image);
    const { stdout, status, error } = spawnSync(QEMU, [
      '-accel', 'tcg,thread=single', '-cpu', 'pentium2', '-m', String(MEMORY_BYTES >>> 20), '-display', 'none', '-no-reboot', '-nic', 'none',
      '-device', 'isa-debug-exit,iobase=0xf4', '-debugcon', 'stdio', '-kernel', file,
    ], { timeout: QEMU_MILLISECONDS, maxBuffer: MOST_OUTPUT_BYTES, stdio: ['ignore', 'pipe', 'inherit'] });
    const hung = error !== undefined;
    return { output: stdout, end: hung ? 'hung' : status === 1 ? 'finished' : 'shutdown' };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** One of our cores, through the engine's interface alone. */
export function runOnCore(core: CoreDefinition): Run {
  return (image, scenarios) => {
    const bytes: number[] = [];
    const engine = core.create({ memoryBytes: MEMORY_BYTES, onConsole: (byte: number) => bytes.push(byte) });
    const loaded = engine.load({ name: 'system scenarios', format: 'multiboot', bytes: image });
    if (!loaded.ok) throw new Error(loaded.problem);
    const { kind } = engine.run(scenarios * BUDGET_PER_SCENARIO);
    return { output: Uint8Array.from(bytes), end: kind === 'power-off' ? 'finished' : kind === 'shutdown' ? 'shutdown' : 'hung' };
  };
}

/** Answers to all scenarios, in order. One that resets or hangs the machine ends its image; the rest go on in another. */
export function answerAll(run: Run, scenarios: readonly Scenario[], progress: (done: number) => void = () => {}): Answer[] {
  const answers: Answer[] = [];
  while (answers.length < scenarios.length) {
    const part = scenarios.slice(answers.length, answers.length + SCENARIOS_PER_IMAGE);
    const { output, end } = run(buildImage(part), part.length);
    const parsed = parseOutput(output);
    for (let number = 0; parsed.answers.has(number); number++) answers.push(parsed.answers.get(number)!);
    if (parsed.answers.size < part.length) {
      if (parsed.unfinished !== parsed.answers.size || end === 'finished') throw new Error(`the output of the image that begins with ${part[0].id} ends unexpectedly`);
      answers.push({ end, events: [], changes: [] });
    }
    progress(answers.length);
  }
  return answers;
}
