import { hasPlainImmediate, IMMEDIATE_BYTES, type LoweredInstruction } from '@ringbench/interpreter';
import type { Site } from './region.js';
import type { TranslatedRegion } from './region-store.js';

/** A site of a region that there is. Most are never left at: what that needs comes with the first time. */
export interface LiveSite extends Site {
  region: TranslatedRegion | undefined;
  /** Of an edge: what was lost by leaving there, see Heat. */
  heat: number;
  history: SiteHistory | undefined;
}

/** What has become of a site. */
export interface SiteHistory {
  readonly instruction: LoweredInstruction;
  /** Host address of the instruction's immediate if that changes without the region being dropped, else -1. */
  readonly patched: number;
  /** Micro-op that executes the instruction by itself, 0 until needed. */
  microOp: number;
  /** Executes the instruction for a region that calls, once prepared. */
  call: (() => boolean) | undefined;
  exits: number;
  /** Exits at which the TLB was filled. */
  misses: number;
  /** Instruction clock when `exits` was 0. */
  countedFrom: number;
}

/** @param isPatched see CodeKnowledge. */
export function newHistory(site: Site, instruction: LoweredInstruction, isPatched: (host: number) => boolean): SiteHistory {
  const immediate = site.host + ((instruction.next - instruction.eip) | 0) - IMMEDIATE_BYTES;
  const patched = hasPlainImmediate(instruction) && isPatched(immediate) ? immediate : -1;
  return { instruction, patched, microOp: 0, call: undefined, exits: 0, misses: 0, countedFrom: 0 };
}
