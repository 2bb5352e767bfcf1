import { z } from 'zod';
import { CONFIGURATION_NAME } from './configuration-name.js';
import { explain } from './schema.js';

/** The matrix of sensitive instructions by technique, beside a run's journal: who writes it runs guests, who reads it does not. */
export const INSTRUCTION_MATRIX_NAME = 'instruction-matrix.json';
export const INSTRUCTION_MATRIX_VERSION = 1;

const TEXT_LIMIT = 1000;
const LIST_LIMIT = 1000;
const text = z.string().max(TEXT_LIMIT);
const configuration = z.string().regex(CONFIGURATION_NAME, 'is not the name of a core or of a core under settings');

/** `faithful`: the witness logs what the manual says; `traps`: it does not come to its end; `wrong`: it comes to its end with another log. */
export const INSTRUCTION_VERDICTS = ['faithful', 'traps', 'wrong'] as const;

const judgementSchema = z.strictObject({
  core: configuration,
  verdict: z.enum(INSTRUCTION_VERDICTS),
  /** How the run ended, or the first word of the log that differs; empty if faithful. */
  detail: text,
}).readonly();

const witnessSchema = z.strictObject({
  /** Number in the list of J. S. Robin and C. E. Irvine (USENIX Security 2000); 19 is IRET, which is ours. */
  entry: z.int().positive(),
  name: text,
  /** What the witness checks, and what fails silently in a deprivileged kernel. */
  claim: text,
  failure: text,
  /** One for each of `cores`, in their order. */
  judgements: z.array(judgementSchema).max(LIST_LIMIT).readonly(),
}).readonly();

export const instructionMatrixSchema = z.strictObject({
  type: z.literal('instruction-matrix'),
  schema: z.literal(INSTRUCTION_MATRIX_VERSION),
  /** Commit of the project, as in a run's header. */
  commit: text,
  /** `naive` marks a technique without what makes it faithful: it shows that the witnesses bite. */
  cores: z.array(z.strictObject({ id: configuration, naive: z.boolean() }).readonly()).max(LIST_LIMIT).readonly(),
  witnesses: z.array(witnessSchema).max(LIST_LIMIT).readonly(),
}).readonly().refine(isComplete, 'does not have a judgement of each witness for each core');

export type InstructionMatrix = z.infer<typeof instructionMatrixSchema>;

function isComplete({ cores, witnesses }: { readonly cores: readonly { readonly id: string }[]; readonly witnesses: readonly { readonly judgements: readonly { readonly core: string }[] }[] }): boolean {
  const ids = cores.map(({ id }) => id).join();
  return witnesses.every(({ judgements }) => judgements.map(({ core }) => core).join() === ids);
}

/** Reads a matrix from the text of its file. Damage is a value. */
export function parseInstructionMatrix(json: string): { readonly ok: true; readonly matrix: InstructionMatrix } | { readonly ok: false; readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { ok: false, problem: 'it is not JSON' };
  }
  const parsed = instructionMatrixSchema.safeParse(value);
  return parsed.success ? { ok: true, matrix: parsed.data } : { ok: false, problem: explain(parsed.error) };
}
