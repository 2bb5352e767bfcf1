import { Segment, Vector, Word } from '../state.js';
import { Selector, descriptorLimit, installReal, installVirtual8086 } from './descriptors.js';
import type { Descriptor } from './descriptors.js';
import { isVirtual8086 } from './modes.js';
import type { Silicon } from './silicon.js';

/** True when `offset` is within the limit of the code segment now in CS. */
export function isInCodeSegment(state: Int32Array, offset: number): boolean {
  return offset >>> 0 <= state[Word.LIMIT + Segment.CS] >>> 0;
}

/** #GP(external) when `offset` is beyond the limit of a code descriptor. */
export function requireInLimit(silicon: Silicon, descriptor: Descriptor, offset: number, external: number): boolean {
  return offset >>> 0 <= descriptorLimit(descriptor) >>> 0 || silicon.raise(Vector.GP, external);
}

/** Loads CS with a paragraph number. */
export function installParagraphCode(silicon: Silicon, selector: number): void {
  if (isVirtual8086(silicon.state)) installVirtual8086(silicon, Segment.CS, selector);
  else installReal(silicon, Segment.CS, selector);
}

/** The selector with its RPL replaced. */
export function withPrivilege(selector: number, level: number): number {
  return (selector & Selector.FIELD & ~Selector.RPL) | level;
}
