import { Word } from '../state.js';
import { hasParagraphSegments } from '../system/modes.js';
import type { SystemOperands } from '../system/operands.js';
import type { Silicon } from '../system/silicon.js';
import { Extended, Kind, SIGN_SHIFT, SPECIAL_EXPONENT, kindOf, loadRegister, set, storeRegister } from './extended.js';
import { checkOperand, linearAddress, prepareStore } from './memory.js';
import { loadStack, physical } from './stack.js';
import { Exception, REGISTERS, REGISTER_WORDS, Tag, composeStatus, resetX87, storeControl, storeStatus } from './words.js';

/** The environment, FNSTENV and FLDENV, and the whole state, FNSAVE and FRSTOR, in their four formats (SDM vol. 1, figures 8-9 to 8-12). */

const x = new Extended();

/** Words of an environment: control, status, tag, instruction offset, selector and opcode, operand offset, selector. */
const FIELDS = 7;
/** The image as it is in memory, each field 16 or 32 bits. */
const image = new Int32Array(FIELDS);
const Field = { CONTROL: 0, STATUS: 1, TAG: 2, FIP: 3, FCS: 4, FDP: 5, FDS: 6 } as const;

const LOW_WORD = 0xffff;
/** What the unused upper halves read as. */
const UNUSED_HALF = 0xffff0000 | 0;
const OPCODE_MASK = 0x7ff;
const OPCODE_SHIFT = 16;
const PARAGRAPH_SHIFT = 4;
/** In the real-mode formats the upper part of an address is in bits 12 and up of its second field. */
const UPPER_SHIFT = 12;
const UPPER_MASK_32 = LOW_WORD << UPPER_SHIFT;
const REGISTER_BYTES = 10;

function bytesOf(op: SystemOperands): number {
  return FIELDS * (op.operandSize === 32 ? 4 : 2);
}

/** The full tag word: empty or what kind of number, two bits for each physical register (SDM vol. 1, 8.1.7). */
export function composeTags(state: Int32Array): number {
  let tags = 0;
  for (let register = 0; register < REGISTERS; register++) tags |= tagOf(state, register) << (2 * register);
  return tags;
}

function tagOf(state: Int32Array, register: number): number {
  if (((state[Word.X87_VALID] >>> register) & 1) === 0) return Tag.EMPTY;
  loadRegister(state, register, x);
  const kind = kindOf(x);
  return kind === Kind.NORMAL ? Tag.VALID : kind === Kind.ZERO ? Tag.ZERO : Tag.SPECIAL;
}

/** Only whether a register is empty is taken from a tag word. */
function storeTags(state: Int32Array, tags: number): void {
  let valid = 0;
  for (let register = 0; register < REGISTERS; register++) {
    if (((tags >>> (2 * register)) & Tag.EMPTY) !== Tag.EMPTY) valid |= 1 << register;
  }
  state[Word.X87_VALID] = valid;
}

function composeImage(state: Int32Array, size: 16 | 32): void {
  const unused = size === 32 ? UNUSED_HALF : 0;
  image[Field.CONTROL] = state[Word.X87_CONTROL] | unused;
  image[Field.STATUS] = composeStatus(state) | unused;
  image[Field.TAG] = composeTags(state) | unused;
  if (hasParagraphSegments(state)) composeRealPointers(state, size);
  else {
    image[Field.FIP] = state[Word.X87_FIP];
    image[Field.FCS] = (state[Word.X87_FCS] & LOW_WORD) | (state[Word.X87_FOP] << OPCODE_SHIFT);
    image[Field.FDP] = state[Word.X87_FDP];
    image[Field.FDS] = (state[Word.X87_FDS] & LOW_WORD) | unused;
  }
}

/** Linear addresses, split at bit 16. */
function composeRealPointers(state: Int32Array, size: 16 | 32): void {
  const code = ((state[Word.X87_FCS] << PARAGRAPH_SHIFT) + state[Word.X87_FIP]) | 0;
  const data = ((state[Word.X87_FDS] << PARAGRAPH_SHIFT) + state[Word.X87_FDP]) | 0;
  const lower = size === 32 ? UNUSED_HALF : 0;
  image[Field.FIP] = (code & LOW_WORD) | lower;
  image[Field.FCS] = ((code >>> 16) << UPPER_SHIFT) | state[Word.X87_FOP];
  image[Field.FDP] = (data & LOW_WORD) | lower;
  image[Field.FDS] = (data >>> 16) << UPPER_SHIFT;
}

