import { readFileSync, statSync } from 'node:fs';
import type { z } from 'zod';
import { InputProblem, fileProblem, nearest } from './problem.js';

/** Largest definition file that is read, in bytes. */
const LARGEST_DEFINITION = 1 << 20;

/** Reads a JSON definition file and checks it against a schema. Throws InputProblem, with the place of the first mistake. */
export function readDefinition<Schema extends z.ZodType>(kind: string, path: string, schema: Schema): z.infer<Schema> {
  const parsed = schema.safeParse(readJson(kind, path));
  if (parsed.success) return parsed.data;
  // A misspelt field shows twice, as unknown and as missing; the first says what to mend.
  const { issues } = parsed.error;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  throw new InputProblem(`${kind} ${path}: ${issue === undefined ? 'is malformed' : describe(issue)}`, remedyFor(issue, schema));
}

/** Text of a definition file. Throws InputProblem if it is missing, no plain file or too large. */
export function readDefinitionText(kind: string, path: string): string {
  try {
    const status = statSync(path);
    // A pipe or a device would be read for ever.
    if (!status.isFile()) throw new InputProblem(`${kind} ${path} is not a file`, 'name a JSON file');
    if (status.size > LARGEST_DEFINITION) throw new InputProblem(`${kind} ${path} is larger than ${LARGEST_DEFINITION} bytes`, 'name a JSON definition');
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw error instanceof InputProblem ? error : fileProblem(`read ${kind}`, path, error);
  }
}

/** What a JSON definition file says, unchecked. Throws InputProblem. */
export function readJson(kind: string, path: string): unknown {
  const text = readDefinitionText(kind, path);
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputProblem(`${kind} ${path} is not JSON (${error.message})`, 'mend the file');
  }
}

function describe(issue: z.core.$ZodIssue): string {
  const place = issue.path.map(String).join('.');
  return place === '' ? issue.message : `"${place}": ${issue.message}`;
}

function remedyFor(issue: z.core.$ZodIssue | undefined, schema: z.ZodType): string {
  const [unknownKey] = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  const fields = fieldsOf(schema);
  const guess = unknownKey === undefined ? undefined : nearest(unknownKey, fields);
  if (guess !== undefined) return `did you mean "${guess}"?`;
  return unknownKey === undefined ? 'mend the file' : `the fields are ${fields.join(', ')}`;
}

function fieldsOf(schema: z.ZodType): readonly string[] {
  const definition: unknown = Reflect.get(schema, 'shape');
  return typeof definition === 'object' && definition !== null ? Object.keys(definition) : [];
}
