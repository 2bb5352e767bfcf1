import { Segment, Vector, Word } from '../state.js';
import {
  Descriptor, Selector, SystemType, descriptorDpl, descriptorType, installSegment, isCode, isConforming, isConformingCode, isNull, isPresent, isReadable, isWritableData, markAccessed,
  requireDescriptor, selectorError,
} from './descriptors.js';
import { isVirtual8086 } from './modes.js';
import type { Silicon } from './silicon.js';
import { TaskField } from './task-state.js';
import { isInCodeSegment } from './code-segment.js';

const descriptor = new Descriptor();

/**
 * Loads LDTR and the segment registers of a task just entered (SDM vol. 3, table 7-1, order of the checks). The registers hold the new selectors with
 * empty caches when this starts, so that a fault leaves what the manual describes: selectors loaded, descriptors not. Those of a virtual-8086 task, which
 * need no descriptors, are complete.
 */
export function loadTaskSegments(silicon: Silicon, image: Int32Array, external: number): boolean {
  if (!loadTable(silicon, image[TaskField.LDTR], external)) return false;
  if (!isVirtual8086(silicon.state) && (!loadCode(silicon, image[TaskField.CS], external) || !loadStack(silicon, image[TaskField.SS], external) || !loadDataSegments(silicon, image, external))) return false;
  return isInCodeSegment(silicon.state, silicon.state[Word.EIP]) || silicon.raise(Vector.GP, external);
}

function loadTable(silicon: Silicon, selector: number, external: number): boolean {
  if (isNull(selector)) return true;
  const error = selectorError(selector, external);
  if ((selector & Selector.LOCAL) !== 0) return silicon.raise(Vector.TS, error);
  if (!requireDescriptor(silicon, selector, Vector.TS, external, descriptor)) return false;
  if (descriptorType(descriptor) !== SystemType.LDT || !isPresent(descriptor)) return silicon.raise(Vector.TS, error);
  installSegment(silicon, Segment.LDTR, selector, descriptor);
  return true;
}

function loadCode(silicon: Silicon, selector: number, external: number): boolean {
  if (isNull(selector)) return silicon.raise(Vector.TS, external);
  if (!requireDescriptor(silicon, selector, Vector.TS, external, descriptor)) return false;
  const error = selectorError(selector, external);
  const level = selector & Selector.RPL;
  const dpl = descriptorDpl(descriptor);
  if (!isCode(descriptor) || (isConforming(descriptor) ? dpl > level : dpl !== level)) return silicon.raise(Vector.TS, error);
  if (!isPresent(descriptor)) return silicon.raise(Vector.NP, error);
  if (!markAccessed(silicon, descriptor)) return false;
  installSegment(silicon, Segment.CS, selector, descriptor);
  return true;
}

function loadStack(silicon: Silicon, selector: number, external: number): boolean {
  const level = silicon.state[Word.CPL];
  if (isNull(selector)) return silicon.raise(Vector.TS, external);
  if (!requireDescriptor(silicon, selector, Vector.TS, external, descriptor)) return false;
  const error = selectorError(selector, external);
  if (!isWritableData(descriptor) || descriptorDpl(descriptor) !== level || (selector & Selector.RPL) !== level) return silicon.raise(Vector.TS, error);
  if (!isPresent(descriptor)) return silicon.raise(Vector.SS, error);
  if (!markAccessed(silicon, descriptor)) return false;
  installSegment(silicon, Segment.SS, selector, descriptor);
  return true;
}

const DATA_SEGMENTS = [Segment.DS, Segment.ES, Segment.FS, Segment.GS] as const;

function loadDataSegments(silicon: Silicon, image: Int32Array, external: number): boolean {
  for (const register of DATA_SEGMENTS) if (!loadData(silicon, register, image[TaskField.ES + register], external)) return false;
  return true;
}

function loadData(silicon: Silicon, register: number, selector: number, external: number): boolean {
  if (isNull(selector)) return true;
  if (!requireDescriptor(silicon, selector, Vector.TS, external, descriptor)) return false;
  const error = selectorError(selector, external);
  const dpl = descriptorDpl(descriptor);
  const denied = (selector & Selector.RPL) > dpl || silicon.state[Word.CPL] > dpl;
  if (!isReadable(descriptor) || (denied && !isConformingCode(descriptor))) return silicon.raise(Vector.TS, error);
  if (!isPresent(descriptor)) return silicon.raise(Vector.NP, error);
  if (!markAccessed(silicon, descriptor)) return false;
  installSegment(silicon, register, selector, descriptor);
  return true;
}
