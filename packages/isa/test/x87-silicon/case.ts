/** One instruction with the state before and after it, as step.c has it. */

export const IMAGE_BYTES = 108;
export const MEMORY_BYTES = 128;
export const CODE_BYTES = 15;
export const QUESTION_BYTES = IMAGE_BYTES + 4 + 4 + 1 + CODE_BYTES + MEMORY_BYTES;
export const ANSWER_BYTES = IMAGE_BYTES + 4 + 4 + 4 + MEMORY_BYTES;

/** Where step.c has the instruction's memory operand, and where in its code page the instruction is. */
export const MEMORY_AT = 0x40000000;
export const CODE_AT = 0x20000000 + 18;

export const SIGFPE = 8;

/** Byte offsets in a question. */
export const Question = { IMAGE: 0, EAX: IMAGE_BYTES, FLAGS: IMAGE_BYTES + 4, LENGTH: IMAGE_BYTES + 8, CODE: IMAGE_BYTES + 9, MEMORY: IMAGE_BYTES + 9 + CODE_BYTES } as const;
/** Byte offsets in an answer. */
export const Answer = { IMAGE: 0, EAX: IMAGE_BYTES, FLAGS: IMAGE_BYTES + 4, SIGNAL: IMAGE_BYTES + 8, MEMORY: IMAGE_BYTES + 12 } as const;
/** Byte offsets in an FNSAVE image. */
export const Image = { CONTROL: 0, STATUS: 4, TAGS: 8, FIP: 12, FCS: 16, FOP: 18, FDP: 20, FDS: 24, REGISTERS: 28, REGISTER_BYTES: 10 } as const;
