import type { Distribution } from './statistics.js';

/** What became of many virtual machines on one host. Times are in instructions of the machine, unless their names say otherwise. */
export interface ManyVmsReport {
  readonly type: 'many-vms';
  readonly schema: 1;
  readonly core: string;
  readonly vms: number;
  readonly idle: string;
  readonly slice: number;
  readonly guestMemoryBytes: number;
  readonly machineMemoryBytes: number;
  /** How many ended in each way: `ok`, or what was wrong. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Virtual machines whose end, console output or number of instructions is another than that of one by itself; there are none, or it is an error. */
  readonly different: number;
  readonly differences: readonly string[];
  readonly throughput: Throughput;
  /** Host time at which the first ended, up to which shares are compared. */
  readonly firstEnd: number;
  /** From when a sleeping guest was due to wake to when it had the processor; absent where none slept. */
  readonly wakeDelay?: Distribution;
  readonly memory: MemoryReport;
  readonly workloads: readonly WorkloadReport[];
}

export interface Throughput {
  /** Host time, of which the processor idled, and of which guests spun while asleep. */
  readonly time: number;
  readonly idleTime: number;
  readonly spinTime: number;
  readonly guestInstructions: number;
  /** Guest instructions for each unit of host time in which the processor was busy. */
  readonly useful: number;
  readonly switches: number;
  readonly preemptions: number;
  /** Of this process, for context. */
  readonly hostSeconds: number;
}

/** Shares of the processor among the virtual machines of one workload, until the first of all ended, 1 being an equal share. */
export interface Fairness {
  readonly least: number;
  readonly median: number;
  readonly most: number;
  readonly jain: number;
}

export interface MemoryReport {
  /** Bytes of JavaScript objects for each virtual machine, launched and not yet run. */
  readonly objectBytes: number;
  /** Machine pages for each then: its own and its monitor's. */
  readonly idlePages: number;
  /** Pages that all show together, at the start. */
  readonly sharedPages: number;
  /** Bytes for each virtual machine then, without what is shared. */
  readonly idleBytes: number;
  /** The most machine pages in use at the end of any tenth of the run, for each virtual machine. */
  readonly peakPages: number;
}

export interface WorkloadReport {
  readonly workload: string;
  readonly vms: number;
  readonly retired: number;
  readonly slept: number;
  /** Absent where the first ended before each had a turn. */
  readonly fairness?: Fairness;
  /** Host time at which they ended. */
  readonly ended: Distribution;
  /** Pages of a virtual machine at its end. */
  readonly ownPages: number;
  readonly copiedPages: number;
}
