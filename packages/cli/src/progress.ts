import { Presets, SingleBar } from 'cli-progress';
import type { RunProgress } from '@ringbench/harness';
import { oneLine } from '@ringbench/harness/problem';
import type { Observation } from '@ringbench/journal';
import type { Output } from './output.js';
import { formatCount } from './counts.js';

const SHOWN_DETAIL = 200;

/** Live display of a run on stderr: a bar on a terminal, else a line for each cell. */
export function showProgress(output: Output): RunProgress {
  return process.stderr.isTTY && !output.quiet ? new BarProgress(output) : new LineProgress(output);
}

function begun(output: Output, done: number, total: number, warnings: readonly string[]): void {
  for (const warning of warnings) output.warn(`ringbench: ${oneLine(warning)}`);
  if (done > 0) output.say(`${done} of ${total} cells are in the journal, ${total - done} are missing`);
}

function describe({ core, workload, process, outcome, detail, retired, milliseconds }: Observation): string {
  const cell = `${workload} on ${core}, process ${process}`;
  if (outcome !== 'ok') return `${cell}: ${outcome.toUpperCase()} ${oneLine(detail, SHOWN_DETAIL)}`;
  return `${cell}: ${formatCount(retired)} instructions in ${formatCount(Math.round(milliseconds.run))} ms`;
}

class LineProgress implements RunProgress {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  begin(done: number, total: number, warnings: readonly string[]): void {
    begun(this.#output, done, total, warnings);
  }

  cell(): void {}

  measured(observation: Observation, done: number, total: number): void {
    this.#output.say(`[${done}/${total}] ${describe(observation)}`);
  }

  end(): void {}
}

class BarProgress implements RunProgress {
  readonly #output: Output;
  readonly #bar = new SingleBar(
    { format: '{bar} {value}/{total}  {eta_formatted} left  {cell}', stream: process.stderr, hideCursor: true, gracefulExit: false, etaBuffer: 20 },
    Presets.shades_classic,
  );

  constructor(output: Output) {
    this.#output = output;
  }

  begin(done: number, total: number, warnings: readonly string[]): void {
    begun(this.#output, done, total, warnings);
    this.#bar.start(total, done, { cell: '' });
  }

  cell({ workload, core, process }: Parameters<RunProgress['cell']>[0]): void {
    this.#bar.update({ cell: `${workload} on ${core}, process ${process}` });
  }

  measured(observation: Observation, done: number): void {
    this.#bar.update(done);
    // A failure scrolls past above the bar, so that nobody waits an hour to learn of it.
    if (observation.outcome !== 'ok') process.stderr.write(`\r\x1b[K${describe(observation)}\n`);
  }

  end(): void {
    this.#bar.stop();
  }
}
