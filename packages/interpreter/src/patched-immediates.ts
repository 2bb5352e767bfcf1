import type { LoweredInstruction } from './lowering.js';
import { Field, MICRO_OP_BYTES } from './micro-op.js';

/** Bytes of the immediates that are patched. */
export const IMMEDIATE_BYTES = 4;

/**
 * A 32-bit immediate that is written anew when its bytes change, instead of the block around it: what self-modifying code changes most, and a micro-op's word like any
 * other.
 */
export interface PatchedImmediate {
  /** Host address of its first byte. */
  readonly host: number;
  /** Index of the micro-op's word. */
  readonly word: number;
}

/** True when the last four bytes of an instruction are an immediate that its recorded meaning reads as it is, and that nothing about the instruction depends on. */
export function hasPlainImmediate({ operation, instruction }: LoweredInstruction): boolean {
  if (instruction === undefined || operation.code === undefined || operation.hasProcedure || instruction.operandSize !== 32) return false;
  return instruction.row.operands.at(-1) === 'Iz' && operation.shape.operands.at(-1)?.place === 'i';
}

/** Those of a block at micro-op `microOp` whose first byte is at `host`. */
export function immediatesOf(lowered: readonly LoweredInstruction[], host: number, microOp: number): readonly PatchedImmediate[] {
  const found: PatchedImmediate[] = [];
  lowered.forEach((single, position) => {
    if (hasPlainImmediate(single)) found.push({ host: host + ((single.next - lowered[0].eip) | 0) - IMMEDIATE_BYTES, word: ((microOp + position * MICRO_OP_BYTES) >> 2) + Field.IMMEDIATE });
  });
  return found;
}

/** Whether a write of `bytes` bytes at a host address changes nothing but an immediate. */
export function isWithin(immediate: PatchedImmediate, host: number, bytes: number): boolean {
  return host >= immediate.host && host + bytes <= immediate.host + IMMEDIATE_BYTES;
}

/** Bytes changed: brings the immediate up to date that they lie in. False when they are not an immediate's alone. */
export function patchImmediate(immediates: readonly PatchedImmediate[], host: number, bytes: number, words: Int32Array, memory: DataView): boolean {
  for (const immediate of immediates) {
    if (!isWithin(immediate, host, bytes)) continue;
    words[immediate.word] = memory.getInt32(immediate.host, true);
    return true;
  }
  return false;
}

/** The last write that changed nothing but immediates: the next one at the same place is done at once. */
export class RepeatedPatch {
  private host = -1;
  private bytes = 0;
  private age = -1;
  private immediates: readonly PatchedImmediate[] = [];

  constructor(private readonly words: Int32Array, private readonly memory: DataView) {}

  /** Does such a write if it is the one that was noted, when the decoded code was as old (`CodeCache.age`). */
  repeat(host: number, bytes: number, age: number): boolean {
    if (host !== this.host || bytes !== this.bytes || age !== this.age) return false;
    for (const immediate of this.immediates) this.words[immediate.word] = this.memory.getInt32(immediate.host, true);
    return true;
  }
  note(host: number, bytes: number, age: number, immediates: readonly PatchedImmediate[]): void {
    this.host = host;
    this.bytes = bytes;
    this.age = age;
    this.immediates = immediates;
  }
}
