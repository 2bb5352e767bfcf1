/** Why an executor came back before its slice was spent, or `slice` when it was. */
export type ExecutorStop =
  | 'slice'
  /** `Processor.attention`: an interrupt may be deliverable, a deadline moved, the processor halted or shut down. */
  | 'attention'
  /** Control reached the trap page: the VMM's dispatcher takes over. */
  | 'trap-page';

/**
 * Runs guest instructions on a processor. The interpreter is one, the translator another; nothing else in the project can tell them apart.
 * Exactly `instructions` retire unless it stops earlier, always at an instruction boundary with all state exact: at the first one behind whatever sets
 * `Processor.attention`. It sets `Word.REPEATING` behind each iteration of a repeated string instruction.
 */
export interface Executor {
  /** Shown in results, because wall-clock figures depend on it. */
  readonly name: string;
  execute(instructions: number): ExecutorStop;
  /** Decoded code at this machine page belongs to the VMM (see `trap-page`); -1 for none. */
  trapPage: number;
}
