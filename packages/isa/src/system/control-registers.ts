import { CR0, CR4, Debug6, Debug7, Segment, Vector, Word } from '../state.js';
import { advance, loadOperandWord, refreshSegment } from './access.js';
import { requireRing0 } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';

const CR0_WRITABLE = CR0.PE | CR0.MP | CR0.EM | CR0.TS | CR0.NE | CR0.WP | CR0.AM | CR0.NW | CR0.CD | CR0.PG;
const CR0_PAGING = CR0.PE | CR0.PG | CR0.WP;
/** CR4 bits of features that this processor has; setting any other is #GP(0). */
export const CR4_SUPPORTED = CR4.TSD | CR4.DE | CR4.PSE | CR4.PGE | CR4.PCE;
const CR4_PAGING = CR4.PSE | CR4.PGE;
const CR3_MASK = 0xfffff018 | 0;
const LMSW_MASK = CR0.PE | CR0.MP | CR0.EM | CR0.TS;
const DR6_FIXED_ONES = 0xffff0ff0 | 0;
const DR6_WRITABLE = 0xe00f;
const DR7_FIXED_ONES = 0x400;
const DR7_WRITABLE = 0xffff2bff | 0;
const LAST_SEGMENT_REGISTER = Segment.TR;

/** SDM vol. 3, 2.5: PG needs PE, NW needs CD. */
export function isValidCr0(value: number): boolean {
  if ((value & CR0.PG) !== 0 && (value & CR0.PE) === 0) return false;
  return (value & CR0.NW) === 0 || (value & CR0.CD) !== 0;
}

function storeCr0(silicon: Silicon, value: number): void {
  const state = silicon.state;
  const changed = state[Word.CR0] ^ value;
  state[Word.CR0] = value;
  // Turning paging on or off drops global translations too (SDM vol. 3, 4.10.4.1).
  if ((changed & CR0.PG) !== 0) silicon.flushTranslations();
  if ((changed & CR0_PAGING) !== 0) silicon.pagingChanged();
  if ((changed & CR0.PE) === 0) return;
  for (let segment = 0; segment <= LAST_SEGMENT_REGISTER; segment++) {
    refreshSegment(state, segment);
    silicon.segmentChanged(segment);
  }
}

/** MOV r32, CRn: control register `op.target` to general register `op.register`. */
export function moveFromControl(silicon: Silicon, op: SystemOperands): boolean {
  const word = controlWord(op.target);
  if (word < 0) return silicon.raise(Vector.UD, 0);
  if (!requireRing0(silicon)) return false;
  silicon.state[op.register] = silicon.state[word];
  return advance(silicon, op);
}

/** State word of a control register that exists, or -1. */
function controlWord(index: number): number {
  switch (index) {
    case 0: return Word.CR0;
    case 2: return Word.CR2;
    case 3: return Word.CR3;
    case 4: return Word.CR4;
    default: return -1;
  }
}

/** MOV CRn, r32: general register `op.register` to control register `op.target`. */
export function moveToControl(silicon: Silicon, op: SystemOperands): boolean {
  const word = controlWord(op.target);
  if (word < 0) return silicon.raise(Vector.UD, 0);
  if (!requireRing0(silicon)) return false;
  const state = silicon.state;
  const value = state[op.register];
  if (word === Word.CR0) {
    if (!isValidCr0(value)) return silicon.raise(Vector.GP, 0);
    storeCr0(silicon, (value & CR0_WRITABLE) | CR0.ET);
  } else if (word === Word.CR2) {
    state[word] = value;
  } else if (word === Word.CR3) {
    state[word] = value & CR3_MASK;
    silicon.pagingChanged();
  } else if (!storeCr4(silicon, value)) {
    return false;
  }
  return advance(silicon, op);
}

function storeCr4(silicon: Silicon, value: number): boolean {
  if ((value & ~CR4_SUPPORTED) !== 0) return silicon.raise(Vector.GP, 0);
  const state = silicon.state;
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

/** The debug register that a number means; 4 and 5 are 6 and 7 unless CR4.DE makes them undefined. -1: #UD. */
function debugRegister(state: Int32Array, index: number): number {
  if (index !== 4 && index !== 5) return index;
  return (state[Word.CR4] & CR4.DE) !== 0 ? -1 : index + 2;
}

/** The checks of both MOVs with a debug register, in the order #UD, #GP, #DB (SDM vol. 2, MOV; vol. 3, 17.2.2). */
function mayUseDebug(silicon: Silicon, register: number): boolean {
  if (register < 0) return silicon.raise(Vector.UD, 0);
  if (!requireRing0(silicon)) return false;
  const state = silicon.state;
  if ((state[Word.DR + 7] & Debug7.GD) === 0) return true;
  state[Word.DR + 6] |= Debug6.BD;
  return silicon.raise(Vector.DB, 0);
}

/** MOV r32, DRn. */
export function moveFromDebug(silicon: Silicon, op: SystemOperands): boolean {
  const register = debugRegister(silicon.state, op.target);
  if (!mayUseDebug(silicon, register)) return false;
  silicon.state[op.register] = silicon.state[Word.DR + register];
  return advance(silicon, op);
}

/** MOV DRn, r32. */
export function moveToDebug(silicon: Silicon, op: SystemOperands): boolean {
  const state = silicon.state;
  const register = debugRegister(state, op.target);
  if (!mayUseDebug(silicon, register)) return false;
  const value = state[op.register];
  if (register === 6) state[Word.DR + 6] = (value & DR6_WRITABLE) | DR6_FIXED_ONES;
  else if (register === 7) state[Word.DR + 7] = (value & DR7_WRITABLE) | DR7_FIXED_ONES;
  else state[Word.DR + register] = value;
  return advance(silicon, op);
}
