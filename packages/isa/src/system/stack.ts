import { Access, Register, Segment, Vector, Word } from '../state.js';
import { rangeInLimit, UNLIMITED } from './access.js';
import { Descriptor, descriptorAccess, descriptorBase, descriptorDpl, descriptorLimit, findDescriptor, installSegment, isPresent, isWritableData, markAccessed, selectorError, SystemType } from './descriptors.js';
import { LOW_WORD } from './modes.js';
import type { Silicon } from './silicon.js';

// Hot path: a constant of this module folds into the code, a property of an imported object does not.
const { ACCESS, BASE, LIMIT, SELECTOR } = Word;

/** TSS layout (SDM vol. 3, figures 7-2 and 7-10): where the stack of ring 0 is, and how far apart the rings' stacks are. */
const STACK0_32 = 4;
const STACK_STRIDE_32 = 8;
const STACK0_16 = 2;
const STACK_STRIDE_16 = 4;

/** A stack that a transition reads or writes before the registers say so. `pointer` moves; ESP follows at the commit. */
export class Stack {
  selector = 0;
  base = 0;
  limit = 0;
  access = 0;
  mask = 0;
  pointer = 0;
  /** Accesses are made with supervisor privilege: a stack of an inner ring. */
  system = false;
  readonly descriptor = new Descriptor();

  private setMask(): void {
    this.mask = (this.access & Access.BIG) !== 0 ? -1 : LOW_WORD;
  }

  /** Makes this the stack in SS:ESP. */
  openCurrent(state: Int32Array): void {
    this.selector = state[SELECTOR + Segment.SS];
    this.base = state[BASE + Segment.SS];
    this.limit = state[LIMIT + Segment.SS];
    this.access = state[ACCESS + Segment.SS];
    this.pointer = state[Register.ESP];
    this.system = false;
    this.setMask();
  }

  /** Makes this the stack that `descriptor` describes. */
  openDescriptor(selector: number, pointer: number): void {
    this.selector = selector;
    this.base = descriptorBase(this.descriptor);
    this.limit = descriptorLimit(this.descriptor);
    this.access = descriptorAccess(this.descriptor);
    this.pointer = pointer;
    this.system = true;
    this.setMask();
  }

  private allows(first: number, bytes: number): boolean {
    return (this.access & Access.UNUSABLE) === 0 && rangeInLimit(this.access, this.limit, first, bytes);
  }

  /** A stack of 4 GB, in which even an item across the end of the address range is allowed, as all accesses are (`rangeInLimit`). */
  private get isUnlimited(): boolean {
    return this.limit === UNLIMITED && this.mask === -1 && (this.access & (Access.UNUSABLE | Access.EXPAND_DOWN)) === 0;
  }

  /**
   * True when `count` items of `width` bytes can be pushed within the limit. The pointer may wrap once, between two items: an item that lies across
   * the end of the stack's address range is beyond the limit like any other operand (SDM vol. 3, 5.3).
   */
  hasRoom(count: number, width: 2 | 4): boolean {
    if (this.isUnlimited) return true;
    const size = (this.mask >>> 0) + 1;
    const bytes = count * width;
    const top = (this.pointer & this.mask) >>> 0 || size;
    if (top >= bytes) return this.allows(top - bytes, bytes);
    return top % width === 0 && this.allows(0, top) && this.allows(size + top - bytes, bytes - top);
  }

  /** True when the `count` items of `width` bytes at `skip` bytes above the pointer are within the limit; wrapping as for `hasRoom`. */
  holds(skip: number, count: number, width: 2 | 4): boolean {
    if (this.isUnlimited) return true;
    const size = (this.mask >>> 0) + 1;
    const bytes = count * width;
    const first = ((this.pointer + skip) & this.mask) >>> 0;
    const below = size - first;
    if (bytes <= below) return this.allows(first, bytes);
    return below % width === 0 && this.allows(first, below) && this.allows(0, bytes - below);
  }

  /** Moves the pointer up (or, negative, down) within the stack's width. */
  release(bytes: number): void {
    this.pointer = (this.pointer & ~this.mask) | ((this.pointer + bytes) & this.mask);
  }

  /** Writes below the pointer and moves it; the limit was checked before. False after a page fault. */
  push(silicon: Silicon, bytes: 2 | 4, value: number): boolean {
    this.release(-bytes);
    silicon.store((this.base + (this.pointer & this.mask)) | 0, bytes, value, this.system);
    return !silicon.faulted;
  }

  /** Reads at `skip` above the pointer; the limit was checked before. */
  peek(silicon: Silicon, skip: number, bytes: 2 | 4): number {
    return silicon.load((this.base + ((this.pointer + skip) & this.mask)) | 0, bytes, this.system);
  }

  /** Loads SS and ESP from an opened descriptor. */
  install(silicon: Silicon): void {
    installSegment(silicon, Segment.SS, this.selector, this.descriptor);
    silicon.state[Register.ESP] = this.pointer;
  }
}

/**
 * Opens the stack of a more privileged `level` from the current TSS, with the checks that INT and CALL make in common
 * (SDM vol. 2, INT n: INTER-PRIVILEGE-LEVEL-INTERRUPT). `external` is the EXT bit of error codes.
 */
export function openInnerStack(silicon: Silicon, level: number, external: number, stack: Stack): boolean {
  const state = silicon.state;
  const wide = (state[ACCESS + Segment.TR] & SystemType.WIDE) !== 0;
  const at = wide ? STACK0_32 + level * STACK_STRIDE_32 : STACK0_16 + level * STACK_STRIDE_16;
  const pointerBytes = wide ? 4 : 2;
  const unusable = (state[ACCESS + Segment.TR] & Access.UNUSABLE) !== 0;
  if (unusable || at + pointerBytes + 1 > state[LIMIT + Segment.TR] >>> 0) {
    return silicon.raise(Vector.TS, selectorError(state[SELECTOR + Segment.TR], external));
  }
  const address = state[BASE + Segment.TR] + at;
  const pointer = silicon.load(address | 0, pointerBytes, true);
  if (silicon.faulted) return false;
  const selector = silicon.load((address + pointerBytes) | 0, 2, true);
  if (silicon.faulted) return false;
  if (!checkInnerStack(silicon, selector, level, external, stack.descriptor)) return false;
  stack.openDescriptor(selector, pointer);
  return true;
}

function checkInnerStack(silicon: Silicon, selector: number, level: number, external: number, descriptor: Descriptor): boolean {
  if (selector <= 3) return silicon.raise(Vector.TS, external);
  const error = selectorError(selector, external);
  if (!findDescriptor(silicon, selector, descriptor)) return !silicon.faulted && silicon.raise(Vector.TS, error);
  if ((selector & 3) !== level || descriptorDpl(descriptor) !== level || !isWritableData(descriptor)) return silicon.raise(Vector.TS, error);
  if (!isPresent(descriptor)) return silicon.raise(Vector.SS, error);
  return markAccessed(silicon, descriptor);
}
