import { Flag } from '@ringbench/isa';

/** Flags that the conditions 0-1, 2-3, … read, and whether one holds (SDM vol. 1, appendix B). */
export const CONDITION_READS = [Flag.OF, Flag.CF, Flag.ZF, Flag.CF | Flag.ZF, Flag.SF, Flag.PF, Flag.SF | Flag.OF, Flag.ZF | Flag.SF | Flag.OF] as const;
export function holds(condition: number, eflags: number): boolean {
  const set = (flag: number): boolean => (eflags & flag) !== 0;
  const less = set(Flag.SF) !== set(Flag.OF);
  const direct = [set(Flag.OF), set(Flag.CF), set(Flag.ZF), set(Flag.CF) || set(Flag.ZF), set(Flag.SF), set(Flag.PF), less, less || set(Flag.ZF)][condition >> 1];
  return direct !== ((condition & 1) === 1);
}
