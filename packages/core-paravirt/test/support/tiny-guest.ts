import type { MultibootImage } from '@ringbench/engine';
import { DIRECT_BASE, GUEST_SIGNATURE, GuestVector, HYPERCALLS, VirtualRegister, type Hypercall } from '../../src/interface.js';

const LOAD_ADDRESS = 0x100000;
const HEADER_AT = 96;
const CODE_AT = 128;
const IMAGE_BYTES = 0x10000;
const MULTIBOOT = [0x1badb002, 0, -0x1badb002];

const words = (...values: readonly number[]): number[] => [...new Uint8Array(Int32Array.from(values.map((value) => value | 0)).buffer)];

/** Linear address of the code's first byte. */
export const CODE_START = DIRECT_BASE + LOAD_ADDRESS + CODE_AT;
/** Where a tiny guest may put data: guest-physical and linear. */
export const DATA_PHYSICAL = 0x180000;
export const DATA = DIRECT_BASE + DATA_PHYSICAL;

/** MOV r32, imm32 for EAX, ECX, EDX, EBX, in the order of the architecture's numbers. */
const load = (register: number, value: number): number[] => [0xb8 + register, ...words(value)];
/** MOV [linear], imm32. */
export const store = (linear: number, value: number): number[] => [0xc7, 0x05, ...words(linear, value)];
export const storeRegister = (register: keyof typeof VirtualRegister, value: number): number[] => store(DIRECT_BASE + VirtualRegister[register], value);
/** MOV [linear], EAX. */
export const storeAnswer = (linear: number): number[] => [0xa3, ...words(linear)];
export const interrupt = (vector: number): number[] => [0xcd, vector];
/** A hypercall by number, whatever number that is. */
export const callNumber = (number: number, [first = 0, second = 0, third = 0]: readonly number[]): number[] =>
  [...load(3, first), ...load(1, second), ...load(2, third), ...load(0, number), ...interrupt(GuestVector.HYPERCALL)];
export const call = (name: Hypercall, ...parameters: readonly number[]): number[] => callNumber(HYPERCALLS.indexOf(name) + 1, parameters);
/** Runs `body` so many times; ESI counts. The body must be short. */
export const repeat = (times: number, body: readonly number[]): number[] => [0xbe, ...words(times), ...body, 0x4e, 0x75, (-(body.length + 3)) & 0xff];
/** MOV ESP, imm32. */
export const setStack = (linear: number): number[] => [0xbc, ...words(linear)];
/** JMP to itself. */
export const FOREVER: readonly number[] = [0xeb, 0xfe];

const JUMP_BYTES = 5;
/** Code whose kernel entry is `handler` and which goes on with what `main` makes; `main` gets the linear address of its own first instruction. */
export function withHandler(handler: readonly number[], main: (at: number) => readonly number[]): number[] {
  const begin = [0xe9, ...words(handler.length), ...handler, ...storeRegister('KERNEL_ENTRY', CODE_START + JUMP_BYTES)];
  return [...begin, ...main(CODE_START + begin.length)];
}

/** An image of these instructions, ported to the machine; `needs` as in `GuestNeed`. */
export function tinyGuest(code: readonly number[], needs = 0): MultibootImage {
  const bytes = new Uint8Array(IMAGE_BYTES);
  const elf = [0x464c457f, 0x00010101, 0, 0, 0x00030002, 1, LOAD_ADDRESS + CODE_AT, 52, 0, 0, 0x00200034, 1, 0];
  bytes.set(words(...elf, 1, 0, LOAD_ADDRESS, LOAD_ADDRESS, IMAGE_BYTES, IMAGE_BYTES, 7, 4096));
  bytes.set(words(...MULTIBOOT, GUEST_SIGNATURE, needs), HEADER_AT);
  bytes.set(code, CODE_AT);
  return { name: 'tiny', format: 'multiboot', bytes };
}
