import type { Semantics } from '../../semantics/semantics.js';
import { recordedArithmetic } from './arithmetic.js';
import { recordedComparisons } from './comparisons.js';
import { recordedTransfers } from './transfers.js';

/** x87 instructions whose common case is recorded. The procedure of the same name (../registry.ts) is the whole meaning, and executes what leaves here. */
export const X87_SEMANTICS: Semantics = { ...recordedTransfers, ...recordedArithmetic, ...recordedComparisons };
