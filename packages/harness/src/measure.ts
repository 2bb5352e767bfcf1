import { createHash } from 'node:crypto';
import { EXECUTOR_SETTING } from '@ringbench/engine';
import type { CoreDefinition, Engine, EventCounts, Exit, Fingerprint } from '@ringbench/engine';
import type { Observation, Outcome } from '@ringbench/journal';
import type { CellRequest } from './cell.js';
import { configurationOf } from './configuration.js';
import type { Guest } from './guest.js';
import { GuestConsole } from './guest-console.js';

/** A guest run from an empty machine to its end. */
interface GuestRun {
  readonly engine: Engine;
  readonly console: GuestConsole;
  readonly exit: Exit;
  readonly milliseconds: { readonly load: number; readonly run: number };
}

/** Host clock in milliseconds. */
export type Clock = () => number;

function runGuest(core: CoreDefinition, request: CellRequest, { image, disks }: Guest, clock: Clock): GuestRun {
  const output = new GuestConsole();
  const start = clock();
  const settings = { ...configurationOf(request.core).settings, [EXECUTOR_SETTING.name]: request.executor };
  const engine = core.create({ memoryBytes: request.memoryBytes, disks, settings, onConsole: output.write, hostClock: clock });
  const loaded = engine.load(image);
  const ready = clock();
  const exit: Exit = loaded.ok ? engine.run(request.budget) : { kind: 'refused', reason: `image: ${loaded.problem}` };
  return { engine, console: output, exit, milliseconds: { load: ready - start, run: clock() - ready } };
}

/**
 * Measures one cell: runs the guest to its end, judges its answer, then repeats the run for the samples.
 * What the guest does wrong is an outcome; what the core does wrong is thrown.
 */
export async function measureCell(core: CoreDefinition, request: CellRequest, guest: Guest, clock: Clock): Promise<Observation> {
  const run = runGuest(core, request, guest, clock);
  const observation = observe(run, request);
  if (observation.outcome !== 'ok' || request.samples === 0) return observation;
  return { ...observation, samples: await sampleRuns(core, request, guest, clock, observation.counts) };
}

function observe(run: GuestRun, request: CellRequest): Observation {
  const { engine, exit, milliseconds } = run;
  const checksum = run.console.checksum() ?? '';
  const region = engine.region();
  const counts = canonicalCounts(engine.counts());
  return {
    type: 'observation',
    core: request.core,
    workload: request.workload,
    process: request.process,
    ...judge(exit, { checksum, lastLine: run.console.lastLine() }, request),
    checksum,
    retired: engine.retired,
    counts,
    region: region === undefined ? counts : canonicalCounts(region.counts),
    milliseconds: { ...milliseconds, region: region?.milliseconds ?? milliseconds.run },
    samples: [],
    fingerprint: exit.kind === 'power-off' ? describeFingerprint(engine.fingerprint()) : '',
  };
}

/** A guest or a technique may have much to say; this much is recorded. */
const DETAIL_LIMIT = 1000;

interface Verdict {
  readonly outcome: Outcome;
  readonly detail: string;
}

/** What the guest said of itself. */
interface Answer {
  readonly checksum: string;
  readonly lastLine: string;
}

function judge(exit: Exit, { checksum, lastLine }: Answer, request: CellRequest): Verdict {
  switch (exit.kind) {
    case 'power-off':
      return exit.status === request.status
        ? judgeChecksum(checksum, request.checksum)
        : judgeStatus(exit.status, lastLine, request);
    case 'budget':
      return { outcome: 'budget', detail: `the guest did not end within ${request.budget} instructions` };
    case 'paused':
      throw new Error('a measurement never pauses its engine');
    case 'halted':
      return { outcome: 'halted', detail: 'the guest halted with nothing left to wake it' };
    case 'shutdown':
      return { outcome: 'shutdown', detail: `triple fault at eip ${exit.eip.toString(16)}: ${exit.detail}`.slice(0, DETAIL_LIMIT) };
    case 'reset':
      return { outcome: 'shutdown', detail: 'the guest reset the machine' };
    case 'refused':
      return { outcome: 'refused', detail: exit.reason.slice(0, DETAIL_LIMIT) };
  }
}

/** With this status a program says that its machine lacks what it measures (workloads/user/README.md). */
const STATUS_SKIP = 77;

function judgeStatus(found: number, lastLine: string, { guest, status }: CellRequest): Verdict {
  if (guest.kind === 'program' && found === STATUS_SKIP) return { outcome: 'refused', detail: lastLine };
  const said = guest.kind === 'program' ? `: ${lastLine}` : '';
  return { outcome: 'wrong-status', detail: `the guest ended with status ${found} instead of ${status}${said}`.slice(0, DETAIL_LIMIT) };
}

function judgeChecksum(found: string, expected: string | null): Verdict {
  if (found === '') return { outcome: 'wrong-checksum', detail: 'the guest printed no "END sum=" line' };
  if (expected !== null && found !== expected) return { outcome: 'wrong-checksum', detail: `the guest computed ${found} instead of ${expected}` };
  return { outcome: 'ok', detail: '' };
}

/** Counts without zeros, in the order of their names, so that equal counts are equal bytes. */
export function canonicalCounts(counts: EventCounts): EventCounts {
  const entries = Object.entries(counts).filter(([, value]) => value !== 0);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const SHORT_DIGEST = 16;

/** Registers and memory apart, so that a difference tells which of them differs. */
function describeFingerprint({ registers, eip, eflags, memory }: Fingerprint): string {
  const digest = createHash('sha256').update(JSON.stringify([registers, eip, eflags])).digest('hex');
  return `registers=${digest.slice(0, SHORT_DIGEST)} memory=${memory}`;
}

/**
 * Repeats the run in this process. Times are kept here in the order measured, because tinybench sorts the samples that it retains; engine creation
 * is not part of them, which is what `overriddenDuration` is for. `time: 0` makes the number of iterations exact.
 */
async function sampleRuns(core: CoreDefinition, request: CellRequest, guest: Guest, clock: Clock, counts: EventCounts): Promise<readonly number[]> {
  const { Bench } = await import('tinybench');
  const bench = new Bench({ time: 0, iterations: request.samples, warmup: false, throws: true });
  const samples: number[] = [];
  const expected = JSON.stringify(counts);
  const sample = (): { overriddenDuration: number } => {
    const { engine, milliseconds } = runGuest(core, request, guest, clock);
    if (JSON.stringify(canonicalCounts(engine.counts())) !== expected) throw new Error(`in-process run ${samples.length + 1} counted other events than the first run`);
    samples.push(milliseconds.run);
    return { overriddenDuration: milliseconds.run };
  };
  bench.add(request.workload, sample, { async: false });
  bench.runSync();
  return samples;
}
