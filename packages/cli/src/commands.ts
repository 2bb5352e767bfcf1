import type { Options } from 'yargs';
import type { Handler } from './context.js';
import { DEFAULT_PROFILE } from './default-profile.js';
import { keepHeapSmall } from './heap-limits.js';

/** One command of the command line. A new command is one entry here and one handler. */
export interface Command {
  readonly name: string;
  /** Name and positionals as yargs writes them. */
  readonly usage: string;
  /** Words behind the options that are a program and its arguments, which yargs does not see. */
  readonly operands?: string;
  readonly describe: string;
  readonly positionals: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, Options>>;
  /** Command lines without the command's own name, and what they do. */
  readonly examples: readonly (readonly [string, string])[];
  /** Loads what it needs itself, so that a command starts without the others. */
  readonly handler: Handler;
}

/** Values are taken as text and read by our own readers, which say what is wrong with them. */
const value = (describe: string): Options => ({ type: 'string', requiresArg: true, describe });
const flag = (describe: string): Options => ({ type: 'boolean', describe });

export const GLOBAL_OPTIONS = {
  json: flag('data as JSON'),
  quiet: flag('nothing on stderr but warnings and errors'),
} as const satisfies Readonly<Record<string, Options>>;

const EXECUTOR = value('what executes the guest: translator (default; hot code as WebAssembly) or interpreter; changes wall-clock time and nothing else');

