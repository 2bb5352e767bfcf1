/** Small i386 programs, assembled by hand (SDM vol. 2). */

const LOAD_ADDRESS = 0x08048000;
const HEADER_BYTES = 84;
const MEMORY_BYTES = 0x10000;

export const words = (...values: readonly number[]): number[] => [...new Uint8Array(Int32Array.from(values.map((value) => value | 0)).buffer)];

/** Where a tiny program may write. */
export const DATA = LOAD_ADDRESS + 0x8000;
/** Linear address of the first instruction. */
export const CODE = LOAD_ADDRESS + HEADER_BYTES;

/** MOV r32, imm32 for the registers of a call: EBX, ECX, EDX, ESI, EDI, EBP; then EAX. */
const PARAMETERS = [3, 1, 2, 6, 7, 5] as const;
const load = (register: number, value: number): number[] => [0xb8 + register, ...words(value)];
export const call = (number: number, ...parameters: readonly number[]): number[] => [...parameters.flatMap((value, index) => load(PARAMETERS[index], value)), ...load(0, number), 0xcd, 0x80];
/** MOV [address], imm32. */
export const store = (address: number, value: number): number[] => [0xc7, 0x05, ...words(address, value)];
/** JMP to itself. */
export const FOREVER: readonly number[] = [0xeb, 0xfe];
export const exit = (status: number): number[] => call(252, status);
/** For EAX = 0 (a child) does `inner`, which must not go on behind its end. */
export const ifZero = (inner: readonly number[]): number[] => [0x85, 0xc0, 0x0f, 0x85, ...words(inner.length), ...inner];

/** A static program of this code, in one segment that can be read, written and executed. */
export function tinyProgram(code: readonly number[]): Uint8Array {
  const identity = words(0x464c457f, 0x00010101, 0, 0);
  const kind = words(0x00030002, 1, CODE, 52, 0, 0);
  // Header's size, size and number of program headers, and of section headers, of which there are none: half-words.
  const sizes = [52, 0, 32, 0, 1, 0, 0, 0, 0, 0, 0, 0];
  const segment = words(1, 0, LOAD_ADDRESS, LOAD_ADDRESS, HEADER_BYTES + code.length, MEMORY_BYTES, 7, 4096);
  return Uint8Array.from([...identity, ...kind, ...sizes, ...segment, ...code]);
}
