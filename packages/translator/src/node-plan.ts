import { forEachExpression, forEachOperand, type Expression, type Statement } from '@ringbench/isa';
import { flagBit, flagNeeds, type FlagNeeds } from './flag-liveness.js';

/** True if evaluating later gives the same value: it depends on temporaries and constants alone. */
export function isDeferrable(expression: Expression): boolean {
  switch (expression.kind) {
    case 'constant': case 'temporary': return true;
    case 'binary': return isDeferrable(expression.left) && isDeferrable(expression.right);
    case 'unary': return isDeferrable(expression.operand);
    case 'select': return isDeferrable(expression.condition) && isDeferrable(expression.whenTrue) && isDeferrable(expression.whenFalse);
    case 'register': case 'word': case 'word-at': case 'divide': case 'parameter': return false;
  }
}

/** What follows from a node's code alone, however often it is printed. Everything is by the number of a temporary. */
export interface NodePlan {
  /** Values that only flags need: they are computed where flags are needed, which mostly is on the way out. */
  readonly deferred: readonly (Expression | undefined)[];
  /** Which of the node's locals a temporary has, -1 for those that are deferred or not used at all. */
  readonly places: Int16Array;
  readonly locals: number;
  readonly flags: FlagNeeds;
  /** How FLAG_CARRY is set last, if that can be deferred. */
  readonly carry: Expression | undefined;
}

/** Where the temporaries of a node are: its locals start at `first`. */
export interface Temporaries {
  readonly plan: NodePlan;
  readonly first: number;
}

/** Needed by what is computed in its place; by flags only; both are bits. */
const Use = { NEEDED: 1, BY_FLAGS: 2 } as const;

class UseFinder {
  readonly uses: Uint8Array;
  readonly deferred: (Expression | undefined)[];
  private bit: number = Use.NEEDED;

  constructor(private readonly code: readonly Statement[], temporaries: number) {
    this.uses = new Uint8Array(temporaries);
    this.deferred = Array.from({ length: temporaries });
  }
  private readonly mark = (expression: Expression): void => {
    if (expression.kind === 'temporary') this.uses[expression.id] |= this.bit;
    else forEachOperand(expression, this.mark);
  };
  private markIn(statement: Statement, bit: number): void {
    this.bit = bit;
    forEachExpression(statement, this.mark);
  }

  find(): void {
    for (let i = this.code.length - 1; i >= 0; i--) this.look(this.code[i]);
    for (let id = 0; id < this.uses.length; id++) if ((this.uses[id] & Use.BY_FLAGS) !== 0 && this.deferred[id] === undefined) this.uses[id] |= Use.NEEDED;
  }
  private look(statement: Statement): void {
    if (statement.kind === 'set-word' && flagBit(statement.word) !== 0 && isDeferrable(statement.value)) {
      this.markIn(statement, Use.BY_FLAGS);
      return;
    }
    const use = statement.kind === 'let' ? this.uses[statement.to.id] : Use.NEEDED;
    if ((use & Use.NEEDED) !== 0) this.markIn(statement, Use.NEEDED);
    else if (statement.kind === 'let' && use !== 0) {
      if (isDeferrable(statement.value)) {
        this.deferred[statement.to.id] = statement.value;
        this.markIn(statement, Use.BY_FLAGS);
      } else {
        this.uses[statement.to.id] |= Use.NEEDED;
        this.markIn(statement, Use.NEEDED);
      }
    }
  }
}

export function planNode(code: readonly Statement[]): NodePlan {
  let temporaries = 0;
  for (const statement of code) if ('to' in statement) temporaries = Math.max(temporaries, statement.to.id + 1);
  const finder = new UseFinder(code, temporaries);
  finder.find();
  const places = new Int16Array(temporaries).fill(-1);
  let locals = 0;
  for (const statement of code) if ('to' in statement && (finder.uses[statement.to.id] & Use.NEEDED) !== 0) places[statement.to.id] = locals++;
  return { deferred: finder.deferred, places, locals, flags: flagNeeds(code), carry: lastCarry(code) };
}

function lastCarry(code: readonly Statement[]): Expression | undefined {
  const last = code.findLast((statement) => statement.kind === 'set-word' && statement.word === 'FLAG_CARRY');
  return last?.kind === 'set-word' && isDeferrable(last.value) ? last.value : undefined;
}

/** For where no node is being printed. */
export const NOTHING_PLANNED: NodePlan = planNode([]);
