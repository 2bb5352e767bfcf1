import type { ManyVmsProgress, ManyVmsReport, VmWorkload } from '@ringbench/harness/many-vms';
import { assembleGuest, discoverWorkloads, InputProblem, recipeFor, unknownName } from '@ringbench/harness';
import type { CoreDefinition } from '@ringbench/engine';
import type { Arguments, Context } from '../context.js';
import { coreOption } from '../core-option.js';
import { ExitCode } from '../exit-codes.js';
import { choiceOption, integerOption, listOption } from '../options.js';
import { manyVmsTable } from '../many-vms-table.js';

/** Denali's figure is 10,000; owners of pages are numbered with 16 bits. */
const MOST_VMS = 60_000;
const MEBIBYTE = 1 << 20;
const DEFAULT_MEMORY = 16;
const LEAST_MEMORY = 2;
const MOST_MEMORY = 1024;
/** What fits below 2 GiB of linear memory beside the machine's own tables. */
const MOST_RAM = 1900;
const MOST_SLICE = 1e9;
const DEFAULT_BUDGET = 1e9;
const MOST_BUDGET = 1e12;
const DEFAULT_WORKLOAD = 'null-syscall';
/** What a sleeping guest does with the processor. */
const IDLE_POLICIES = ['halt', 'busy'] as const;
/** Options of a suite, which has its own way to measure. */
const OF_SUITES = ['suite', 'repeat', 'seed', 'samples', 'deadline', 'out', 'resume', 'force', 'shard', 'profile'] as const;

/** `ringbench run --vms N`: many virtual machines of one core on one machine, each compared with one by itself. */
export async function manyVms(context: Context, given: Arguments): Promise<ExitCode> {
  const { output, project } = context;
  const other = OF_SUITES.find((name) => given[name] !== undefined);
  if (other !== undefined) throw new InputProblem(`--${other} has no meaning with --vms`, 'leave it out');
  if (given['core'] === undefined) throw new InputProblem('--vms needs a core', 'name one with --core, such as v386');
  const { definition: core, configuration } = await coreOption(project.registry, given);
  const scale = integerOption(given['scale'], '--scale', 1, Number.MAX_SAFE_INTEGER);
  const { runManyVms } = await import('@ringbench/harness/many-vms');
  const report = runManyVms({
    core, name: configuration.name, settings: configuration.settings,
    vms: integerOption(given['vms'], '--vms', 1, MOST_VMS) ?? 1,
    workloads: workloadsFrom(context, listOption(given['workload'], '--workload') ?? [DEFAULT_WORKLOAD], core, scale),
    idle: choiceOption(given['idle'], 'idle policy', '--idle', IDLE_POLICIES) ?? 'halt',
    slice: integerOption(given['slice'], '--slice', 1, MOST_SLICE),
    memoryBytes: (integerOption(given['memory'], '--memory', LEAST_MEMORY, MOST_MEMORY) ?? DEFAULT_MEMORY) * MEBIBYTE,
    ramBytes: (integerOption(given['ram'], '--ram', LEAST_MEMORY, MOST_RAM) ?? MOST_RAM) * MEBIBYTE,
    budget: integerOption(given['budget'], '--budget', 1, MOST_BUDGET) ?? DEFAULT_BUDGET,
    clock: () => performance.now(),
    progress: showManyVms(context),
  });
  output.data(report, () => manyVmsTable(report));
  return verdict(context, report);
}

function workloadsFrom({ project }: Context, ids: readonly string[], core: CoreDefinition, scale: number | undefined): readonly VmWorkload[] {
  const known = discoverWorkloads(project.workloads);
  return ids.map((id) => {
    const workload = known.find((each) => each.id === id);
    if (workload === undefined) throw unknownName('workload', id, known.map((each) => each.id), '--workload');
    if (workload.missing !== undefined) throw new InputProblem(`workload ${id}: ${workload.missing.what}`, workload.missing.remedy);
    if (scale !== undefined && workload.scale === undefined) throw new InputProblem(`workload ${id} has no scale`, 'leave out --scale');
    const isDefault = scale === undefined || scale === workload.scale?.default;
    return { id, checksum: isDefault ? workload.checksum : null, ...assembleGuest(id, recipeFor(workload, scale, core.port)) };
  });
}

function showManyVms({ output }: Context): ManyVmsProgress {
  return {
    launched: (vms) => output.say(`${vms} launched`),
    ran: (ended, vms) => output.say(`${ended} of ${vms} ended`),
  };
}

function verdict({ output }: Context, { different, differences, outcomes, vms }: ManyVmsReport): ExitCode {
  for (const difference of differences) output.warn(`ERROR ${difference}`);
  if (different > differences.length) output.warn(`ERROR ${different - differences.length} more differ from one by itself`);
  const ok = outcomes['ok'] ?? 0;
  if (ok < vms) output.warn(`ERROR ${vms - ok} virtual machines did not end well: ${Object.entries(outcomes).map(([name, count]) => `${count} ${name}`).join(', ')}`);
  return different === 0 && ok === vms ? ExitCode.ok : ExitCode.violations;
}
