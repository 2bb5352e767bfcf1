import { Word } from '../state.js';
import type { Silicon } from './silicon.js';

const TWO_TO_32 = 0x1_0000_0000;
const scratch = new Float64Array(1);
const halves = new Int32Array(scratch.buffer);

/** Reads a 64-bit float kept in two state words. */
export function loadFloat(state: Int32Array, word: number): number {
  halves[0] = state[word];
  halves[1] = state[word + 1];
  return scratch[0];
}

/** Writes a 64-bit float to two state words. */
export function storeFloat(state: Int32Array, word: number, value: number): void {
  scratch[0] = value;
  state[word] = halves[0];
  state[word + 1] = halves[1];
}

/** The number that two words of an unsigned 64-bit integer mean; exact below 2^53. */
export function joinUnsigned(low: number, high: number): number {
  return (high >>> 0) * TWO_TO_32 + (low >>> 0);
}

/** The same for a signed integer. */
export function joinSigned(low: number, high: number): number {
  return high * TWO_TO_32 + (low >>> 0);
}

/** The time-stamp counter, modulo 2^64 in the end (`highWord`, `lowWord`). */
export function timeStamp(silicon: Silicon): number {
  return silicon.now() + loadFloat(silicon.state, Word.TSC_OFFSET);
}

export function lowWord(value: number): number {
  return (value % TWO_TO_32) | 0;
}

export function highWord(value: number): number {
  return Math.floor(value / TWO_TO_32) | 0;
}

/** Writes a 64-bit integer to EDX:EAX. */
export function storePair(state: Int32Array, value: number): void {
  state[Word.EAX] = lowWord(value);
  state[Word.EDX] = highWord(value);
}