/** The guest and its machine, for all commands that run one. */
const GUEST_OPTIONS = {
  core: value('the core to run on (default native)'),
  executor: EXECUTOR,
  cpu: value('the processor: i386, i486, i586 or i686 (default i686)'),
  memory: value('guest memory in mebibytes (default 64M)'),
  kernel: value('boot a Linux bzImage'),
  initrd: value('its initial RAM disk'),
  multiboot: value('boot a Multiboot 1 ELF image'),
  rom: value('boot firmware, as FILE@ADDRESS; may be given several times'),
  disk: value('a disk, at most two; without anything else to boot, its boot sector. The file is never changed'),
  append: value('the command line of the guest'),
  'post-port': value('the port of POST codes (default 0x80, shown for ROMs)'),
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
    handler: async (context, given) => (await import('./commands/list.js')).list(context, given),
  },
  {
    name: 'run',
    usage: 'run',
    describe: 'Measure a suite; the journal is written after each cell',
    positionals: {},
    options: {
      suite: value('suite, by id or path (default quick)'),
      core: value('measure these cores instead of the suite\'s, as a,b'),
      executor: value('what executes the guests of cores that leave the choice: translator (default) or interpreter; counts are the same'),
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
      vms: value('instead of a suite, run so many virtual machines of one core on one machine (docs/many-vms.md)'),
      idle: value('with --vms: a sleeping guest gives the processor back (halt, default) or keeps it (busy)'),
      slice: value('with --vms: instructions until the timer takes the processor from a guest (default 200000, 1 ms)'),
      scale: value('with --vms: scale of the workloads'),
      memory: value('with --vms: memory of each guest in mebibytes (default 16)'),
      ram: value('with --vms: memory of the machine in mebibytes (default and most 1900)'),
    },
    examples: [
      ['run', 'the quick suite into results/quick'],
      ['run --suite paper --out results/paper --resume', 'go on after an interruption'],
      ['run --core native,v386 --workload noop --repeat 5 --out /tmp/try', 'two cores, one workload'],
      ['run --executor interpreter --out results/interpreted', 'the same counts, interpreted'],
      ['run --suite paper --shard 1/2 --out results/first', 'the first half, for one of two hosts'],
      ['run --vms 1000 --core v386 --workload null-syscall,sleep-wake', 'a thousand virtual machines at once, two workloads'],
    ],
    handler: async (context, given) => (await import('./commands/run.js')).run(context, given),
  },
  {
    name: 'matrix',
    usage: 'matrix [dir]',
    describe: 'Judge each technique on a witness of each sensitive instruction: faithful, traps or wrong',
    positionals: { dir: 'a folder that `ringbench run --out` has written: its cores are judged, and its report shows the matrix' },
    options: { core: value('judge these cores instead, as a,b') },
    examples: [['matrix', 'all cores'], ['matrix results/quick', 'for the report of that run'], ['matrix --core trap:shadow=drop --json', 'a core under settings']],
    handler: async (context, given) => (await import('./commands/matrix.js')).matrix(context, given),
  },
  {
    name: 'exec',
    usage: 'exec',
    operands: 'PROGRAM [ARG…]',
    describe: 'Run a static i386 Linux program on the lab kernel; its streams and exit code are yours',
    positionals: {},
    options: {
      core: GUEST_OPTIONS.core,
      executor: EXECUTOR,
      memory: value('guest memory in mebibytes (default 64M, or what the files need)'),
      file: value('a file or folder for the guest, as HOST:/GUEST, or HOST if its name is the same; may be given several times'),
      env: value('a setting of the environment, as NAME=VALUE; may be given several times'),
      count: flag('print the event counts on stderr afterwards'),
      verbose: flag('say how long the start took, and which system calls the kernel did not know'),
      'max-instructions': value('end after so many guest instructions (exit code 3)'),
    },
    examples: [
      ['exec ./busybox sha256sum /bin/busybox', 'the program itself lies in /bin of the guest'],
      ['exec --file script.sh ./busybox ash script.sh', 'files keep their names'],
      ['exec --core v386 --count workloads/user/sha256/image.elf 5', 'what a program costs under a technique'],
      ['exec ./busybox wc < notes.txt', 'a file as standard input: the run repeats exactly'],
    ],
    handler: async (context, given) => {
      keepHeapSmall();
      return (await import('./commands/exec.js')).exec(context, given);
    },
  },
  {
    name: 'boot',
    usage: 'boot',
    describe: 'Boot a guest with its console on the terminal; Ctrl-C or Ctrl-A X leaves',
    positionals: {},
    options: {
      ...GUEST_OPTIONS,
      console: value('what the terminal shows: uart (default), e9 or vga'),
      until: value('end when the console has shown this text'),
      'max-instructions': value('end after so many guest instructions (exit code 3)'),
      replay: flag('repeat a failed run to list its last instructions; --no-replay leaves that out'),
    },
    examples: [
      ['boot --multiboot workloads/noop/image.elf', 'a workload by itself'],
      ['boot --memory 128M --kernel vmlinuz --initrd initrd.gz --append console=ttyS0', 'Linux on the serial console'],
      ['boot --disk floppy.img --console vga', 'a boot sector, with the text screen'],
      ['boot --rom bios.bin@0xf0000 --cpu i386 --post-port 0x190 --json', 'a test ROM; its POST codes on stderr'],
    ],
    handler: async (context, given) => {
      keepHeapSmall();
      return (await import('./commands/boot.js')).boot(context, given);
    },
  },
  {
    name: 'trace',
    usage: 'trace',
    describe: 'List what a guest executes, instruction by instruction, and what each changes',
    positionals: {},
    options: {
      ...GUEST_OPTIONS,
      from: value('begin where so many instructions have retired (default 0); a trigger is looked for from there on'),
      count: value('instructions to list (default 100)'),
      at: value('begin at this linear address'),
      hit: value('begin when the address is reached for the n-th time (default 1)'),
      after: value('begin when this text has been printed'),
      on: value('begin at the first exception, at the first interrupt, or at the guest\'s end'),
      before: value('begin so many instructions before the trigger (default 0, or 16 before the end)'),
      'until-address': value('end behind the instruction at this linear address'),
      'max-instructions': value('go no further than this instruction (exit code 3)'),
    },
    examples: [
      ['trace --multiboot workloads/noop/image.elf --count 20', 'the first twenty instructions'],
      ['trace --kernel vmlinuz --append console=ttyS0 --after "Linux version" --count 50', 'from a line of the console on'],
      ['trace --disk floppy.img --at 0x7c00 --until-address 0x7c3e --count 1e6', 'a boot sector, to one of its instructions'],
      ['trace --multiboot kernel.elf --on end --before 200', 'the last 200 instructions'],
      ['trace --multiboot kernel.elf --on exception --before 5 --count 10 --core v386 --json', 'around the first exception'],
    ],
    handler: async (context, given) => (await import('./commands/trace.js')).trace(context, given),
  },
  {
    name: 'report',
    usage: 'report <dir>',
    describe: 'Write results.csv, results.json and the report from a journal',
    positionals: FOLDER,
    options: {},
    examples: [['report results/quick', 'without measuring again']],
    handler: async (context, given) => (await import('./commands/report.js')).report(context, given),
  },
  {
    name: 'figures',
    usage: 'figures <dir>',
    describe: 'Draw the figures from a journal',
    positionals: FOLDER,
    options: {},
    examples: [['figures results/quick', 'without measuring again']],
    handler: async (context, given) => (await import('./commands/report.js')).figures(context, given),
  },
  {
    name: 'price',
    usage: 'price <dir>',
    describe: 'Price a journal\'s counts with a cost profile',
    positionals: FOLDER,
    options: { profile: PROFILE },
    examples: [['price results/quick --profile i386', 'the same counts at the prices of an 80386']],
    handler: async (context, given) => (await import('./commands/report.js')).price(context, given),
  },
  {
    name: 'difficulty',
    usage: 'difficulty',
    describe: 'Count in the sources what each technique took in the host, in the guest and in the silicon',
    positionals: {},
    options: { core: value('count for these cores, as a,b') },
    examples: [['difficulty', 'all techniques'], ['difficulty --core v386,uml --json', 'two of them, with the names of what was counted']],
    handler: async (context, given) => (await import('./commands/difficulty.js')).difficulty(context, given),
  },
  {
    name: 'doctor',
    usage: 'doctor',
    describe: 'Say which optional tools are present',
    positionals: {},
    options: {},
    examples: [['doctor', 'what is missing, what for, and how to get it']],
    handler: async (context, given) => (await import('./commands/doctor.js')).doctor(context, given),
  },
];
