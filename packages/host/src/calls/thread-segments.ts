import { ErrorNumber } from '../abi/errors.js';
import type { Process } from '../process/process.js';
import { FIRST_THREAD_SEGMENT, THREAD_SEGMENTS } from '../process/registers.js';

/** struct user_desc: entry number, base, limit, and a word of bits (asm/ldt.h). */
export const USER_DESCRIPTOR_WORDS = 4;
const Bit = { BIG: 1 << 0, CONTENTS_SHIFT: 1, READ_ONLY: 1 << 3, PAGES: 1 << 4, NOT_PRESENT: 1 << 5, USABLE: 1 << 6 } as const;
/** An entry that says that there is nothing: no base, no limit, not present, read-only. */
const EMPTY = Bit.READ_ONLY | Bit.NOT_PRESENT;
const CONTENTS = 3;
/** The second word of a descriptor of ring 3 (SDM vol. 3, 3.4.5): accessed, writable, expand-down and code, application segment, DPL 3, present, AVL, big, granularity. */
const Upper = { ACCESSED: 1 << 8, WRITABLE: 1 << 9, TYPE_SHIFT: 10, NOT_SYSTEM: 1 << 12, DPL3: 3 << 13, PRESENT: 1 << 15, AVAILABLE: 1 << 20, BIG: 1 << 22, GRANULARITY: 1 << 23 } as const;
const LOW_WORD = 0xffff;
const UPPER_LIMIT = 0xf0000;
const BASE_MIDDLE = 0xff;
const BASE_HIGH = 0xff000000;

/** The first entry that is free, or -1. */
export function chooseSegment({ threadSegments }: Process): number {
  for (let index = 0; index < THREAD_SEGMENTS; index++) if (threadSegments[2 * index + 1] === 0) return FIRST_THREAD_SEGMENT + index;
  return -1;
}

/** Sets one of a process's thread segments as a `user_desc` describes it. 0 or a negative error. */
export function setSegment({ threadSegments }: Process, entry: number, words: Int32Array): number {
  const index = entry - FIRST_THREAD_SEGMENT;
  if (entry === -1) return -ErrorNumber.SRCH;
  if (index < 0 || index >= THREAD_SEGMENTS) return -ErrorNumber.INVAL;
  const [, base, limit, bits] = words;
  const isEmpty = (base === 0 && limit === 0 && (bits === EMPTY || bits === 0));
  // Only 32-bit data segments: others would have the silicon run code that the host does not know.
  const isData = (bits & Bit.BIG) !== 0 && ((bits >>> Bit.CONTENTS_SHIFT) & CONTENTS) <= 1;
  if (!isEmpty && !isData) return -ErrorNumber.INVAL;
  threadSegments[2 * index] = isEmpty ? 0 : (limit & LOW_WORD) | (base << 16);
  threadSegments[2 * index + 1] = isEmpty ? 0 : upperWord(base, limit, bits);
  return 0;
}

function upperWord(base: number, limit: number, bits: number): number {
  const type = ((bits & Bit.READ_ONLY) === 0 ? Upper.WRITABLE : 0) | (((bits >>> Bit.CONTENTS_SHIFT) & CONTENTS) << Upper.TYPE_SHIFT);
  const rights = Upper.ACCESSED | Upper.NOT_SYSTEM | Upper.DPL3 | ((bits & Bit.NOT_PRESENT) === 0 ? Upper.PRESENT : 0);
  const size = Upper.BIG | ((bits & Bit.PAGES) === 0 ? 0 : Upper.GRANULARITY) | ((bits & Bit.USABLE) === 0 ? 0 : Upper.AVAILABLE);
  return ((base >>> 16) & BASE_MIDDLE) | (base & BASE_HIGH) | (limit & UPPER_LIMIT) | type | rights | size;
}

/** The `user_desc` of an entry, or undefined for one that no process has. */
export function describeSegment({ threadSegments }: Process, entry: number): readonly number[] | undefined {
  const index = entry - FIRST_THREAD_SEGMENT;
  if (index < 0 || index >= THREAD_SEGMENTS) return undefined;
  const [low, high] = [threadSegments[2 * index], threadSegments[2 * index + 1]];
  const base = ((low >>> 16) & LOW_WORD) | ((high & BASE_MIDDLE) << 16) | (high & BASE_HIGH);
  const limit = (low & LOW_WORD) | (high & UPPER_LIMIT);
  const bits = (high & Upper.BIG ? Bit.BIG : 0) | (((high >>> Upper.TYPE_SHIFT) & CONTENTS) << Bit.CONTENTS_SHIFT) | (high & Upper.WRITABLE ? 0 : Bit.READ_ONLY)
    | (high & Upper.GRANULARITY ? Bit.PAGES : 0) | (high & Upper.PRESENT ? 0 : Bit.NOT_PRESENT) | (high & Upper.AVAILABLE ? Bit.USABLE : 0);
  return [entry, base, limit, bits];
}
