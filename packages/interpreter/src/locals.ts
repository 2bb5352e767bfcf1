/** Locals of the hot loop's function. Temporaries of recorded semantics start at FIRST_TEMPORARY. */
export const Local = { U: 0, BUDGET: 1, TLB: 2, TARGET: 3, LINK: 4, ENTRY: 5, SOURCE: 6, DESTINATION: 7, COUNT: 8, BYTES: 9, FIRST_TEMPORARY: 10 } as const;
