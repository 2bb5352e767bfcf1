import { readFileSync } from 'node:fs';
import yargs from 'yargs';
import type { Argv } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { InputProblem, nearest, oneLine } from '@ringbench/harness/problem';
import { COMMANDS, GLOBAL_OPTIONS } from './commands.js';
import type { Command } from './commands.js';
import { ExitCode } from './exit-codes.js';
import { makeOutput } from './output.js';
import { separateProgram } from './exec/program-words.js';
import type { Project } from './project.js';

/** Options of the commands that take a program's command line. */
const PROGRAM_COMMANDS = Object.fromEntries(COMMANDS.filter(({ operands }) => operands !== undefined).map(({ name, options }) => [name, { ...GLOBAL_OPTIONS, ...options }]));

/** Runs the command line and returns the exit code. Nothing is thrown: a user's mistake is one line, a bug of ours a stack. */
export async function runProgram(argv: readonly string[], project: Project): Promise<number> {
  try {
    return await dispatch(hideBin([...argv]), project);
  } catch (error) {
    if (error instanceof InputProblem) {
      process.stderr.write(`ringbench: ${error.message}\n`);
      return ExitCode.input;
    }
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`ringbench: this is a bug of ringbench, please report it\n${stack}\n`);
    return ExitCode.bug;
  }
}

async function dispatch(words: readonly string[], project: Project): Promise<number> {
  let code: number = ExitCode.ok;
  const { own, program } = separateProgram(words, PROGRAM_COMMANDS);
  let parser = yargs([...own]).scriptName('ringbench').usage('$0 COMMAND\n\nMeasures what each way of virtualizing an IA-32 machine costs, and why.').options(GLOBAL_OPTIONS);
  for (const command of COMMANDS) {
    parser = parser.command({
      command: command.usage,
      describe: command.describe,
      builder: (builder: Argv) => buildCommand(builder, command),
      handler: async (given) => {
        const output = makeOutput({ json: given['json'] === true, quiet: given['quiet'] === true });
        code = await command.handler({ project, output, words, program }, given);
      },
    });
  }
  await parser
    .demandCommand(1, 'no command is given')
    .strict()
    .version(ownVersion())
    // Options are read by our own readers: dots in names mean nothing.
    .parserConfiguration({ 'dot-notation': false, 'parse-numbers': false, 'parse-positional-numbers': false })
    .fail((message, error) => {
      throw asInputProblem(own, message, error);
    })
    .exitProcess(false)
    .wrap(HELP_WIDTH)
    .epilogue('Data goes to stdout, words to stderr. Exit codes: 0 good, 1 errors in the data or a guest that failed, 2 a mistake in the input, 3 the instructions of a guest spent, 70 a bug, 130 interrupted.')
    .parseAsync();
  return code;
}

/** Version of this package, from its manifest. */
function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const found: unknown = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
  if (typeof found !== 'string') throw new Error('package.json of the cli has no version');
  return found;
}

const HELP_WIDTH = 110;

function buildCommand(builder: Argv, command: Command): Argv {
  let built = builder.options(command.options);
  if (command.operands !== undefined) built = built.usage(`$0 ${command.name} [OPTION…] ${command.operands}\n\n${command.describe}`);
  for (const [name, description] of Object.entries(command.positionals)) built = built.positional(name, { type: 'string', describe: description });
  for (const [line, description] of command.examples) built = built.example(`$0 ${line}`, description);
  return built;
}

/** What yargs objects to is the user's mistake; what a handler throws is kept as it is. */
function asInputProblem(words: readonly string[], message: string | undefined, error: unknown): unknown {
  if (error !== undefined && error !== null && !(error instanceof Error && error.name === 'YError')) return error;
  const complaint = oneLine(message ?? (error instanceof Error ? error.message : '')).replace(/^Not enough non-option arguments.*/, 'an argument is missing');
  return new InputProblem(complaint.replace(/^./, (first) => first.toLowerCase()), remedyFor(words, complaint));
}

/** A likely slip: of an option if it was written like one, among those of the command if there is one; else of a command. */
function remedyFor(words: readonly string[], complaint: string): string {
  const unknown = /^Unknown (?:argument|command)s?: (\S+?)(?:,|$)/.exec(complaint)?.[1];
  if (unknown === undefined) return 'see `ringbench --help`';
  const isOption = words.some((word) => word.startsWith(`--${unknown}`));
  const command = COMMANDS.find(({ name }) => words.includes(name));
  const tables = [GLOBAL_OPTIONS, ...(command === undefined ? COMMANDS : [command]).map(({ options }) => options)];
  const guess = nearest(unknown, isOption ? tables.flatMap((table) => Object.keys(table)) : COMMANDS.map(({ name }) => name));
  if (guess === undefined) return 'see `ringbench --help`';
  return `did you mean "${isOption ? `--${guess}` : guess}"?`;
}
