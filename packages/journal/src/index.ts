/**
 * The record of a run, shared by those who write it (harness) and those who read it (analysis, figures). One JSON object a line in
 * `journal.jsonl`: first a RunHeader, then one Observation for each cell measured, appended and flushed as soon as it is known.
 */
export const SCHEMA_VERSION = 1;

/** Everything a reader needs to judge and repeat the run. */
export interface RunHeader {
  readonly type: 'run';
  readonly schema: number;
  readonly suite: string;
  readonly seed: number;
  /** Commit of the project, with `+` appended when the tree was dirty; `unknown` outside a checkout. */
  readonly commit: string;
  readonly startedAt: string;
  /** Digest of the plan (cores, workloads, parameters, image hashes): a resumed run must have the same. */
  readonly plan: string;
  readonly host: { readonly platform: string; readonly arch: string; readonly cpu: string; readonly cpus: number; readonly memoryBytes: number };
  readonly runtime: { readonly node: string; readonly v8: string; readonly flags: readonly string[] };
  readonly cores: readonly { readonly id: string; readonly title: string; readonly exemplar: string; readonly mechanism: string; readonly executor: string }[];
  readonly workloads: readonly { readonly id: string; readonly why: string; readonly image: string; readonly sha256: string; readonly checksum: string }[];
}

/** One cell of the matrix, measured once in a process of its own. */
export interface Observation {
  readonly type: 'observation';
  readonly core: string;
  readonly workload: string;
  /** Repetition number, from 0: a fresh process each. */
  readonly process: number;
  /** `ok`, or why there is no result; anything but ok is an error in the data, never a slow result. */
  readonly outcome: 'ok' | 'wrong-checksum' | 'wrong-status' | 'budget' | 'halted' | 'shutdown' | 'refused' | 'crashed';
  readonly detail: string;
  readonly checksum: string;
  /** Guest instructions retired from load to end. */
  readonly retired: number;
  /** Event counts of the whole run, and of the region that the guest marked (the whole run if it marked none). */
  readonly counts: Readonly<Record<string, number>>;
  readonly region: Readonly<Record<string, number>>;
  /** Host milliseconds: engine creation and image load; the whole guest run; the marked region. */
  readonly milliseconds: { readonly load: number; readonly run: number; readonly region: number };
  /** In-process repetitions of the run in milliseconds, in the order measured: diagnostics of warm-up, not observations. */
  readonly samples: readonly number[];
  readonly fingerprint: string;
}

export type JournalLine = RunHeader | Observation;
