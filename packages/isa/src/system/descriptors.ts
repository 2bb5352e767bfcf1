import { Access, Segment, Word } from '../state.js';
import { refreshSegment } from './access.js';
import type { Silicon } from './silicon.js';

// Hot path: a constant of this module folds into the code, a property of an imported object does not.
const { ACCESS, BASE, GDTR_BASE, GDTR_LIMIT, LIMIT, SELECTOR } = Word;

/** Bits of a selector (SDM vol. 3, 3.4.2). */
export const Selector = { RPL: 3, LOCAL: 4, INDEX: 0xfff8, FIELD: 0xffff } as const;
const ERROR_SELECTOR = 0xfffc;
const DESCRIPTOR_BYTES_MINUS_ONE = 7;
const ACCESS_BYTE = 5;

/** Types of system descriptors (SDM vol. 3, table 3-2): bits 0-4 of the access byte, bit 4 being zero. */
export const SystemType = {
  TSS16: 1, LDT: 2, TSS16_BUSY: 3, CALL_GATE16: 4, TASK_GATE: 5, INTERRUPT_GATE16: 6, TRAP_GATE16: 7,
  TSS32: 9, TSS32_BUSY: 11, CALL_GATE32: 12, INTERRUPT_GATE32: 14, TRAP_GATE32: 15,
  /** Set in the types of 32-bit gates and TSSs. */
  WIDE: 8,
  /** Set in the type of a busy TSS. */
  BUSY: 2,
} as const;

const TYPE_SHIFT = 8;
const TYPE_MASK = 0x1f;
const DPL_SHIFT = 13;
const HIGH_PRESENT = Access.PRESENT << TYPE_SHIFT;
const HIGH_ACCESSED = Access.ACCESSED << TYPE_SHIFT;
const HIGH_ACCESS_WORD = 0xf0ff;
const HIGH_LIMIT = 0xf0000;
const HIGH_BASE = 0xff000000;
const PAGE_SHIFT = 12;
const PAGE_OFFSET = 0xfff;

/** A descriptor as read from its table: a preallocated scratch record. */
export class Descriptor {
  low = 0;
  high = 0;
  /** Linear address that it came from. */
  address = 0;
}

/** Error code that names a selector; `external` is the EXT bit. */
export function selectorError(selector: number, external: number): number {
  return (selector & ERROR_SELECTOR) | external;
}

export function isNull(selector: number): boolean {
  return (selector & ERROR_SELECTOR) === 0;
}

/** Reads the descriptor of a non-null selector. False: a page fault was recorded (`silicon.faulted`), or the selector is beyond its table's limit (not faulted). */
export function findDescriptor(silicon: Silicon, selector: number, descriptor: Descriptor): boolean {
  const state = silicon.state;
  const local = (selector & Selector.LOCAL) !== 0;
  if (local && (state[ACCESS + Segment.LDTR] & Access.UNUSABLE) !== 0) return false;
  const limit = local ? state[LIMIT + Segment.LDTR] : state[GDTR_LIMIT];
  const index = selector & Selector.INDEX;
  if (index + DESCRIPTOR_BYTES_MINUS_ONE > limit >>> 0) return false;
  return readDescriptor(silicon, (local ? state[BASE + Segment.LDTR] : state[GDTR_BASE]) + index, descriptor);
}

/** Reads eight bytes of a descriptor table; false after a page fault. */
export function readDescriptor(silicon: Silicon, address: number, descriptor: Descriptor): boolean {
  descriptor.address = address | 0;
  descriptor.low = silicon.load(descriptor.address, 4, true);
  if (silicon.faulted) return false;
  descriptor.high = silicon.load((descriptor.address + 4) | 0, 4, true);
  return !silicon.faulted;
}

/** As `findDescriptor`, but a selector beyond the limit is fault `vector` with the selector as error code. */
export function requireDescriptor(silicon: Silicon, selector: number, vector: number, external: number, descriptor: Descriptor): boolean {
  if (findDescriptor(silicon, selector, descriptor)) return true;
  return !silicon.faulted && silicon.raise(vector, selectorError(selector, external));
}

/** The ACCESS word. */
export function descriptorAccess(descriptor: Descriptor): number {
  return (descriptor.high >>> TYPE_SHIFT) & HIGH_ACCESS_WORD;
}

export function descriptorBase(descriptor: Descriptor): number {
  return (descriptor.low >>> 16) | ((descriptor.high & 0xff) << 16) | (descriptor.high & HIGH_BASE);
}

/** Limit in bytes, granularity applied. */
export function descriptorLimit(descriptor: Descriptor): number {
  const limit = (descriptor.low & 0xffff) | (descriptor.high & HIGH_LIMIT);
  return (descriptorAccess(descriptor) & Access.GRANULARITY) !== 0 ? (limit << PAGE_SHIFT) | PAGE_OFFSET : limit;
}

export function descriptorDpl(descriptor: Descriptor): number {
  return (descriptor.high >>> DPL_SHIFT) & 3;
}

/** The five type bits: a `SystemType` for system descriptors, 16 and more for code and data. */
export function descriptorType(descriptor: Descriptor): number {
  return (descriptor.high >>> TYPE_SHIFT) & TYPE_MASK;
}

