import { Feature, Vector, Word } from '../state.js';
import { advance } from '../system/access.js';
import type { SystemOperands, SystemProcedure } from '../system/operands.js';
import type { Silicon } from '../system/silicon.js';
import { Extended, SIGN_SHIFT, SPECIAL_EXPONENT, loadRegister, set, storeRegister } from './extended.js';
import { checkOperand, linearAddress, prepareStore } from './memory.js';
import { physical } from './stack.js';
import { ALL_VALID, REGISTERS, composeStatus, storeControl, storeStatus } from './words.js';

/**
 * FXSAVE and FXRSTOR of a processor without SSE (SDM vol. 1, 10.5): MXCSR and the XMM registers are neither stored nor loaded. They exist with
 * Feature.FXSR only, wait for nothing and do not touch the pointers.
 */

const IMAGE_BYTES = 512;
const ALIGNMENT_MASK = 15;
/** Words before the registers: control and status, tags and opcode, FIP, FCS, FDP, FDS, MXCSR and its mask. */
const HEADER_WORDS = 8;
const HEADER_LOADED = 6;
const REGISTER_IMAGE_WORDS = 4;
const LOADED_WORDS = HEADER_WORDS + REGISTERS * REGISTER_IMAGE_WORDS;
const LOW_WORD = 0xffff;
const OPCODE_MASK = 0x7ff;

const image = new Int32Array(LOADED_WORDS);
const x = new Extended();

function composeImage(state: Int32Array): void {
  image.fill(0);
  image[0] = state[Word.X87_CONTROL] | (composeStatus(state) << 16);
  image[1] = state[Word.X87_VALID] | (state[Word.X87_FOP] << 16);
  image[2] = state[Word.X87_FIP];
  image[3] = state[Word.X87_FCS] & LOW_WORD;
  image[4] = state[Word.X87_FDP];
  image[5] = state[Word.X87_FDS] & LOW_WORD;
  for (let i = 0; i < REGISTERS; i++) {
    const at = HEADER_WORDS + i * REGISTER_IMAGE_WORDS;
    loadRegister(state, physical(state, i), x);
    image[at] = x.low;
    image[at + 1] = x.high;
    image[at + 2] = (x.sign << SIGN_SHIFT) | x.exponent;
  }
}

function applyImage(state: Int32Array): void {
  storeControl(state, image[0] & LOW_WORD);
  storeStatus(state, image[0] >>> 16);
  state[Word.X87_FOP] = (image[1] >>> 16) & OPCODE_MASK;
  state[Word.X87_FIP] = image[2];
  state[Word.X87_FCS] = image[3] & LOW_WORD;
  state[Word.X87_FDP] = image[4];
  state[Word.X87_FDS] = image[5] & LOW_WORD;
  for (let i = 0; i < REGISTERS; i++) {
    const at = HEADER_WORDS + i * REGISTER_IMAGE_WORDS;
    set(x, (image[at + 2] >>> SIGN_SHIFT) & 1, image[at + 2] & SPECIAL_EXPONENT, image[at + 1], image[at]);
    storeRegister(state, physical(state, i), x);
  }
  state[Word.X87_VALID] = image[1] & ALL_VALID;
}

/** Without the feature the opcode is undefined, and the operand has to be aligned. */
function isAllowed(silicon: Silicon, op: SystemOperands): boolean {
  if ((silicon.state[Word.FEATURES] & Feature.FXSR) === 0) return silicon.raise(Vector.UD, 0);
  return (linearAddress(silicon, op) & ALIGNMENT_MASK) === 0 || silicon.raise(Vector.GP, 0);
}

export const save: SystemProcedure = (silicon, op) => {
  if (!isAllowed(silicon, op) || !prepareStore(silicon, op, IMAGE_BYTES)) return false;
  composeImage(silicon.state);
  const linear = linearAddress(silicon, op);
  for (let word = 0; word < LOADED_WORDS; word++) {
    // MXCSR and its mask belong to SSE.
    if (word >= HEADER_LOADED && word < HEADER_WORDS) continue;
    silicon.store((linear + word * 4) | 0, 4, image[word], false);
    if (silicon.faulted) return false;
  }
  return advance(silicon, op);
};

export const restore: SystemProcedure = (silicon, op) => {
  if (!isAllowed(silicon, op) || !checkOperand(silicon, op, IMAGE_BYTES, false)) return false;
  const linear = linearAddress(silicon, op);
  for (let word = 0; word < LOADED_WORDS; word++) {
    image[word] = silicon.load((linear + word * 4) | 0, 4, false);
    if (silicon.faulted) return false;
  }
  applyImage(silicon.state);
  return advance(silicon, op);
};
