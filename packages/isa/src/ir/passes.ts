import { forEachExpression, forEachOperand, type Expression, type Statement } from './expression.js';

/** Which of the two arithmetic-flag words (flags.ts) a piece of code reads and surely writes. */
export interface FlagUse {
  readonly readsResult: boolean;
  readonly readsCarry: boolean;
  readonly writesResult: boolean;
  readonly writesCarry: boolean;
}

function isFlagWord(statement: Statement): boolean {
  return statement.kind === 'set-word' && (statement.word === 'FLAG_RESULT' || statement.word === 'FLAG_CARRY');
}

/** The same code without its writes to the arithmetic flags: for an instruction whose flags nobody can see. */
export function dropFlagWrites(statements: readonly Statement[]): Statement[] {
  return removeDeadTemporaries(statements.filter((statement) => !isFlagWord(statement)));
}

/** Removes `let`s whose value is not used; loads stay, because they can fault. */
export function removeDeadTemporaries(statements: readonly Statement[]): Statement[] {
  const used = new Set<number>();
  const kept: Statement[] = [];
  const mark = (expression: Expression): void => {
    if (expression.kind === 'temporary') used.add(expression.id);
    forEachOperand(expression, mark);
  };
  for (let i = statements.length - 1; i >= 0; i--) {
    const statement = statements[i];
    if (statement.kind === 'let' && !used.has(statement.to.id)) continue;
    forEachExpression(statement, mark);
    kept.push(statement);
  }
  return kept.reverse();
}

/** What a recorded operation does with the flag words, read off the code itself. */
export function flagUse(statements: readonly Statement[]): FlagUse {
  const use = { readsResult: false, readsCarry: false, writesResult: false, writesCarry: false };
  const look = (expression: Expression): void => {
    if (expression.kind === 'word' && expression.word === 'FLAG_RESULT') use.readsResult = true;
    if (expression.kind === 'word' && expression.word === 'FLAG_CARRY') use.readsCarry = true;
    forEachOperand(expression, look);
  };
  let conditional = false;
  for (const statement of statements) {
    forEachExpression(statement, look);
    if (statement.kind === 'done-if') conditional = true;
    if (conditional || statement.kind !== 'set-word') continue;
    if (statement.word === 'FLAG_RESULT') use.writesResult = true;
    if (statement.word === 'FLAG_CARRY') use.writesCarry = true;
  }
  return use;
}

/** True when the code can leave before it is complete (fault, missing translation, slow path), so that the state before it must be exact. */
export function canLeave(statements: readonly Statement[]): boolean {
  return statements.some((statement) => {
    switch (statement.kind) {
      case 'load': case 'load-system': case 'probe-system': case 'store-system': case 'store': case 'translate-write': case 'linear': case 'leave-if': case 'raise-if': return true;
      default: return false;
    }
  });
}