export function isPresent(descriptor: Descriptor): boolean {
  return (descriptor.high & HIGH_PRESENT) !== 0;
}

function hasAccess(descriptor: Descriptor, mask: number, value: number): boolean {
  return (descriptorAccess(descriptor) & mask) === value;
}

export function isCode(descriptor: Descriptor): boolean {
  return hasAccess(descriptor, Access.NOT_SYSTEM | Access.CODE, Access.NOT_SYSTEM | Access.CODE);
}

export function isConforming(descriptor: Descriptor): boolean {
  return hasAccess(descriptor, Access.CONFORMING, Access.CONFORMING);
}

export function isConformingCode(descriptor: Descriptor): boolean {
  return isCode(descriptor) && isConforming(descriptor);
}

export function isWritableData(descriptor: Descriptor): boolean {
  const mask = Access.NOT_SYSTEM | Access.CODE | Access.WRITABLE;
  return hasAccess(descriptor, mask, Access.NOT_SYSTEM | Access.WRITABLE);
}

/** Data, or code that may be read. */
export function isReadable(descriptor: Descriptor): boolean {
  if (hasAccess(descriptor, Access.NOT_SYSTEM, 0)) return false;
  return hasAccess(descriptor, Access.CODE, 0) || hasAccess(descriptor, Access.READABLE, Access.READABLE);
}

/** Selector field of a gate. */
export function gateSelector(gate: Descriptor): number {
  return gate.low >>> 16;
}

/** Offset field of a gate, 16 bits in a 16-bit gate. */
export function gateOffset(gate: Descriptor): number {
  const low = gate.low & 0xffff;
  return (descriptorType(gate) & SystemType.WIDE) !== 0 ? (gate.high & ~0xffff) | low : low;
}

/** Sets the accessed bit in the table, as every load of a segment register does (SDM vol. 3, 3.4.5.1); false after a page fault. */
export function markAccessed(silicon: Silicon, descriptor: Descriptor): boolean {
  if ((descriptor.high & HIGH_ACCESSED) !== 0) return true;
  descriptor.high |= HIGH_ACCESSED;
  return storeType(silicon, descriptor);
}

/** Sets the busy bit of a TSS descriptor in the table; false after a page fault. */
export function markBusy(silicon: Silicon, descriptor: Descriptor): boolean {
  descriptor.high |= SystemType.BUSY << TYPE_SHIFT;
  return storeType(silicon, descriptor);
}

/** Clears the busy bit of a TSS descriptor in the table; false after a page fault. */
export function markAvailable(silicon: Silicon, descriptor: Descriptor): boolean {
  descriptor.high &= ~(SystemType.BUSY << TYPE_SHIFT);
  return storeType(silicon, descriptor);
}

function storeType(silicon: Silicon, descriptor: Descriptor): boolean {
  silicon.store((descriptor.address + ACCESS_BYTE) | 0, 1, (descriptor.high >>> TYPE_SHIFT) & 0xff, true);
  return !silicon.faulted;
}

/** Writes one segment register with its cache and everything derived. All checks were made. */
export function storeSegmentRegister(silicon: Silicon, register: number, selector: number, base: number, limit: number, access: number): void {
  const state = silicon.state;
  state[SELECTOR + register] = selector;
  state[BASE + register] = base;
  state[LIMIT + register] = limit;
  state[ACCESS + register] = access;
  refreshSegment(state, register);
  silicon.segmentChanged(register);
}

/** Loads a segment register from a descriptor. */
export function installSegment(silicon: Silicon, register: number, selector: number, descriptor: Descriptor): void {
  storeSegmentRegister(silicon, register, selector, descriptorBase(descriptor), descriptorLimit(descriptor), descriptorAccess(descriptor));
}

/** Loads a null selector: every access through the register faults until it is loaded again. */
export function installNull(silicon: Silicon, register: number, selector: number): void {
  storeSegmentRegister(silicon, register, selector, 0, 0, Access.UNUSABLE);
}

const REAL_LIMIT = 0xffff;
const REAL_ACCESS = Access.PRESENT | Access.NOT_SYSTEM | Access.WRITABLE | Access.ACCESSED;
const VIRTUAL_8086_ACCESS = REAL_ACCESS | Access.DPL_MASK;
const PARAGRAPH_SHIFT = 4;

/** Loads a paragraph number in virtual-8086 mode (SDM vol. 3, 20.1.1). */
export function installVirtual8086(silicon: Silicon, register: number, selector: number): void {
  storeSegmentRegister(silicon, register, selector, selector << PARAGRAPH_SHIFT, REAL_LIMIT, VIRTUAL_8086_ACCESS);
}

/** Loads a paragraph number in real mode: the limit and size that protected mode left stay in force ("unreal mode"). */
export function installReal(silicon: Silicon, register: number, selector: number): void {
  const state = silicon.state;
  const access = state[ACCESS + register];
  const limit = (access & Access.UNUSABLE) !== 0 ? REAL_LIMIT : state[LIMIT + register];
  const sizes = access & (Access.BIG | Access.GRANULARITY);
  storeSegmentRegister(silicon, register, selector, selector << PARAGRAPH_SHIFT, limit, REAL_ACCESS | sizes);
}
