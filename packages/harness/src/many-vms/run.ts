import { MemoryDigest, type CoreDefinition, type EngineOptions, type Exit } from '@ringbench/engine';
import { DEFAULT_SLICE, VmHost, type IdlePolicy, type VmEnd, type VmProcess } from '@ringbench/host';
import type { Guest } from '../guest.js';
import { GuestConsole } from '../guest-console.js';
import { InputProblem } from '../problem.js';
import { measureObjects } from './memory-meter.js';
import type { ManyVmsReport, MemoryReport, WorkloadReport } from './report.js';
import { distributionOf, jainIndex } from './statistics.js';

const PAGE_BYTES = 4096;
const SHOWN_DIFFERENCES = 10;
/** How often memory is looked at and progress told. */
const PARTS = 10;
/** Of the console, for its last line. */
const KEPT_BYTES = 256;

/** A guest that some of the virtual machines get. */
export interface VmWorkload extends Guest {
  readonly id: string;
  /** What it must print, or null where no answer is on record. */
  readonly checksum: string | null;
}

export interface ManyVmsRequest {
  readonly core: CoreDefinition;
  /** The configuration's name and settings. */
  readonly name: string;
  readonly settings: EngineOptions['settings'];
  readonly vms: number;
  /** Virtual machine i gets workload i modulo their number. */
  readonly workloads: readonly VmWorkload[];
  readonly idle: IdlePolicy;
  readonly slice?: number | undefined;
  readonly memoryBytes: number;
  readonly ramBytes: number;
  /** Guest instructions after which one is ended. */
  readonly budget: number;
  /** Host clock in milliseconds. */
  readonly clock: () => number;
  readonly progress: ManyVmsProgress;
}

export interface ManyVmsProgress {
  launched(vms: number): void;
  ran(ended: number, vms: number): void;
}

/** What one virtual machine said and did: equal for all of a workload, and for one by itself. */
class Observed {
  private readonly digest = new MemoryDigest();
  private readonly last = new GuestConsole(KEPT_BYTES);
  private bytes = 0;

  readonly write = (byte: number): void => {
    this.last.write(byte);
    this.bytes++;
    this.digest.update(Int32Array.of(byte));
  };

  get checksum(): string { return this.last.checksum() ?? ''; }
  /** `end`: how it ended. */
  result(end: VmEnd, retired: number): string { return JSON.stringify({ end, retired, bytes: this.bytes, console: this.digest.result() }); }
}

/** A workload by itself, on a machine of its own. */
interface Alone {
  readonly result: string;
  readonly retired: number;
}

interface Vm {
  readonly process: VmProcess;
  readonly observed: Observed;
  readonly workload: number;
}

/** Runs many virtual machines of one technique on one host to their end, and compares each with one by itself. Throws InputProblem for what cannot be run. */
export function runManyVms(request: ManyVmsRequest): ManyVmsReport {
  if (request.core.sharesMachine !== true) throw new InputProblem(`--core ${request.core.id}: a guest of this technique has its machine for itself`, 'choose a core with a monitor');
  const alone = request.workloads.map((workload) => runAlone(request, workload));
  return new ManyVmsRun(request, alone).run();
}

function optionsFor({ settings, memoryBytes }: ManyVmsRequest, { disks }: Guest, observed: { readonly write: (byte: number) => void }): EngineOptions {
  return { memoryBytes, disks, settings, onConsole: observed.write };
}

function runAlone(request: ManyVmsRequest, workload: VmWorkload): Alone {
  const observed = new Observed();
  const engine = request.core.create(optionsFor(request, workload, observed));
  const loaded = engine.load(workload.image);
  if (!loaded.ok) throw new InputProblem(`${workload.id}: ${loaded.problem}`, 'choose another workload, or give more --memory');
  const exit = engine.run(request.budget);
  if (exit.kind === 'refused') throw new InputProblem(`${workload.id} on ${request.name}: ${exit.reason}`, 'choose another workload');
  requireAnswer(workload, observed, exit);
  return { result: observed.result(exit, engine.retired), retired: engine.retired };
}

function requireAnswer({ id, checksum }: VmWorkload, observed: Observed, exit: Exit): void {
  if (exit.kind !== 'power-off' || checksum === null || observed.checksum === checksum) return;
  throw new Error(`${id} by itself computed ${observed.checksum} instead of ${checksum}`);
}

class ManyVmsRun {
  private readonly host: VmHost;
  private readonly vms: Vm[] = [];
  /** When the first ended, and what time each had taken by then. */
  private atFirstEnd: { readonly time: number; readonly times: readonly number[] } | undefined = undefined;
  private ended = 0;
  private peakUsed = 0;

  constructor(private readonly request: ManyVmsRequest, private readonly alone: readonly Alone[]) {
    const { core, ramBytes, idle, slice } = request;
    this.host = new VmHost(core, { ramBytes, idle, ...(slice === undefined ? {} : { slice }), onEnded: () => this.noteEnd() });
  }

