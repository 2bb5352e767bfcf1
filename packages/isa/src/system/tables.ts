import { Vector, Word } from '../state.js';
import { advance, loadSegmented } from './access.js';
import { requireRing0 } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';

/** A pseudo-descriptor is a 16-bit limit and a 32-bit base (SDM vol. 3, figure 3-11); a 16-bit operand size means 24 base bits when loading. */
const BASE_24 = 0xffffff;

function loadTable(silicon: Silicon, op: SystemOperands, baseWord: number, limitWord: number): boolean {
  if (!op.memory) return silicon.raise(Vector.UD, 0);
  if (!requireRing0(silicon)) return false;
  const limit = loadSegmented(silicon, op.segment, op.offset, 2);
  if (silicon.faulted) return false;
  const base = loadSegmented(silicon, op.segment, op.offset + 2, 4);
  if (silicon.faulted) return false;
  silicon.state[limitWord] = limit;
  silicon.state[baseWord] = op.operandSize === 32 ? base : base & BASE_24;
  return advance(silicon, op);
}

/** LGDT. */
export function loadGlobalTable(silicon: Silicon, op: SystemOperands): boolean {
  return loadTable(silicon, op, Word.GDTR_BASE, Word.GDTR_LIMIT);
}

/** LIDT. */
export function loadInterruptTable(silicon: Silicon, op: SystemOperands): boolean {
  return loadTable(silicon, op, Word.IDTR_BASE, Word.IDTR_LIMIT);
}
