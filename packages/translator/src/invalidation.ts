import { Segment, type Operand } from '@ringbench/isa';
import type { LoweredInstruction } from '@ringbench/interpreter';

/** A memory operand of 32-bit addressing in a segment that is flat in translated code. */
export type PlainAddress = Extract<Operand, { kind: 'memory' }>;

/** Which page INVLPG is about, if regions can compute that; undefined for other instructions. */
export function invalidatedAddress({ instruction }: LoweredInstruction): PlainAddress | undefined {
  if (instruction?.row.mnemonic !== 'invlpg' || instruction.addressSize !== 32) return undefined;
  const [operand] = instruction.operands;
  return operand.kind === 'memory' && operand.segment <= Segment.DS ? operand : undefined;
}

/** Registers that an address is computed from. */
export function registersOf(address: PlainAddress | undefined): readonly number[] {
  return address === undefined ? [] : [address.base, address.index].filter((register) => register >= 0);
}
