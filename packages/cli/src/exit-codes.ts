/** Exit codes of the command. */
export const ExitCode = {
  ok: 0,
  /** The data has errors: a wrong answer, a core that disagrees, a cell without a result; or a booted guest failed. */
  violations: 1,
  /** A mistake in an argument, a file or a folder. */
  input: 2,
  /** A booted guest used up the instructions that it was given. */
  budget: 3,
  /** A bug of ours (EX_SOFTWARE of sysexits.h). */
  bug: 70,
  /** 128 and the signal's number, as shells report it. */
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
