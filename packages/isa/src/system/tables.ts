import { Vector, Word } from '../state.js';
import { advance, loadSegmented, segmentAllows, raiseSegmentFault, storeSegmented } from './access.js';
import { requireRing0 } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';

/** A pseudo-descriptor is a 16-bit limit and a 32-bit base (SDM vol. 3, figure 3-11); a 16-bit operand size means 24 base bits when loading. */
const PSEUDO_DESCRIPTOR_BYTES = 6;
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

/** The P6 stores all 32 bits of the base whatever the operand size. */
function storeTable(silicon: Silicon, op: SystemOperands, baseWord: number, limitWord: number): boolean {
  if (!op.memory) return silicon.raise(Vector.UD, 0);
  const state = silicon.state;
  if (!segmentAllows(state, op.segment, op.offset, PSEUDO_DESCRIPTOR_BYTES, true)) return raiseSegmentFault(silicon, op.segment);
  // The base goes first: if its page faults, the limit's has not been written.
  return storeSegmented(silicon, op.segment, op.offset + 2, 4, state[baseWord]) && storeSegmented(silicon, op.segment, op.offset, 2, state[limitWord]) && advance(silicon, op);
}

/** LGDT. */
export function loadGlobalTable(silicon: Silicon, op: SystemOperands): boolean {
  return loadTable(silicon, op, Word.GDTR_BASE, Word.GDTR_LIMIT);
}

/** LIDT. */
export function loadInterruptTable(silicon: Silicon, op: SystemOperands): boolean {
  return loadTable(silicon, op, Word.IDTR_BASE, Word.IDTR_LIMIT);
}

/** SGDT. */
export function storeGlobalTable(silicon: Silicon, op: SystemOperands): boolean {
  return storeTable(silicon, op, Word.GDTR_BASE, Word.GDTR_LIMIT);
}

/** SIDT. */
export function storeInterruptTable(silicon: Silicon, op: SystemOperands): boolean {
  return storeTable(silicon, op, Word.IDTR_BASE, Word.IDTR_LIMIT);
}
