import { modelOf } from '../cpu-models.js';
import { CR0, CR4, Segment, Vector, Word } from '../state.js';
import { advance, loadOperandWord, refreshSegment } from './access.js';
import { requireRing0 } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';

const CR0_PAGING = CR0.PE | CR0.PG | CR0.WP;
const CR4_PAGING = CR4.PSE | CR4.PGE;
const LMSW_MASK = CR0.PE | CR0.MP | CR0.EM | CR0.TS;
const LAST_SEGMENT_REGISTER = Segment.TR;

/** SDM vol. 3, 2.5: PG needs PE, NW needs CD. */
export function isValidCr0(value: number): boolean {
  if ((value & CR0.PG) !== 0 && (value & CR0.PE) === 0) return false;
  return (value & CR0.NW) === 0 || (value & CR0.CD) !== 0;
}

/** The value that CR0 has after MOV of another: what does not exist reads as zero, and ET as one where software cannot choose it. */
export function existingCr0(state: Int32Array, value: number): number {
  const { cr0 } = modelOf(state);
  return (value & cr0) | (CR0.ET & ~cr0);
}

/** CR4 bits that exist; setting any other is #GP(0). None where there is no CR4. */
export function existingCr4(state: Int32Array): number {
  return modelOf(state).cr4 ?? 0;
}

function storeCr0(silicon: Silicon, value: number): void {
  const state = silicon.state;
  const changed = state[Word.CR0] ^ value;
  state[Word.CR0] = value;
  // Turning paging on or off drops global translations too (SDM vol. 3, 4.10.4.1).
  if ((changed & CR0.PG) !== 0) silicon.flushTranslations();
  if ((changed & CR0_PAGING) !== 0) silicon.pagingChanged();
  if ((changed & CR0.AM) !== 0) silicon.alignmentChanged();
  if ((changed & CR0.PE) === 0) return;
  for (let segment = 0; segment <= LAST_SEGMENT_REGISTER; segment++) {
    refreshSegment(state, segment);
    silicon.segmentChanged(segment);
  }
}

/** MOV r32, CRn: control register `op.target` to general register `op.register`. */
export function moveFromControl(silicon: Silicon, op: SystemOperands): boolean {
  const word = controlWord(silicon.state, op.target);
  if (word < 0) return silicon.raise(Vector.UD, 0);
  if (!requireRing0(silicon)) return false;
  silicon.state[op.register] = silicon.state[word];
  return advance(silicon, op);
}

/** State word of a control register that exists, or -1. */
function controlWord(state: Int32Array, index: number): number {
  switch (index) {
    case 0: return Word.CR0;
    case 2: return Word.CR2;
    case 3: return Word.CR3;
    case 4: return modelOf(state).cr4 === undefined ? -1 : Word.CR4;
    default: return -1;
  }
}

/** MOV CRn, r32: general register `op.register` to control register `op.target`. */
export function moveToControl(silicon: Silicon, op: SystemOperands): boolean {
  const state = silicon.state;
  const word = controlWord(state, op.target);
  if (word < 0) return silicon.raise(Vector.UD, 0);
  if (!requireRing0(silicon)) return false;
  const value = state[op.register];
  if (word === Word.CR0) {
    const existing = existingCr0(state, value);
    if (!isValidCr0(existing)) return silicon.raise(Vector.GP, 0);
    storeCr0(silicon, existing);
  } else if (word === Word.CR2) {
    state[word] = value;
  } else if (word === Word.CR3) {
    state[word] = value & modelOf(state).cr3;
    silicon.pagingChanged();
  } else if (!storeCr4(silicon, value)) {
    return false;
  }
  return advance(silicon, op);
}

function storeCr4(silicon: Silicon, value: number): boolean {
  const state = silicon.state;
  if ((value & ~existingCr4(state)) !== 0) return silicon.raise(Vector.GP, 0);
  const changed = state[Word.CR4] ^ value;
  state[Word.CR4] = value;
  if ((changed & CR4_PAGING) === 0) return true;
  silicon.flushTranslations();
  silicon.pagingChanged();
  return true;
}

/** LMSW: loads PE, MP, EM and TS; it can set PE but not clear it. */
export function loadMachineStatus(silicon: Silicon, op: SystemOperands): boolean {
  if (!requireRing0(silicon)) return false;
  const value = loadOperandWord(silicon, op);
  if (silicon.faulted) return false;
  const old = silicon.state[Word.CR0];
  storeCr0(silicon, (old & ~LMSW_MASK) | (value & LMSW_MASK) | (old & CR0.PE));
  return advance(silicon, op);
}

/** CLTS. */
export function clearTaskSwitched(silicon: Silicon, op: SystemOperands): boolean {
  if (!requireRing0(silicon)) return false;
  silicon.state[Word.CR0] &= ~CR0.TS;
  return advance(silicon, op);
}

/** INVLPG: the address is in the segment's linear space; no access is made and no limit checked. */
export function invalidatePage(silicon: Silicon, op: SystemOperands): boolean {
  if (!op.memory) return silicon.raise(Vector.UD, 0);
  if (!requireRing0(silicon)) return false;
  silicon.invalidatePage((silicon.state[Word.BASE + op.segment] + op.offset) | 0);
  return advance(silicon, op);
}

/** WBINVD and INVD: there is no cache to write back. */
export function invalidateCaches(silicon: Silicon, op: SystemOperands): boolean {
  return requireRing0(silicon) && advance(silicon, op);
}