  run(): ManyVmsReport {
    const { request, host } = this;
    const before = measureObjects();
    this.launch();
    const objectBytes = (measureObjects() - before) / request.vms;
    const { pages, free, shared } = host.machine.use;
    const idlePages = (pages - free - shared) / request.vms;
    const begin = request.clock();
    this.runToEnd();
    const hostSeconds = (request.clock() - begin) / 1000;
    const memory: MemoryReport = { objectBytes, idlePages, sharedPages: shared, idleBytes: objectBytes + idlePages * PAGE_BYTES, peakPages: this.peakUsed / request.vms };
    return this.report(memory, hostSeconds);
  }

  private launch(): void {
    const { request, host } = this;
    for (let index = 0; index < request.vms; index++) {
      const workload = index % request.workloads.length;
      const observed = new Observed();
      const guest = request.workloads[workload];
      const launch = host.launch(guest.image, { ...optionsFor(request, guest, observed), budget: request.budget, name: `${guest.id}-${index}` });
      if (!launch.ok) throw new InputProblem(`virtual machine ${index + 1} of ${request.vms}: ${launch.problem}`, 'launch fewer, or give more --ram');
      this.vms.push({ process: launch.process, observed, workload });
      if ((index + 1) % Math.ceil(request.vms / PARTS) === 0) request.progress.launched(index + 1);
    }
  }

  private runToEnd(): void {
    const { request, host, vms } = this;
    const all = vms.reduce((sum, { workload }) => sum + this.alone[workload].retired, 0);
    for (;;) {
      const stop = host.run(Math.ceil(all / PARTS));
      const { pages, free } = host.machine.use;
      this.peakUsed = Math.max(this.peakUsed, pages - free);
      request.progress.ran(this.ended, request.vms);
      if (stop === 'ended') return;
      if (stop !== 'limit') throw new Error(`the host stopped with ${host.scheduler.size} virtual machines left: ${stop}`);
    }
  }

  /** Before the first of them gives its memory back. */
  private noteEnd(): void {
    this.ended++;
    if (this.atFirstEnd !== undefined) return;
    const { pages, free } = this.host.machine.use;
    this.peakUsed = Math.max(this.peakUsed, pages - free);
    this.atFirstEnd = { time: this.host.clock.now, times: this.vms.map(({ process }) => process.time) };
  }

  private fairnessOf(workload: number): Pick<WorkloadReport, 'fairness'> {
    const times = this.vms.flatMap((vm, index) => (vm.workload === workload ? [this.atFirstEnd?.times[index] ?? 0] : []));
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    const shares = distributionOf(times.map((time) => time / mean));
    if (times.includes(0) || shares === undefined) return {};
    return { fairness: { least: shares.least, median: shares.median, most: shares.most, jain: jainIndex(times) } };
  }

  private report(memory: MemoryReport, hostSeconds: number): ManyVmsReport {
    const { request, host, vms, alone } = this;
    const different = vms.filter(({ process, observed, workload }) => resultOf(process, observed) !== alone[workload].result);
    const guestInstructions = vms.reduce((sum, { process }) => sum + (process.result?.retired ?? 0), 0);
    const wakeDelay = distributionOf(host.wakeDelays);
    const { now, idle } = host.clock;
    const { spun, switches, preemptions } = host.counters;
    if (this.atFirstEnd === undefined) throw new Error('no virtual machine ended');
    return {
      type: 'many-vms', schema: 1, core: request.name, vms: vms.length, idle: request.idle, slice: request.slice ?? DEFAULT_SLICE, guestMemoryBytes: request.memoryBytes, machineMemoryBytes: request.ramBytes,
      outcomes: this.outcomes(),
      different: different.length,
      differences: different.slice(0, SHOWN_DIFFERENCES).map(({ process, observed, workload }) => `${process.name}: ${resultOf(process, observed)} instead of ${alone[workload].result}`),
      throughput: { time: now, idleTime: idle, spinTime: spun, guestInstructions, useful: guestInstructions / (now - idle), switches, preemptions, hostSeconds },
      firstEnd: this.atFirstEnd.time,
      ...(wakeDelay === undefined ? {} : { wakeDelay }),
      memory,
      workloads: request.workloads.map((_, index) => this.workloadReport(index)),
    };
  }

  private outcomes(): Record<string, number> {
    const outcomes: Record<string, number> = {};
    for (const { process, observed, workload } of this.vms) {
      const outcome = outcomeOf(process, observed, this.request.workloads[workload]);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    return outcomes;
  }

  private workloadReport(workload: number): WorkloadReport {
    const results = this.vms.filter((vm) => vm.workload === workload).flatMap(({ process: { result } }) => result ?? []);
    const ended = distributionOf(results.map(({ endedAt }) => endedAt));
    const [first] = results;
    if (ended === undefined || first === undefined) throw new Error(`${this.request.workloads[workload].id} never ran`);
    return { workload: this.request.workloads[workload].id, vms: results.length, retired: first.retired, slept: first.slept, ...this.fairnessOf(workload), ended, ownPages: first.memory.own, copiedPages: first.memory.copied };
  }
}

function resultOf({ result }: VmProcess, observed: Observed): string {
  if (result === undefined) throw new Error('a virtual machine has not ended');
  return observed.result(result.end, result.retired);
}

function outcomeOf({ result }: VmProcess, observed: Observed, { checksum }: VmWorkload): string {
  const end = result?.end;
  if (end?.kind !== 'power-off') return end?.kind ?? 'running';
  return checksum === null || observed.checksum === checksum ? 'ok' : 'wrong-checksum';
}
