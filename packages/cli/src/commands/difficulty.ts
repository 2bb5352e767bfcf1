import { unknownName } from '@ringbench/harness';
import type { Arguments, Context } from '../context.js';
import { DIFFICULTY_HEAD, difficultyRow, measureDifficulty } from '../difficulty/measure.js';
import { ExitCode } from '../exit-codes.js';
import { listOption } from '../options.js';
import { formatCount } from '../counts.js';
import { textTable } from '../text-table.js';

/** `ringbench difficulty`: what each technique took in the host, in the guest and in the silicon, counted in the sources. */
export async function difficulty({ output, project }: Context, given: Arguments): Promise<ExitCode> {
  const { ids } = project.registry;
  const chosen = listOption(given['core'], '--core') ?? ids;
  for (const id of chosen) if (!ids.includes(id)) throw unknownName('core', id, ids, '`ringbench list cores`');
  const measured = await measureDifficulty(project, chosen);
  output.data(measured, () => textTable([...DIFFICULTY_HEAD], measured.map((one) => [one.core, ...difficultyRow(one).map(formatCount)])));
  return ExitCode.ok;
}
