import { composeStatus, composeTags, storeControl, storeStatus, Word } from '@ringbench/isa';
import { X87_IMAGE_BYTES } from '../abi/ptrace.js';

const X87_REGISTER_WORDS = 24;
const REGISTERS = 8;
const REGISTER_WORDS = 3;
const REGISTER_BYTES = 10;
const ENVIRONMENT_BYTES = 28;
const LOW_WORD = 0xffff;
const UNUSED_HALF = 0xffff0000;
const OPCODE_SHIFT = 16;
const OPCODE_MASK = 0x7ff;
const EMPTY_TAG = 3;
/** Words of the state from the first x87 word up to the last. */
const FIRST = Word.X87_CONTROL;
const WORDS = Word.X87_REGISTERS + X87_REGISTER_WORDS - FIRST;

/** The x87 words of a processor's state, by themselves. */
export const X87_WORDS = WORDS;
export function copyX87(from: Int32Array, to: Int32Array): void { to.set(from.subarray(FIRST, FIRST + WORDS)); }
export function loadX87(state: Int32Array, from: Int32Array): void { state.set(from, FIRST); }

/** A state of which only the x87 words count. */
function stateWith(x87: Int32Array): Int32Array {
  const state = new Int32Array(FIRST + WORDS);
  state.set(x87, FIRST);
  return state;
}

/** What FNSAVE stores in 32-bit protected mode (SDM vol. 1, figure 8-9), of x87 words of a process. */
export function x87Image(x87: Int32Array): Uint8Array {
  const state = stateWith(x87);
  const bytes = new Uint8Array(X87_IMAGE_BYTES);
  const view = new DataView(bytes.buffer);
  const header = [
    state[Word.X87_CONTROL] | UNUSED_HALF, composeStatus(state) | UNUSED_HALF, composeTags(state) | UNUSED_HALF, state[Word.X87_FIP],
    (state[Word.X87_FCS] & LOW_WORD) | (state[Word.X87_FOP] << OPCODE_SHIFT), state[Word.X87_FDP], (state[Word.X87_FDS] & LOW_WORD) | UNUSED_HALF,
  ];
  header.forEach((word, index) => view.setInt32(index * 4, word, true));
  for (let i = 0; i < REGISTERS; i++) {
    const from = Word.X87_REGISTERS + REGISTER_WORDS * ((state[Word.X87_TOP] + i) % REGISTERS);
    const at = ENVIRONMENT_BYTES + i * REGISTER_BYTES;
    view.setInt32(at, state[from], true);
    view.setInt32(at + 4, state[from + 1], true);
    view.setInt16(at + 8, state[from + 2], true);
  }
  return bytes;
}

/** What FRSTOR makes of such an image: into x87 words of a process. */
export function takeX87Image(x87: Int32Array, bytes: Uint8Array): void {
  const state = stateWith(x87);
  const view = new DataView(bytes.buffer, bytes.byteOffset, X87_IMAGE_BYTES);
  const field = (index: number): number => view.getInt32(index * 4, true);
  storeControl(state, field(0));
  storeStatus(state, field(1));
  state[Word.X87_FIP] = field(3);
  state[Word.X87_FCS] = field(4) & LOW_WORD;
  state[Word.X87_FOP] = (field(4) >>> OPCODE_SHIFT) & OPCODE_MASK;
  state[Word.X87_FDP] = field(5);
  state[Word.X87_FDS] = field(6) & LOW_WORD;
  let valid = 0;
  for (let i = 0; i < REGISTERS; i++) {
    if (((field(2) >>> (2 * i)) & EMPTY_TAG) !== EMPTY_TAG) valid |= 1 << i;
    const to = Word.X87_REGISTERS + REGISTER_WORDS * ((state[Word.X87_TOP] + i) % REGISTERS);
    const at = ENVIRONMENT_BYTES + i * REGISTER_BYTES;
    state[to] = view.getInt32(at, true);
    state[to + 1] = view.getInt32(at + 4, true);
    state[to + 2] = view.getUint16(at + 8, true);
  }
  state[Word.X87_VALID] = valid;
  x87.set(state.subarray(FIRST, FIRST + WORDS));
}
