import type { RegisterIndex } from '@ringbench/isa';

/** What a loaded guest starts with: 32-bit protected mode, flat segments, paging and interrupts off. */
export interface GuestStart {
  readonly entry: number;
  /** General registers that the boot protocol gives a value; the others are 0. */
  readonly registers: readonly (readonly [register: RegisterIndex, value: number])[];
  readonly codeSelector: number;
  readonly dataSelector: number;
  /** A descriptor table in guest memory, where the protocol promises one. */
  readonly descriptorTable?: { readonly base: number; readonly limit: number };
}

export type LoadedGuest = ({ readonly ok: true } & GuestStart) | { readonly ok: false; readonly problem: string };

/** Writes guest physical memory; the caller has guaranteed the range. */
export type WriteMemory = (physical: number, bytes: Uint8Array) => void;

/** Zero-terminated, one byte a character: ASCII, or a text whose characters stand for the bytes of another encoding. */
export function encodeText(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length + 1);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i) & 0xff;
  return bytes;
}
