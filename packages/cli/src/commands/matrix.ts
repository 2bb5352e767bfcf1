import { InputProblem, commitOf, judgeInstructions, matrixErrors, oneLine, openResults, requireConfiguration, requireSettings, writeInstructionMatrix } from '@ringbench/harness';
import type { JudgedCore } from '@ringbench/harness';
import type { InstructionMatrix } from '@ringbench/journal';
import type { Arguments, Context } from '../context.js';
import { ExitCode } from '../exit-codes.js';
import { listOption, textOption } from '../options.js';
import { textTable } from '../text-table.js';

/** `ringbench matrix [DIR]`: judges the witnesses of all sensitive instructions, and puts the matrix beside a journal if one is named. */
export async function matrix(context: Context, given: Arguments): Promise<ExitCode> {
  const { output, project } = context;
  const folder = textOption(given['dir'], 'DIR');
  const columns = await Promise.all(columnNames(context, given, folder).map((text) => columnOf(context, text)));
  const judged = judgeInstructions(columns, commitOf(project.root));
  const files = folder === undefined ? [] : [writeInstructionMatrix(folder, judged)];
  output.data({ files, ...judged }, () => verdictTable(judged));
  const errors = matrixErrors(judged);
  for (const error of errors) output.warn(`ERROR ${oneLine(error)}`);
  if (files.length > 0) output.say(`written: ${files.join(', ')}`);
  return errors.length === 0 ? ExitCode.ok : ExitCode.violations;
}

/** What `--core` names; else what the journal in the folder has measured; else all cores of a PC: a guest that is ported needs no sensitive instruction. */
function columnNames({ project }: Context, given: Arguments, folder: string | undefined): readonly string[] {
  const measured = folder === undefined ? undefined : openResults(folder).header.cores.filter(({ port }) => port === undefined).map(({ id }) => id);
  return listOption(given['core'], '--core') ?? measured ?? project.registry.pcIds;
}

async function columnOf({ project: { registry } }: Context, text: string): Promise<JudgedCore> {
  const configuration = requireConfiguration(text, registry.ids, 'the matrix');
  const core = await registry.load(configuration.core);
  requireSettings(core, configuration, 'the matrix');
  return { core, configuration };
}

/** Witnesses down, cores across. */
function verdictTable({ cores, witnesses }: InstructionMatrix): string {
  if (cores.length === 0) throw new InputProblem('there is no core to judge', 'name one with --core');
  const rows = witnesses.map(({ entry, name, judgements }) => [`${entry} ${name}`, ...judgements.map(({ verdict }) => verdict)]);
  return textTable(['instruction', ...cores.map(({ id, naive }) => (naive ? `${id} (naive)` : id).replaceAll(':', '\n:'))], rows);
}
