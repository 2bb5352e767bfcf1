import { V386_EXITS } from '../events.js';
import type { V386ExitName } from '../events.js';

/**
 * The V386 control block (docs/v386-mode.md): one 4 KB page of physical memory, 32-bit words, 64-bit values low word first.
 * This table is the only place that knows the offsets; `v386BlockHeader` prints it for programs in C.
 */
const LAYOUT = [
  // Written by software, read by the processor at entry and while in the mode.
  ['REVISION', 1], ['CONTROLS', 1], ['IO_BITMAP', 1], ['SECOND_LEVEL_ROOT', 1], ['DEADLINE', 2], ['ENTRY_EVENT', 1], ['ENTRY_ERROR_CODE', 1],
  // Written by the processor at an exit or a refused entry.
  ['EXIT_REASON', 1], ['EXIT_QUALIFICATION', 1], ['EXIT_LENGTH', 1], ['EXIT_VALUE', 2], ['EXIT_LINEAR', 1], ['EXIT_PHYSICAL', 1], ['VECTORING_EVENT', 1], ['VECTORING_ERROR_CODE', 1],
  // Guest area: loaded at entry, saved at an exit.
  ['GUEST_CPL', 1], ['GUEST_CR0', 1], ['GUEST_CR2', 1], ['GUEST_CR3', 1], ['GUEST_CR4', 1], ['GUEST_DR7', 1], ['GUEST_SHADOW', 1], ['GUEST_PENDING_DEBUG', 1],
  ['GUEST_GDTR_BASE', 1], ['GUEST_GDTR_LIMIT', 1], ['GUEST_IDTR_BASE', 1], ['GUEST_IDTR_LIMIT', 1],
  // Added to the host's time-stamp counter; signed.
  ['GUEST_TSC_OFFSET', 2],
  // Eight words each: ES CS SS DS FS GS LDTR TR.
  ['GUEST_SELECTOR', 8], ['GUEST_BASE', 8], ['GUEST_LIMIT', 8], ['GUEST_ACCESS', 8],
  // Host area: saved at entry, loaded at an exit.
  ['HOST_CR0', 1], ['HOST_CR2', 1], ['HOST_CR3', 1], ['HOST_CR4', 1], ['HOST_DR7', 1],
  ['HOST_GDTR_BASE', 1], ['HOST_GDTR_LIMIT', 1], ['HOST_IDTR_BASE', 1], ['HOST_IDTR_LIMIT', 1],
  // A 64-bit float of the processor's own; software leaves it alone.
  ['HOST_TSC_OFFSET', 2],
  // Two words each: LDTR TR.
  ['HOST_SELECTOR', 2], ['HOST_BASE', 2], ['HOST_LIMIT', 2], ['HOST_ACCESS', 2],
] as const;

export type V386FieldName = (typeof LAYOUT)[number][0];

const WORD_BYTES = 4;

function assignOffsets(): Record<V386FieldName, number> {
  const offsets: Partial<Record<V386FieldName, number>> = {};
  let next = 0;
  for (const [name, words] of LAYOUT) {
    offsets[name] = next;
    next += words * WORD_BYTES;
  }
  return offsets as Record<V386FieldName, number>;
}

/** Byte offset of each field. Copied for the same reason as `Word`. */
export const V386Block: Readonly<Record<V386FieldName, number>> = Object.freeze({ ...assignOffsets() });

/** Index of each field among the block's words. */
export const V386BlockWord: Readonly<Record<V386FieldName, number>> = Object.freeze(
  Object.fromEntries(Object.entries(V386Block).map(([name, offset]) => [name, offset / WORD_BYTES])) as Record<V386FieldName, number>,
);

/** Words of the block that the processor uses. */
export const V386_BLOCK_WORDS: number = LAYOUT.reduce((sum, [, words]) => sum + words, 0);

/** The block's format; the capability MSR reports it and entry demands it. */
export const V386_REVISION = 0x386_0002;

