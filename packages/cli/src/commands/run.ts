import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { summarize } from '@ringbench/analysis';
import type { CostProfile } from '@ringbench/analysis';
import {
  InputProblem, commitOf, configurationOf, describeCore, discoverWorkloads, loadSuite, makeHeader, makePlan, openResults, reasonNotToMeasure, requireSettings, runPlan, summarise, writeResults,
} from '@ringbench/harness';
import type { Plan, RunOptions } from '@ringbench/harness';
import type { RunHeader } from '@ringbench/journal';
import type { Arguments, Context } from '../context.js';
import { ExitCode } from '../exit-codes.js';
import { executorOption } from '../core-option.js';
import { integerOption, listOption, shardOption, shellQuote, textOption } from '../options.js';
import { DEFAULT_PROFILE } from '../default-profile.js';
import { loadProfile } from '../profiles.js';
import { showProgress } from '../progress.js';
import { catchSignals } from '../signals.js';
import { legend, matrixTable, violationLines } from '../table.js';

const DEFAULT_SUITE = 'quick';
const DEFAULT_SEED = 1;
const MOST_REPETITIONS = 1000;
const MOST_SAMPLES = 1000;
const MOST_INSTRUCTIONS = 1e12;
const LONGEST_DEADLINE_SECONDS = 1e6;
const MILLISECONDS = 1000;
const OF_MANY_VMS = ['idle', 'slice', 'scale', 'memory', 'ram'] as const;

/** `ringbench run`: measures, and writes the journal, `results.csv` and `results.json`. */
export async function run(context: Context, given: Arguments): Promise<ExitCode> {
  refuseUnbuilt(context);
  if (given['vms'] !== undefined) return (await import('./many-vms.js')).manyVms(context, given);
  const misplaced = OF_MANY_VMS.find((name) => given[name] !== undefined);
  if (misplaced !== undefined) throw new InputProblem(`--${misplaced} has a meaning with --vms only`, 'give the number of virtual machines, or leave it out');
  const plan = planFrom(context, given);
  const profile = loadProfile(context.project.profiles, textOption(given['profile'], '--profile') ?? DEFAULT_PROFILE);
  const out = textOption(given['out'], '--out') ?? join('results', plan.suite);
  const existing = existingFrom(given);
  const deadline = integerOption(given['deadline'], '--deadline', 1, LONGEST_DEADLINE_SECONDS);
  const header = makeHeader(plan, await describeCores(context, plan), commitOf(context.project.root), new Date());
  for (const { id, reason } of plan.skipped) context.output.warn(`ringbench: ${id} is skipped: ${reason}`);
  const signals = catchSignals();
  try {
    const { childEntry } = context.project;
    const progress = showProgress(context.output);
    const milliseconds = deadline === undefined ? undefined : deadline * MILLISECONDS;
    const { interrupted } = await runPlan({ plan, header, out, existing, childEntry, deadline: milliseconds, signal: signals.signal, progress });
    return interrupted ? sayHowToResume(context, out, plan, signals.code()) : presentResults(context, out, profile);
  } finally {
    signals.release();
  }
}

function refuseUnbuilt({ project }: Context): void {
  const reason = reasonNotToMeasure(import.meta.url, process.execArgv, process.env['NODE_OPTIONS']);
  if (reason !== undefined) throw new InputProblem(`refusing to measure: ${reason}`, 'build with `tsc -b` and run plain node');
  if (!existsSync(project.childEntry)) throw new InputProblem(`${project.childEntry} is missing`, 'build with `tsc -b`');
}

function planFrom({ project }: Context, given: Arguments): Plan {
  const suite = loadSuite(project.suites, textOption(given['suite'], '--suite') ?? DEFAULT_SUITE);
  const overrides = {
    cores: listOption(given['core'], '--core'),
    workloads: listOption(given['workload'], '--workload'),
    repeat: integerOption(given['repeat'], '--repeat', 1, MOST_REPETITIONS),
    budget: integerOption(given['budget'], '--budget', 1, MOST_INSTRUCTIONS),
    samples: integerOption(given['samples'], '--samples', 0, MOST_SAMPLES),
    executor: executorOption(given['executor']),
    seed: integerOption(given['seed'], '--seed', 0, Number.MAX_SAFE_INTEGER) ?? DEFAULT_SEED,
    shard: shardOption(given['shard']),
  };
  return makePlan(suite, overrides, project.registry.ids, discoverWorkloads(project.workloads));
}

/** What the header says of the configurations; their settings are checked here, because only the core knows them. */
function describeCores({ project }: Context, { cores, executor }: Plan): Promise<RunHeader['cores']> {
  return Promise.all(cores.map(async (name) => {
    const configuration = configurationOf(name);
    const core = await project.registry.load(configuration.core);
    requireSettings(core, configuration, 'the plan');
    return describeCore(core, configuration, executor);
  }));
}

function existingFrom(given: Arguments): RunOptions['existing'] {
  const resume = given['resume'] === true;
  const force = given['force'] === true;
  if (resume && force) throw new InputProblem('--resume and --force contradict each other', 'give one of them');
  if (resume) return 'resume';
  return force ? 'set-aside' : 'refuse';
}

function sayHowToResume({ output, words }: Context, out: string, plan: Plan, code: ExitCode): ExitCode {
  const done = openResults(out).observations.length;
  const again = [...words.filter((word) => word !== '--force' && word !== '--resume'), '--resume'];
  output.warn(`ringbench: interrupted; ${out} keeps what was measured (${done} of ${plan.cells.length} cells); go on with: ringbench ${shellQuote(again)}`);
  return code;
}

/** Enough for a table; figures draw their own. */
const TABLE_DRAWS = 100;

function presentResults({ output }: Context, out: string, profile: CostProfile): ExitCode {
  const results = summarise(openResults(out));
  const files = writeResults(out, results);
  const { violations } = results;
  const summary = summarize({ header: results.run, observations: results.observations }, profile, { draws: TABLE_DRAWS });
  output.data({ out, files, violations, profile: profile.id, baseline: summary.baseline, cells: summary.cells, wallClock: summary.wallClock }, () => matrixTable(summary));
  output.say(legend(summary));
  for (const line of violationLines(violations)) output.warn(line);
  output.say(`written: ${files.join(', ')}`);
  return violations.length === 0 ? ExitCode.ok : ExitCode.violations;
}
