import type { ParameterName } from '@ringbench/isa';

/**
 * A decoded instruction as the executors run it: eight 32-bit words in linear memory.
 *
 * Word 0 holds the operation number (bits 0-15), how many instructions of the block remain from this one on (bits 16-23), and in a
 * block's first micro-op once more that number as the price of entering the block (bits 24-31; 0 elsewhere).
 */
export const MICRO_OP_BYTES = 32;

export const Field = {
  OPERATION: 0,
  DESTINATION: 1,
  SOURCE: 2,
  IMMEDIATE: 3, // direct transfers: target EIP
  BASE: 4, // direct transfers: micro-op at the target, 0 while unknown
  INDEX: 5, // direct transfers: micro-op behind the instruction, 0 while unknown
  DISPLACEMENT: 6, // direct transfers: EIP behind the instruction
  EIP: 7,
} as const;

export const LINK_TAKEN = Field.BASE;
export const LINK_NEXT = Field.INDEX;

export const OPERATION_MASK = 0xffff;
export const REMAINING_SHIFT = 16;
export const REMAINING_MASK = 0xff;
export const ENTRY_SHIFT = 24;
/** Longest block; bounded by the eight bits above and by how many instructions may be stepped singly at the end of a slice. */
export const MAX_BLOCK_INSTRUCTIONS = 64;

/** Operation number 0 marks a block that was dropped: entering it leads back to the look-up. */
export const INVALID_OPERATION = 0;

/**
 * Operation numbers from here on mark a block as an entry of another executor's (CodeCache, `markEntry`): neither the hot loop nor a handler has them, so control
 * comes back with nothing executed.
 */
export const FIRST_ENTRY_OPERATION = 0x8000;
export const ENTRY_OPERATIONS = OPERATION_MASK + 1 - FIRST_ENTRY_OPERATION;

/**
 * The word of a micro-op that holds a parameter. `next` shares: a transfer with a memory operand needs the displacement word for its address, and has
 * no use for the immediate.
 */
export function fieldOfParameter(name: ParameterName, hasMemoryOperand: boolean): number {
  switch (name) {
    case 'destination': return Field.DESTINATION;
    case 'source': return Field.SOURCE;
    case 'immediate': return Field.IMMEDIATE;
    case 'base': return Field.BASE;
    case 'index': return Field.INDEX;
    case 'displacement': return Field.DISPLACEMENT;
    case 'next': return hasMemoryOperand ? Field.IMMEDIATE : Field.DISPLACEMENT;
  }
}

/** The word with the number under which the code cache keeps the decoded instruction, for operations that a system procedure executes or may take over. */
export function fieldOfInstructionNumber(hasMemoryOperand: boolean): number {
  return hasMemoryOperand ? Field.IMMEDIATE : Field.BASE;
}

/** Why the hot loop, or the handler of one operation, stopped. A non-negative result is the next micro-op's address. */
export const Leave = {
  /** EIP is set; look the next block up. */
  LOOK_UP: -1,
  /** A fault is recorded; MICRO_OP's instruction did not execute. */
  FAULT: -2,
  /** EIP is set; the slice has not enough instructions left for the next block. */
  BUDGET: -3,
  /** The hot loop does not have MICRO_OP's operation, or its fast path failed: run its handler. Nothing is committed. */
  SLOW: -4,
  /** MICRO_OP's instruction is complete but decoded code changed: continue at the instruction behind it through the look-up. */
  CODE_CHANGED: -5,
} as const;