/** Model-specific registers of the mode. */
export const V386Msr = { CAPABILITY: 0x386, CONTROL_BLOCK: 0x387 } as const;

/** Bits of CONTROLS; the others must be zero. */
export const V386Control = { TIMER: 1 << 0, INTERRUPT_WINDOW: 1 << 1, IO_BITMAP: 1 << 2, ALL: 7 } as const;

/**
 * Bits of GUEST_SHADOW: what the last instruction holds back (interrupts; debug exceptions too), whether an NMI is being handled, and whether the guest is
 * between two iterations of the repeated string instruction at EIP.
 */
export const V386Shadow = { INTERRUPTS: 1 << 0, DEBUG: 1 << 1, NMI: 1 << 2, REPEATING: 1 << 3 } as const;

/** Bits of ENTRY_EVENT and VECTORING_EVENT; bits 0-7 are the vector. Without EXCEPTION the event is an external interrupt. */
export const V386Event = { VECTOR: 0xff, EXCEPTION: 1 << 8, HAS_ERROR_CODE: 1 << 11, VALID: 1 << 31 } as const;

/** EXIT_QUALIFICATION of an I/O exit: bits 0-2 the width in bytes, 8-10 the segment register of a string operand, 16-31 the port. */
export const V386Io = { IN: 1 << 3, STRING: 1 << 4, REPEATED: 1 << 5, WIDE_ADDRESS: 1 << 6, SEGMENT_SHIFT: 8, PORT_SHIFT: 16 } as const;

/** EXIT_QUALIFICATION of a second-level violation. */
export const V386Access = { WRITE: 1 << 0, FETCH: 1 << 1, USER: 1 << 2, WALK: 1 << 3, PRESENT: 1 << 4 } as const;

/** EXIT_QUALIFICATION of an MSR exit: set for WRMSR. The number of the MSR is in ECX. */
export const V386MsrAccess = { WRITE: 1 << 0 } as const;

/** Why a processor gives up; of a guest in V386 mode, EXIT_QUALIFICATION of its exit. */
export const Shutdown = { TRIPLE_FAULT: 0, ENDLESS_DELIVERY: 1, LIVELOCK: 2 } as const;
/** The same in words. */
export const SHUTDOWN_REASONS = ['triple fault', 'exceptions without end: the delivery of each meets another', 'exceptions without end: no instruction completes between them'] as const;

function numberExits(): Record<V386ExitName, number> {
  const numbers: Partial<Record<V386ExitName, number>> = {};
  V386_EXITS.forEach((name, index) => (numbers[name] = index + 1));
  return numbers as Record<V386ExitName, number>;
}

/** Number of each exit reason: the error code of the exit and EXIT_REASON. Zero is none. */
export const V386ExitNumber: Readonly<Record<V386ExitName, number>> = Object.freeze(numberExits());

/** What a refused entry reports in EXIT_QUALIFICATION: the first check that failed, in this order. */
export const V386Check = { REVISION: 1, CONTROLS: 2, ADDRESSES: 3, CR0: 4, CR4: 5, PRIVILEGE: 6, VIRTUAL_8086: 7, CODE_SEGMENT: 8, ACCESS_WORDS: 9, EVENT: 10 } as const;

/** The layout as C preprocessor lines. */
export function v386BlockHeader(): string {
  const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;
  const group = (prefix: string, values: Readonly<Record<string, number>>): string[] =>
    Object.entries(values).map(([name, value]) => `#define ${prefix}_${name.toUpperCase().replaceAll('-', '_')} ${hex(value)}`);
  return [
    `#define V386_REVISION ${hex(V386_REVISION)}`,
    ...group('V386_BLOCK', V386Block), ...group('V386_MSR', V386Msr), ...group('V386_CONTROL', V386Control), ...group('V386_EVENT', V386Event), ...group('V386_IO', V386Io), ...group('V386_SHADOW', V386Shadow),
    ...group('V386_ACCESS', V386Access), ...group('V386_EXIT', V386ExitNumber), ...group('V386_CHECK', V386Check), '',
  ].join('\n');
}
