import type { HotSet } from './hot-loop.js';
import measured from './hot-operations.json' with { type: 'json' };

/** Numbers in memory without and with index register. */
const inMemory = (names: readonly string[]): readonly string[] => names.flatMap((name) => [`${name}.32:m${name.endsWith('64') ? '64' : ''}`, `${name}.32:n${name.endsWith('64') ? '64' : ''}`]);

/** x87 operations that compilers use most; the profile's workloads have none of them. */
const X87_OPERATIONS: readonly string[] = [
  ...inMemory(['fld-m64', 'fstp-m64', 'fld-m32', 'fstp-m32', 'fst-m64', 'fild-m32']),
  ...['fld', 'fxch', 'fstp', 'fst', 'fld1', 'fldz', 'fchs', 'fabs', 'fadd', 'faddp', 'fadd-to', 'fsub', 'fsubp', 'fsubr', 'fsubrp', 'fsub-to', 'fsubr-to', 'fmul', 'fmulp', 'fmul-to'].map((name) => `${name}.32:`),
  ...inMemory(['fadd-m64', 'fsub-m64', 'fsubr-m64', 'fmul-m64', 'fmul-m32', 'fadd-m32']),
  ...['fcomi', 'fcomip', 'fucomi', 'fucomip', 'fucompp', 'fnstsw'].map((name) => `${name}.32:`), 'fnstcw.32:m16', 'fldcw.32:m16',
];

/**
 * Without the x87's part, which is more than half of the loop's code: for an executor that translates what is hot, and whose run may be over before V8 has optimized a
 * longer loop.
 */
export const HOT_INTEGER_SET: HotSet = { operations: measured.operations, pairs: measured.pairs as unknown as HotSet['pairs'] };

/** Measured, but for the x87's part, not chosen: see scripts/profile-operations.mjs. */
export const HOT_SET: HotSet = { operations: [...measured.operations, ...X87_OPERATIONS], pairs: HOT_INTEGER_SET.pairs };
