import { z } from 'zod';
import { CONFIGURATION_NAME } from './configuration-name.js';

/**
 * The record of a run, shared by those who write it (harness) and those who read it (analysis, figures). One JSON object a line in
 * `journal.jsonl`: first a RunHeader, then one Observation for each cell measured, appended and flushed as soon as it is known.
 * The types are derived from these schemas, so that what is written, what is checked and what is read cannot differ.
 */
export const SCHEMA_VERSION = 1;

/** Names of events, cores and workloads: what may become a column, a file name or a line of a report without quoting. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;
const TEXT_LIMIT = 4096;
const LIST_LIMIT = 100_000;

const name = z.string().regex(NAME, 'is not a plain name');
const configuration = z.string().regex(CONFIGURATION_NAME, 'is not the name of a core or of a core under settings');
const text = z.string().max(TEXT_LIMIT);
/** An exact non-negative integer: zod's `int` is bounded by the safe integers. */
const count = z.int().nonnegative();
const milliseconds = z.number().nonnegative();

const eventCounts = z.record(name, count).readonly();

/** SHA-256 of what a program on the lab kernel consists of; `ports`: of the kernels for machines that are no PC. */
const parts = z.strictObject({ kernel: text, ports: z.record(name, text).readonly().optional(), program: text, files: z.array(text).max(LIST_LIMIT).readonly() }).readonly();

/** Machines that are no PC, to which guests are ported. Cores of equal machines must agree in everything, others in the answer. */
const PORTS = ['paravirt', 'um'] as const;

const coreSchema = z
  .strictObject({ id: configuration, title: text, exemplar: text, mechanism: text, executor: text, port: z.enum(PORTS).optional(), core: name.optional(), settings: z.record(name, text).readonly().optional() })
  .readonly();

/** Why a cell has a result or has none. */
export const OUTCOMES = ['ok', 'wrong-checksum', 'wrong-status', 'budget', 'halted', 'shutdown', 'refused', 'crashed'] as const;

export const runHeaderSchema = z
  .strictObject({
    type: z.literal('run'),
    schema: z.literal(SCHEMA_VERSION),
    suite: name,
    seed: count,
    /** Commit of the project, with `+` appended when the tree was dirty; `unknown` outside a checkout. */
    commit: text,
    startedAt: text,
    /** Digest of the plan (cores, workloads, parameters, image hashes): a resumed run must have the same. */
    plan: text,
    host: z.strictObject({ platform: text, arch: text, cpu: text, cpus: count, memoryBytes: count }).readonly(),
    runtime: z.strictObject({ node: text, v8: text, flags: z.array(text).max(LIST_LIMIT).readonly() }).readonly(),
    /** What was measured: cores, and cores under `settings`, whose `id` then is the configuration's name and `core` the core's own. */
    cores: z.array(coreSchema).max(LIST_LIMIT).readonly(),
    /** `sha256` is the identity of all that the guest consists of: the image's digest, or that over the digests in `parts`. */
    workloads: z.array(z.strictObject({ id: name, why: text, image: text, sha256: text, checksum: text, parts: parts.optional() }).readonly()).max(LIST_LIMIT).readonly(),
    /** Workloads of the suite that could not be run there, and why. */
    skipped: z.array(z.strictObject({ id: name, reason: text }).readonly()).max(LIST_LIMIT).readonly().optional(),
  })
  .readonly();

export const observationSchema = z
  .strictObject({
    type: z.literal('observation'),
    /** The `id` of one of the header's cores. */
    core: configuration,
    workload: name,
    /** Repetition number, from 0: a fresh process each. */
    process: count,
    /** `ok`, or why there is no result; anything but ok is an error in the data, never a slow result. */
    outcome: z.enum(OUTCOMES),
    detail: text,
    checksum: text,
    /** Guest instructions retired from load to end. */
    retired: count,
    /** Event counts of the whole run. */
    counts: eventCounts,
    /** Event counts of the region that the guest marked (the whole run if it marked none). */
    region: eventCounts,
    /** Host milliseconds: engine creation and image load; the whole guest run; the marked region. */
    milliseconds: z.strictObject({ load: milliseconds, run: milliseconds, region: milliseconds }).readonly(),
    /** In-process repetitions of the run in milliseconds, in the order measured: diagnostics of warm-up, not observations. */
    samples: z.array(milliseconds).max(LIST_LIMIT).readonly(),
    /** `registers=… memory=…` digests of the final guest-visible state; empty where the core's state is not comparable or there is none. */
    fingerprint: text,
  })
  .readonly();

export const journalLineSchema = z.discriminatedUnion('type', [runHeaderSchema, observationSchema]);

/** Everything a reader needs to judge and repeat the run. */
export type RunHeader = z.infer<typeof runHeaderSchema>;

/** One cell of the matrix, measured once in a process of its own. */
export type Observation = z.infer<typeof observationSchema>;

export type Outcome = Observation['outcome'];

export type JournalLine = z.infer<typeof journalLineSchema>;

/** One line saying where and why a value does not fit a schema, for a person to read. */
export function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'does not fit the schema';
  const place = issue.path.map(String).join('.');
  return place === '' ? issue.message : `${place}: ${issue.message}`;
}
