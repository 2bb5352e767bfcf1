/** Locals of a region's function; its temporaries follow. General registers come first, in encoding order. */
export const Local = { REGISTERS: 0, FLAG_RESULT: 8, FLAG_CARRY: 9, BUDGET: 10, OUTCOME: 11, EIP: 12, ENTRY: 13, UNUSED: 14, COUNT: 15, BYTES: 16, SOURCE: 17, DESTINATION: 18, WAY: 19, LINK: 20, EXIT_VALUES: 21, FIRST_TEMPORARY: 27 } as const;

/** Values that a region can leave for its flags to be computed from (`Region.EXIT_VALUES`); each has a local from `Local.EXIT_VALUES` on. */
export const MOST_EXIT_VALUES = Local.FIRST_TEMPORARY - Local.EXIT_VALUES;

/** Functions that a region's module imports, by number: into the interpreter, a `QuickFill`, `RingTransitions`, and a `PageInvalidation`. */
export const Imported = { CALL: 0, FILL: 1, INTERRUPT: 2, INTERRUPT_RETURN: 3, INVALIDATE: 4 } as const;

/** Result of a call into the interpreter when the region goes on; any other is an outcome. */
export const CALL_DONE = 0;

/** Result of a region's function: the number of a site, or one of these. */
export const Outcome = {
  /** EIP is set; another region, or the interpreter, goes on there. */
  ELSEWHERE: -1,
  /** A call set `Processor.attention`: the driver must look. EIP is set. */
  ATTENTION: -2,
} as const;
