import { Register, Segment } from '@ringbench/isa';

/** A 32-bit general register operand; `code` is its number in encodings. */
export interface GeneralRegister { readonly kind: 'general'; readonly code: number }
export interface SegmentRegister { readonly kind: 'segment'; readonly code: number }
export interface ControlRegister { readonly kind: 'control'; readonly code: number }
export interface DebugRegister { readonly kind: 'debug'; readonly code: number }
/** `[base + displacement]`, or `[displacement]` without a base. */
export interface MemoryOperand {
  readonly kind: 'memory';
  readonly base: number | undefined;
  readonly displacement: Value;
  /** Segment override, if any. */
  readonly segment: number | undefined;
}
/** A number, or the name of a label, which stands for its address. */
export type Value = number | string;
export type Operand = GeneralRegister | SegmentRegister | ControlRegister | DebugRegister | MemoryOperand | Value;

const general = (code: number): GeneralRegister => ({ kind: 'general', code });
const segment = (code: number): SegmentRegister => ({ kind: 'segment', code });
const control = (code: number): ControlRegister => ({ kind: 'control', code });

export const EAX = general(Register.EAX);
export const ECX = general(Register.ECX);
export const EDX = general(Register.EDX);
export const EBX = general(Register.EBX);
export const ESP = general(Register.ESP);
export const EBP = general(Register.EBP);
export const ESI = general(Register.ESI);
export const EDI = general(Register.EDI);
export const ES = segment(Segment.ES);
export const CS = segment(Segment.CS);
export const SS = segment(Segment.SS);
export const DS = segment(Segment.DS);
export const FS = segment(Segment.FS);
export const GS = segment(Segment.GS);
export const CR0 = control(0);
export const CR2 = control(2);
export const CR3 = control(3);
export const CR4 = control(4);
export const DR7: DebugRegister = { kind: 'debug', code: 7 };
export const DR0: DebugRegister = { kind: 'debug', code: 0 };
export const DR6: DebugRegister = { kind: 'debug', code: 6 };

/** `at(0x1000)`, `at('label')`, `at(EBP, -4)`. */
export function at(first: GeneralRegister | Value, displacement: Value = 0): MemoryOperand {
  if (typeof first === 'object') return { kind: 'memory', base: first.code, displacement, segment: undefined };
  if (displacement !== 0) throw new Error('a displacement needs a base register');
  return { kind: 'memory', base: undefined, displacement: first, segment: undefined };
}

/** The same memory operand in another segment. */
export function inSegment(register: SegmentRegister, operand: MemoryOperand): MemoryOperand {
  return { ...operand, segment: register.code };
}
