/** Far below what the slowest core does on the slowest host: a process that needs longer hangs. */
const SLOWEST_INSTRUCTIONS_PER_MILLISECOND = 1000;
/** For starting the process and creating its engines. */
const STARTUP_MILLISECONDS = 30_000;
/** Longest delay of a timer: beyond it, Node fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Milliseconds of wall clock after which a measuring process is taken for hung. Generous: the guest's own limit is its instruction budget. */
export function deadlineFor(budget: number, samples: number): number {
  const perRun = STARTUP_MILLISECONDS + budget / SLOWEST_INSTRUCTIONS_PER_MILLISECOND;
  return Math.min(LONGEST_TIMER, Math.ceil(perRun * (1 + samples)));
}
