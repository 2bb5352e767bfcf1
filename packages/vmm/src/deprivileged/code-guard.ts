/**
 * Who has the silicon fetch code from other machine pages than data is read from, where a technique does that. Pages are numbered: `page` is a linear one,
 * `machinePage` one of the machine's.
 */
export interface CodeGuard {
  /** Whether the programs of the guest's are concerned, and not its kernel alone. */
  readonly scansUsers: boolean;
  /** No shadow table may keep a translation of this page: what the TLBs load of it, the VMM decides each time. */
  isGuarded(page: number): boolean;
  /** The guest is about to store to a machine page. False: not this way; its instruction is to be interpreted. True: whatever was made from the page is dropped. */
  admitsStore(machinePage: number): boolean;
  /** The data TLB was given a translation of a guarded page. */
  dataFilled(): void;
  /** Both TLBs were emptied. */
  emptied(): void;
  /** Both TLBs dropped this page. */
  forgotten(page: number): void;
}

/** Code is where the guest has it. */
export const NO_CODE_GUARD: CodeGuard = {
  scansUsers: false, isGuarded: () => false, admitsStore: () => true, dataFilled: () => undefined, emptied: () => undefined, forgotten: () => undefined,
};
