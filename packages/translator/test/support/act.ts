import type { Assembler } from '../../../engine/src/conformance/assembler.js';
import type { MemoryOperand } from '../../../engine/src/conformance/operands.js';
import type { Dice } from '../../../engine/src/programs/dice.js';

/** What an act is and the seed of its details, so that leaving out another does not change it. */
export interface Act {
  readonly kind: string;
  readonly seed: number;
}
export interface ActContext {
  readonly code: Assembler;
  readonly dice: Dice;
  /** `main` is in a loop, in ring 0 or 3; `function` is called from either; `kernel` is a service in ring 0. */
  readonly level: 'main' | 'function' | 'kernel';
  readonly functions: readonly string[];
  /** A word for a loop's counter. */
  readonly counter: () => MemoryOperand;
  /** Lets exceptions in `body` go on behind it. */
  readonly resumable: (body: () => void) => void;
}
export interface ActKind {
  readonly name: string;
  readonly weight: number;
  readonly levels: readonly ActContext['level'][];
  readonly emit: (context: ActContext) => void;
}
