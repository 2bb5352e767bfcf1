import { Access, Vector } from '@ringbench/isa';

/**
 * The local descriptor table of the single-instruction cases, the same as in scripts/oracle/step.c: every type of user segment that Linux lets a process
 * have. All are of DPL 3 and accessed.
 */

export interface SegmentDescriptor {
  readonly base: number;
  /** In bytes, or in pages where the access word has G. */
  readonly limit: number;
  /** As in state.ts, `Access`. */
  readonly access: number;
}

const USER = Access.PRESENT | Access.DPL_MASK | Access.NOT_SYSTEM | Access.ACCESSED;
const DATA = USER | Access.WRITABLE;
const CODE = USER | Access.CODE | Access.READABLE;
const FLAT = Access.BIG | Access.GRANULARITY;
const ALL_PAGES = 0xfffff;
const DATA_BASE = 0x40000000;
const CODE_BASE = 0x20000000;
const LARGE = 0xffff;

export const DESCRIPTORS: readonly SegmentDescriptor[] = [
  { base: 0, limit: ALL_PAGES, access: DATA | FLAT },
  { base: 0, limit: ALL_PAGES, access: USER | FLAT },
  { base: DATA_BASE, limit: 0x17ff, access: DATA | Access.BIG },
  { base: DATA_BASE, limit: 0x7ff, access: DATA | Access.EXPAND_DOWN | Access.BIG },
  { base: 0, limit: ALL_PAGES, access: (DATA & ~Access.PRESENT) | FLAT },
  { base: 0, limit: ALL_PAGES, access: CODE | FLAT },
  { base: 0, limit: ALL_PAGES, access: (CODE & ~Access.READABLE) | FLAT },
  { base: 0, limit: ALL_PAGES, access: CODE | Access.CONFORMING | FLAT },
  { base: 0, limit: ALL_PAGES, access: (CODE & ~Access.PRESENT) | FLAT },
  { base: CODE_BASE, limit: LARGE, access: CODE },
  { base: DATA_BASE, limit: LARGE, access: DATA },
  { base: DATA_BASE, limit: 0x7ff, access: DATA | Access.EXPAND_DOWN },
  { base: CODE_BASE, limit: 0x8ff, access: CODE | Access.BIG },
  { base: DATA_BASE, limit: 0x17ff, access: USER | Access.EXPAND_DOWN | Access.BIG },
];

const SELECTOR_RPL_AND_TABLE = 7;
const LOCAL = 4;

/** Selector of an entry at RPL 3, or another. */
export const localSelector = (index: number, rpl = 3): number => (index << 3) | LOCAL | rpl;

/** The entry that a selector names, if it names one. */
export function descriptorOf(selector: number): SegmentDescriptor | undefined {
  return (selector & LOCAL) === 0 ? undefined : DESCRIPTORS[(selector & ~SELECTOR_RPL_AND_TABLE) >>> 3];
}

/** Last valid offset, as a 32-bit pattern. */
export function limitOf({ limit, access }: SegmentDescriptor): number {
  return (access & Access.GRANULARITY) === 0 ? limit : (limit << 12) | 0xfff;
}

/** The two doublewords of a descriptor (SDM vol. 3, 3.4.5). */
export function descriptorWords({ base, limit, access }: SegmentDescriptor): readonly [low: number, high: number] {
  return [(limit & 0xffff) | (base << 16), ((base >>> 16) & 0xff) | (access << 8) | (limit & 0xf0000) | (base & 0xff000000)];
}

/** Selectors of flat code and data of DPL 3 in Linux's global table. */
const GLOBAL_CODE = 0x20;
const GLOBAL_DATA = 0x28;
const RPL = 3;
const USER_LEVEL = 3;

/** Whether an access word is of a segment that data segment registers may hold: data, or code that can be read. */
const isReadable = (access: number): boolean => (access & Access.CODE) === 0 || (access & Access.READABLE) !== 0;
const isWritable = (access: number): boolean => (access & Access.CODE) === 0 && (access & Access.WRITABLE) !== 0;

/** The access word that a selector leads to, or undefined where it names no entry. Only the two flat segments of Linux's table are told from none. */
export function accessOf(selector: number): number | undefined {
  const index = selector & ~RPL;
  if (index === GLOBAL_CODE) return CODE | FLAT;
  return index === GLOBAL_DATA ? DATA | FLAT : descriptorOf(selector)?.access;
}

/**
 * What a load of a segment register from ring 3 raises (SDM vol. 2, MOV, "Loading a segment register"), vector and error code; undefined where it
 * succeeds. All segments of the cases are of DPL 3.
 */
export function refusalOf(isStack: boolean, selector: number): { readonly vector: number; readonly error: number } | undefined {
  const error = selector & ~RPL & LARGE;
  if (error === 0) return isStack ? { vector: Vector.GP, error } : undefined;
  const access = accessOf(selector);
  const isFit = access !== undefined && (isStack ? isWritable(access) && (selector & RPL) === USER_LEVEL : isReadable(access));
  if (!isFit) return { vector: Vector.GP, error };
  return (access & Access.PRESENT) === 0 ? { vector: isStack ? Vector.SS : Vector.NP, error } : undefined;
}
