import type { Options } from 'yargs';
import type { Handler } from './context.js';
import { boot } from './commands/boot.js';
import { doctor } from './commands/doctor.js';
import { list } from './commands/list.js';
import { figures, price, report } from './commands/report.js';
import { run } from './commands/run.js';
import { DEFAULT_PROFILE } from './profiles.js';

/** One command of the command line. A new command is one entry here and one handler. */
export interface Command {
  readonly name: string;
  /** Name and positionals as yargs writes them. */
  readonly usage: string;
  readonly describe: string;
  readonly positionals: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, Options>>;
  /** Command lines without the command's own name, and what they do. */
  readonly examples: readonly (readonly [string, string])[];
  readonly handler: Handler;
}

/** Values are taken as text and read by our own readers, which say what is wrong with them. */
const value = (describe: string): Options => ({ type: 'string', requiresArg: true, describe });
const flag = (describe: string): Options => ({ type: 'boolean', describe });

export const GLOBAL_OPTIONS = {
  json: flag('data as JSON'),
  quiet: flag('nothing on stderr but warnings and errors'),
} as const satisfies Readonly<Record<string, Options>>;

const PROFILE = value(`cost profile, by id or path (default ${DEFAULT_PROFILE})`);
const FOLDER = { dir: 'a folder that `ringbench run --out` has written' } as const;

export const COMMANDS: readonly Command[] = [
  {
    name: 'list',
    usage: 'list <what>',
    describe: 'List cores, workloads, suites or profiles',
    positionals: { what: 'cores, workloads, suites or profiles' },
    options: {},
    examples: [['list cores', 'the techniques that can be measured'], ['list suites --json', 'the suites as JSON']],
    handler: list,
  },
  {
    name: 'run',
    usage: 'run',
    describe: 'Measure a suite; the journal is written after each cell',
    positionals: {},
    options: {
      suite: value('suite, by id or path (default quick)'),
      core: value('measure these cores instead of the suite\'s, as a,b'),
      workload: value('measure these workloads instead of the suite\'s, as x,y'),
      repeat: value('processes for each cell'),
      seed: value('seed of the order of measurements (default 1)'),
      budget: value('guest instructions after which a run is ended'),
      samples: value('further runs inside each process, as diagnostics'),
      deadline: value('seconds after which a process is taken for hung (default: from the budget)'),
      out: value('output folder (default results/SUITE)'),
      resume: flag('go on with the journal in the output folder'),
      force: flag('put aside the journal in the output folder and begin anew'),
      shard: value('measure part i of n, as i/n'),
      profile: PROFILE,
    },
    examples: [
      ['run', 'the quick suite into results/quick'],
      ['run --suite paper --out results/paper --resume', 'go on after an interruption'],
      ['run --core native,v386 --workload noop --repeat 5 --out /tmp/try', 'two cores, one workload'],
      ['run --suite paper --shard 1/2 --out results/first', 'the first half, for one of two hosts'],
    ],
    handler: run,
  },
  {
    name: 'boot',
    usage: 'boot',
    describe: 'Boot a guest with its serial console on the terminal; Ctrl-A X leaves',
    positionals: {},
    options: {
      core: value('the core to boot on (default native)'),
      memory: value('guest memory in mebibytes (default 64M)'),
      kernel: value('a Linux bzImage'),
      initrd: value('its initial RAM disk'),
      multiboot: value('a Multiboot 1 ELF image'),
      append: value('the command line of the guest'),
      until: value('end when the guest has printed this text'),
      'max-instructions': value('end after so many guest instructions (exit code 3)'),
    },
    examples: [
      ['boot --multiboot workloads/noop/image.elf', 'a workload by itself'],
      ['boot --memory 128M --kernel vmlinuz --initrd initrd.gz --append console=ttyS0', 'Linux on the serial console'],
    ],
    handler: boot,
  },
  {
    name: 'report',
    usage: 'report <dir>',
    describe: 'Write results.csv, results.json and the report from a journal',
    positionals: FOLDER,
    options: {},
    examples: [['report results/quick', 'without measuring again']],
    handler: report,
  },
  {
    name: 'figures',
    usage: 'figures <dir>',
    describe: 'Draw the figures from a journal',
    positionals: FOLDER,
    options: {},
    examples: [['figures results/quick', 'without measuring again']],
    handler: figures,
  },
  {
    name: 'price',
    usage: 'price <dir>',
    describe: 'Price a journal\'s counts with a cost profile',
    positionals: FOLDER,
    options: { profile: PROFILE },
    examples: [['price results/quick --profile i386', 'the same counts at the prices of an 80386']],
    handler: price,
  },
  {
    name: 'doctor',
    usage: 'doctor',
    describe: 'Say which optional tools are present',
    positionals: {},
    options: {},
    examples: [['doctor', 'what is missing, what for, and how to get it']],
    handler: doctor,
  },
];
