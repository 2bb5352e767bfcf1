import { forEachExpression, forEachOperand, type Expression, type Statement } from '@ringbench/isa';
import { flagBit } from './flag-liveness.js';

/** True if evaluating later gives the same value: it depends on temporaries and constants alone. */
export function isDeferrable(expression: Expression): boolean {
  switch (expression.kind) {
    case 'register': case 'word': case 'word-at': case 'divide': return false;
    default: {
      let all = true;
      forEachOperand(expression, (operand) => (all &&= isDeferrable(operand)));
      return all;
    }
  }
}

/** Where the temporaries of a node are. */
export interface Temporaries {
  /** Values that only flags need: they are computed where flags are needed, which mostly is on the way out. */
  readonly deferred: ReadonlyMap<number, Expression>;
  /** Temporary -> local, for those that are used and not deferred. */
  readonly locals: ReadonlyMap<number, number>;
  /** First local behind them. */
  readonly end: number;
}

type Definition = Extract<Statement, { readonly to: Expression }>;
const defines = (statement: Statement): statement is Definition => 'to' in statement;

function findDeferred(code: readonly Statement[]): { deferred: Map<number, Expression>; needed: Set<number> } {
  const needed = new Set<number>();
  const byFlags = new Set<number>();
  const markIn = (into: Set<number>) => (expression: Expression): void => {
    if (expression.kind === 'temporary') into.add(expression.id);
    forEachOperand(expression, markIn(into));
  };
  const deferred = new Map<number, Expression>();
  for (let i = code.length - 1; i >= 0; i--) {
    const statement = code[i];
    if (statement.kind === 'set-word' && flagBit(statement.word) !== 0 && isDeferrable(statement.value)) markIn(byFlags)(statement.value);
    else if (statement.kind !== 'let' || needed.has(statement.to.id)) forEachExpression(statement, markIn(needed));
    else if (isDeferrable(statement.value)) {
      if (!byFlags.has(statement.to.id)) continue;
      deferred.set(statement.to.id, statement.value);
      markIn(byFlags)(statement.value);
    } else if (byFlags.has(statement.to.id)) {
      needed.add(statement.to.id);
      forEachExpression(statement, markIn(needed));
    }
  }
  for (const id of byFlags) if (!deferred.has(id)) needed.add(id);
  return { deferred, needed };
}

/** Gives the temporaries of a node locals from `first` on. One that is neither deferred nor in `locals` is not used at all. */
export function placeTemporaries(code: readonly Statement[], first: number): Temporaries {
  const { deferred, needed } = findDeferred(code);
  const locals = new Map<number, number>();
  for (const statement of code) if (defines(statement) && needed.has(statement.to.id)) locals.set(statement.to.id, first + locals.size);
  return { deferred, locals, end: first + locals.size };
}
