/** What a task switch moves, one number each. The general and segment registers are in encoding order. */
export const TaskField = { CR3: 0, EIP: 1, EFLAGS: 2, EAX: 3, ES: 11, CS: 12, SS: 13, DS: 14, FS: 15, GS: 16, LDTR: 17, TRAP: 18, COUNT: 19 } as const;

/** Where a TSS keeps each field: byte offset, or -1 when it has no such field, and size. */
export interface TaskLayout {
  readonly offsets: readonly number[];
  readonly bytes: readonly (2 | 4)[];
  /** Smallest limit of a usable TSS. */
  readonly lastByte: number;
}

const SEGMENTS_AND_TABLE = 7;
const GENERAL_REGISTERS = 8;

function consecutive(first: number, count: number, step: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index * step);
}

/** SDM vol. 3, figure 7-2. */
export const TSS32: TaskLayout = {
  offsets: [28, 32, 36, ...consecutive(40, GENERAL_REGISTERS, 4), ...consecutive(72, SEGMENTS_AND_TABLE, 4), 100],
  bytes: [4, 4, 4, ...Array.from({ length: GENERAL_REGISTERS }, () => 4 as const), ...Array.from({ length: SEGMENTS_AND_TABLE }, () => 2 as const), 2],
  lastByte: 103,
};

/** SDM vol. 3, figure 7-10: ES CS SS DS, then the LDT selector; no FS, GS, CR3 or T bit. */
export const TSS16: TaskLayout = {
  offsets: [-1, 14, 16, ...consecutive(18, GENERAL_REGISTERS, 2), 34, 36, 38, 40, -1, -1, 42, -1],
  bytes: Array.from({ length: TaskField.COUNT }, () => 2 as const),
  lastByte: 43,
};
