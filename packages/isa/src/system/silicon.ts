/**
 * What the system instructions need from the processor that executes them. `machine` supplies it; the procedures in this folder are the
 * only definition of protected-mode transitions. No procedure throws: a fault is reported through `raise` and a `false` result.
 */
export interface Silicon {
  /** CPU state words, indexed by `Word`. */
  readonly state: Int32Array;
  /**
   * Linear-memory access. `system` accesses (descriptor tables, TSS, ring-0 stacks during a transition) are made with supervisor
   * privilege whatever CPL is; the others with the current one. A failed access has already recorded its fault: the result is then meaningless and `faulted` is true.
   * Values are 32-bit patterns as signed integers; 8- and 16-bit loads are zero-extended.
   */
  load(linear: number, bytes: 1 | 2 | 4, system: boolean): number;
  store(linear: number, bytes: 1 | 2 | 4, value: number, system: boolean): void;
  /**
   * Faults as a store of these bytes would, and else changes nothing but accessed and dirty bits: the first half of a read-modify-write. A store to the same
   * bytes will then succeed.
   */
  probeWrite(linear: number, bytes: number, system: boolean): void;
  /** Physical access by the processor itself (V386 control block). Never faults; outside RAM reads all ones and ignores writes. */
  loadPhysical(physical: number): number;
  storePhysical(physical: number, value: number): void;
  /** The same for `count` 32-bit words of one page, between the aligned address `physical` and `words` from index `first` on. */
  loadPhysicalWords(physical: number, words: Int32Array, first: number, count: number): void;
  storePhysicalWords(physical: number, words: Int32Array, first: number, count: number): void;
  /** True after a failed access or a `raise`, until the executor delivers it. */
  readonly faulted: boolean;
  /** Vector and error code of the recorded fault; meaningless unless `faulted`. */
  readonly faultVector: number;
  readonly faultErrorCode: number;
  /** Records a fault and returns false, so that a procedure can `return silicon.raise(…)`. */
  raise(vector: number, errorCode: number): false;
  /** Takes a recorded fault back: it is being delivered, or replaced by another. */
  clearFault(): void;
  /** Tell the machine what changed. They recompute derived words and drop what depends on them. */
  privilegeChanged(): void;
  segmentChanged(segment: number): void;
  pagingChanged(): void; // CR0.PG/WP, CR3, CR4: non-global TLB entries go
  flushTranslations(): void; // everything, global entries included
  invalidatePage(linear: number): void;
  /** The interrupt flag may have become 1, or TF changed: look before the next instruction. */
  interruptFlagChanged(): void;
  /**
   * No interrupt is taken at the boundary after the current instruction; with `debugToo` no debug exception either. STI holds back interrupts alone, loads
   * of SS both (SDM vol. 3, 6.8.3; vol. 2, STI).
   */
  inhibitInterrupts(debugToo: boolean): void;
  /** True while the current instruction runs in the shadow of an `inhibitInterrupts` made by its predecessor. */
  readonly interruptsInhibited: boolean;
  /** The same for debug exceptions. */
  readonly debugInhibited: boolean;
  /** DR0 to DR3 or DR7 changed. */
  debugRegistersChanged(): void;
  /** The current instruction caused a debug trap, which is taken when it is complete: bits of DR6. */
  debugTrap(cause: number): void;
  /** EFLAGS.AC or CR0.AM changed. */
  alignmentChanged(): void;
  /** Clears RF if an instruction has completed since it was loaded (`Word.RESUMED_AT`). Whoever shows or saves RF between two instructions calls it. */
  settleResumption(): void;
  /** Instruction clock before the current instruction. */
  now(): number;
  portRead(port: number, bytes: 1 | 2 | 4): number;
  portWrite(port: number, bytes: 1 | 2 | 4, value: number): void;
  /**
   * A waiting x87 instruction found an unmasked exception while CR0.NE is clear: FERR# is asserted (on a PC it leads to IRQ 13, and a write to port F0h
   * ends it and asserts IGNNE#). Returns whether IGNNE# is asserted: then the instruction executes; else it completes without effect and with EIP
   * on itself, until an interrupt comes. A machine without these pins leaves the method out, and such exceptions are ignored.
   */
  floatingPointError?(): boolean;
  /** HLT was executed; the processor waits for an interrupt. */
  halt(): void;
  /** The processor is in shutdown until reset. @param reason in words, unless it is a triple fault. */
  shutdown(reason?: string): void;
  /** Adds one to the event with this number (`eventIndex` of events.ts). */
  count(event: number): void;
}
