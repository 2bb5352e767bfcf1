import type { Output } from './output.js';
import type { Project } from './project.js';

/** What a command's handler gets besides its arguments. */
export interface Context {
  readonly project: Project;
  readonly output: Output;
  /** The command line as typed, without the interpreter and the script: for telling the user how to repeat it. */
  readonly words: readonly string[];
  /** The command line of the program that is to be executed, for commands that execute one. */
  readonly program: readonly string[];
}

/** A parsed command line; values are checked by the option readers, not by yargs. */
export type Arguments = Readonly<Record<string, unknown>>;

/** Gives the exit code: one of `ExitCode`, or that of the program that was executed. */
export type Handler = (context: Context, given: Arguments) => Promise<number>;