function applyImage(state: Int32Array, size: 16 | 32): void {
  storeControl(state, image[Field.CONTROL]);
  storeStatus(state, image[Field.STATUS]);
  storeTags(state, image[Field.TAG]);
  if (hasParagraphSegments(state)) {
    // An address without its segment: a selector of 0 and the whole of it as offset are stored the same way again.
    state[Word.X87_FIP] = (image[Field.FIP] & LOW_WORD) | ((image[Field.FCS] & UPPER_MASK_32) << PARAGRAPH_SHIFT);
    state[Word.X87_FCS] = 0;
    state[Word.X87_FOP] = image[Field.FCS] & OPCODE_MASK;
    state[Word.X87_FDP] = (image[Field.FDP] & LOW_WORD) | ((image[Field.FDS] & UPPER_MASK_32) << PARAGRAPH_SHIFT);
    state[Word.X87_FDS] = 0;
    return;
  }
  state[Word.X87_FIP] = image[Field.FIP];
  state[Word.X87_FCS] = image[Field.FCS] & LOW_WORD;
  state[Word.X87_FOP] = size === 32 ? (image[Field.FCS] >>> OPCODE_SHIFT) & OPCODE_MASK : 0;
  state[Word.X87_FDP] = image[Field.FDP];
  state[Word.X87_FDS] = image[Field.FDS] & LOW_WORD;
}

/** The stores below cannot fault: `prepareStore` saw to the second page, the first store to the first. */
function storeImage(silicon: Silicon, linear: number, size: 16 | 32): boolean {
  const bytes = size === 32 ? 4 : 2;
  composeImage(silicon.state, size);
  for (let field = 0; field < FIELDS; field++) {
    silicon.store((linear + field * bytes) | 0, bytes, image[field], false);
    if (silicon.faulted) return false;
  }
  return true;
}

function loadImage(silicon: Silicon, linear: number, size: 16 | 32): boolean {
  const bytes = size === 32 ? 4 : 2;
  for (let field = 0; field < FIELDS; field++) {
    image[field] = silicon.load((linear + field * bytes) | 0, bytes, false);
    if (silicon.faulted) return false;
  }
  return true;
}

/** FNSTENV masks all exceptions afterwards. */
export function storeEnvironment(silicon: Silicon, op: SystemOperands, state: Int32Array): boolean {
  if (!prepareStore(silicon, op, bytesOf(op)) || !storeImage(silicon, linearAddress(silicon, op), op.operandSize)) return false;
  storeControl(state, state[Word.X87_CONTROL] | Exception.ALL);
  return true;
}

export function loadEnvironment(silicon: Silicon, op: SystemOperands, state: Int32Array): boolean {
  if (!checkOperand(silicon, op, bytesOf(op), false) || !loadImage(silicon, linearAddress(silicon, op), op.operandSize)) return false;
  applyImage(state, op.operandSize);
  return true;
}

/** FNSAVE: environment, then ST(0) to ST(7); ends like FNINIT. */
export function saveState(silicon: Silicon, op: SystemOperands, state: Int32Array): boolean {
  const environment = bytesOf(op);
  if (!prepareStore(silicon, op, environment + REGISTERS * REGISTER_BYTES)) return false;
  const linear = linearAddress(silicon, op);
  if (!storeImage(silicon, linear, op.operandSize)) return false;
  for (let i = 0; i < REGISTERS; i++) {
    loadStack(state, i, x);
    const at = linear + environment + i * REGISTER_BYTES;
    silicon.store(at | 0, 4, x.low, false);
    silicon.store((at + 4) | 0, 4, x.high, false);
    silicon.store((at + 8) | 0, 2, (x.sign << SIGN_SHIFT) | x.exponent, false);
  }
  resetX87(state);
  return true;
}

const registers = new Int32Array(REGISTERS * REGISTER_WORDS);

export function restoreState(silicon: Silicon, op: SystemOperands, state: Int32Array): boolean {
  const environment = bytesOf(op);
  if (!checkOperand(silicon, op, environment + REGISTERS * REGISTER_BYTES, false)) return false;
  const linear = linearAddress(silicon, op);
  if (!loadImage(silicon, linear, op.operandSize)) return false;
  for (let word = 0; word < REGISTERS * REGISTER_WORDS; word++) {
    const part = word % REGISTER_WORDS;
    const at = linear + environment + Math.floor(word / REGISTER_WORDS) * REGISTER_BYTES + part * 4;
    registers[word] = silicon.load(at | 0, part === 2 ? 2 : 4, false);
    if (silicon.faulted) return false;
  }
  applyImage(state, op.operandSize);
  storeRegisters(state);
  return true;
}

/** ST(i) from `registers`, empty or not. */
function storeRegisters(state: Int32Array): void {
  const valid = state[Word.X87_VALID];
  for (let i = 0; i < REGISTERS; i++) {
    const at = i * REGISTER_WORDS;
    set(x, (registers[at + 2] >>> SIGN_SHIFT) & 1, registers[at + 2] & SPECIAL_EXPONENT, registers[at + 1], registers[at]);
    storeRegister(state, physical(state, i), x);
  }
  state[Word.X87_VALID] = valid;
}
