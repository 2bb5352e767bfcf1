import { summarize } from '@ringbench/analysis';
import type { CostProfile, RunSummary } from '@ringbench/analysis';
import type { Written } from '@ringbench/figures';
import { InputProblem, fileProblem, oneLine, openResults, summarise, writeResults } from '@ringbench/harness';
import type { Results } from '@ringbench/harness';
import type { Arguments, Context } from '../context.js';
import { writeEfficiency } from '../efficiency-file.js';
import { ExitCode } from '../exit-codes.js';
import { textOption } from '../options.js';
import { DEFAULT_PROFILE } from '../default-profile.js';
import { loadProfile } from '../profiles.js';
import { priceTable, violationLines } from '../table.js';

/** The folder that a command is about, and what its journal says. */
function open({ output }: Context, given: Arguments): { readonly folder: string; readonly results: Results } {
  const folder = textOption(given['dir'], 'DIR');
  if (folder === undefined) throw new InputProblem('no folder is given', 'name one that `ringbench run --out` has written');
  const journal = openResults(folder);
  for (const { line, reason } of journal.problems) output.warn(`ringbench: line ${line} of the journal is ignored: ${oneLine(reason)}`);
  if (journal.torn) output.warn('ringbench: the last line of the journal is torn and ignored; `ringbench run --resume` measures its cell again');
  return { folder, results: summarise(journal) };
}

function finish({ output }: Context, files: readonly string[], { violations }: Results): ExitCode {
  output.data({ files, violations }, () => files.join('\n'));
  for (const line of violationLines(violations)) output.warn(line);
  return violations.length === 0 ? ExitCode.ok : ExitCode.violations;
}

/** Runs a writer of the figures package, whose complaints are the user's to mend. */
async function draw(folder: string, writer: (folder: string) => Promise<Written>): Promise<readonly string[]> {
  const written = await writer(folder).catch((error: unknown) => {
    throw fileProblem('write into', folder, error);
  });
  if (!written.ok) throw new InputProblem(written.problem, 'name a folder with a whole run');
  return written.files;
}

/** Enough for a table; figures draw their own. */
const TABLE_DRAWS = 100;

function summaryOf({ run, observations }: Results, profile: CostProfile): RunSummary {
  return summarize({ header: run, observations }, profile, { draws: TABLE_DRAWS });
}

/** `ringbench report DIR`: the tables and the report, from the journal alone. */
export async function report(context: Context, given: Arguments): Promise<ExitCode> {
  const { folder, results } = open(context, given);
  const tables = [...writeResults(folder, results), writeEfficiency(folder, summaryOf(results, loadProfile(context.project.profiles, DEFAULT_PROFILE)))];
  return finish(context, [...tables, ...(await draw(folder, context.project.writeReport))], results);
}

/** `ringbench figures DIR`: the figures, from the journal alone. */
export async function figures(context: Context, given: Arguments): Promise<ExitCode> {
  const { folder, results } = open(context, given);
  return finish(context, await draw(folder, context.project.writeFigures), results);
}


/** `ringbench price DIR --profile p`: modelled cycles under another profile, from the journal alone. */
export async function price(context: Context, given: Arguments): Promise<ExitCode> {
  const { results } = open(context, given);
  const profile = loadProfile(context.project.profiles, textOption(given['profile'], '--profile') ?? DEFAULT_PROFILE);
  const summary = summaryOf(results, profile);
  context.output.data({ profile: profile.id, baseline: summary.baseline, cells: summary.cells, cores: summary.cores }, () => priceTable(summary));
  for (const line of violationLines(results.violations)) context.output.warn(line);
  return results.violations.length === 0 ? ExitCode.ok : ExitCode.violations;
}
