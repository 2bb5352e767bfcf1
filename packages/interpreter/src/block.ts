import type { CodeContext } from './lowering.js';
import type { PatchedImmediate } from './patched-immediates.js';

/** A run of instructions that is entered at its start only, within one page unless it is a single instruction that straddles two. */
export interface Block {
  readonly microOp: number;
  /** Micro-ops that fit in its place. */
  readonly capacity: number;
  readonly eip: number;
  /** Host addresses of its first byte and behind its last; for a straddling instruction `end` is that of the first page's part. */
  readonly start: number;
  readonly end: number;
  /** Host address of the second page's part of a straddling instruction, or -1. */
  readonly secondStart: number;
  readonly secondEnd: number;
  /** Of a block that was built anew because its bytes had changed; of others none. */
  readonly immediates: readonly PatchedImmediate[];
  dead: boolean;
}

/** A link word of a block's last micro-op whose target is not decoded yet. */
export interface WaitingLink {
  readonly word: number;
  readonly owner: Block;
}

/** Which of the eight maps of blocks a context has. */
export function contextNumber({ code32, stack32, flat }: CodeContext): number {
  return (code32 ? 1 : 0) | (stack32 ? 2 : 0) | (flat ? 4 : 0);
}

/** Host addresses have 32 bits; the page number of the EIP distinguishes mappings of one page at several addresses. Exact in a float. */
export function blockKey(host: number, eip: number): number {
  return (host >>> 0) * 0x100000 + (eip >>> 12);
}

const overlaps = (start: number, bytes: number, from: number, to: number): boolean => start < to && start + bytes > from;
/** Whether a write of `bytes` bytes at a host address touches a block's bytes. */
export function isHit({ start, end, secondStart, secondEnd }: Block, host: number, bytes: number): boolean {
  return overlaps(host, bytes, start, end) || (secondStart >= 0 && overlaps(host, bytes, secondStart, secondEnd));
}
