import { forEachExpression, forEachOperand, type Expression, type Statement, type WordName } from '@ringbench/isa';
import type { RegionNode } from './region.js';

/** The two words of the arithmetic flags (isa, flags.ts), as bits. */
export const FlagWord = { RESULT: 1, CARRY: 2, BOTH: 3 } as const;

export const flagBit = (word: WordName): number => (word === 'FLAG_RESULT' ? FlagWord.RESULT : word === 'FLAG_CARRY' ? FlagWord.CARRY : 0);

export function flagsRead(expression: Expression): number {
  let bits = expression.kind === 'word' ? flagBit(expression.word) : 0;
  forEachOperand(expression, (operand) => (bits |= flagsRead(operand)));
  return bits;
}

function canLeave({ kind }: Statement): boolean {
  switch (kind) {
    case 'load': case 'load-system': case 'probe-system': case 'store-system': case 'store': case 'translate-write': case 'linear': case 'leave-if': case 'raise-if': return true;
    default: return false;
  }
}

/** What code needs of the flags at its start and which it overwrites, as bits; where it can leave, everything is needed. */
export interface FlagNeeds {
  readonly needed: number;
  readonly written: number;
}

export function flagNeeds(code: readonly Statement[]): FlagNeeds {
  let needed = 0;
  let written = 0;
  for (const statement of code) {
    let reads = canLeave(statement) ? FlagWord.BOTH : 0;
    forEachExpression(statement, (expression) => (reads |= flagsRead(expression)));
    needed |= reads & ~written;
    if (statement.kind === 'set-word') written |= flagBit(statement.word);
  }
  return { needed, written };
}

/**
 * For each node, the flag words that must be in their locals when it starts, unless they are pending. Control can leave on the way to another node, so only
 * what a node itself overwrites is dead.
 */
export function flagsLiveAt(nodes: readonly RegionNode[]): Int32Array {
  return Int32Array.from(nodes, ({ plan: { flags } }) => flags.needed | (FlagWord.BOTH & ~flags.written));
}
