/** A static i386 program, assembled by hand, that maps anonymous pages and writes to each once: what UML's measured page fault is. */

const LOAD_ADDRESS = 0x08048000;
const HEADER_BYTES = 84;
const PAGE_BYTES = 4096;

const words = (...values: readonly number[]): number[] => [...new Uint8Array(Int32Array.from(values).buffer)];
/** MOV r32, imm32 for EBX, ECX, EDX, ESI, EDI, EBP, then EAX; INT 80h. */
const call = (number: number, ...parameters: readonly number[]): number[] => [...parameters.flatMap((value, index) => [0xb8 + [3, 1, 2, 6, 7, 5][index], ...words(value)]), 0xb8, ...words(number), 0xcd, 0x80];

export function touchProgram(pages: number): Uint8Array {
  const map = call(192, 0, pages * PAGE_BYTES, 3, 0x22, -1, 0);
  // MOV ECX, pages; then MOV DWORD [EAX], 1; ADD EAX, 4096; DEC ECX; JNZ.
  const write = [0xc7, 0x00, ...words(1), 0x05, ...words(PAGE_BYTES), 0x49];
  const code = [...map, 0xb9, ...words(pages), ...write, 0x75, -(write.length + 2) & 0xff, ...call(252, 0)];
  const elf = [...words(0x464c457f, 0x00010101, 0, 0, 0x00030002, 1, LOAD_ADDRESS + HEADER_BYTES, 52, 0, 0), 52, 0, 32, 0, 1, 0, 0, 0, 0, 0, 0, 0];
  const size = HEADER_BYTES + code.length;
  return Uint8Array.from([...elf, ...words(1, 0, LOAD_ADDRESS, LOAD_ADDRESS, size, size, 5, PAGE_BYTES), ...code]);
}
