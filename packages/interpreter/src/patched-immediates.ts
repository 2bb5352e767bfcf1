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

/** Bytes changed: brings the immediate up to date that they lie in. False when they are not an immediate's alone. */
export function patchImmediate(immediates: readonly PatchedImmediate[], host: number, bytes: number, words: Int32Array, memory: DataView): boolean {
  for (const immediate of immediates) {
    if (host < immediate.host || host + bytes > immediate.host + IMMEDIATE_BYTES) continue;
    words[immediate.word] = memory.getInt32(immediate.host, true);
    return true;
  }
  return false;
}
