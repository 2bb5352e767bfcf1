import { composeFlags, Register, Word } from '@ringbench/isa';
import type { Fingerprint } from './engine.js';

/** Fingerprint of a guest whose processor state is in `state` (words of isa's `Word`) and whose memory has this digest. */
export function fingerprintOf(state: Int32Array, memory: string): Fingerprint {
  return {
    registers: Array.from(state.subarray(Register.EAX, Register.EDI + 1)),
    eip: state[Word.EIP] >>> 0,
    eflags: composeFlags(state),
    memory,
  };
}
