/**
 * Static i386 Linux programs of a few dozen bytes, so that tests of what runs programs need no compiler. Machine code by hand; system calls by INT 80h
 * with the numbers of Linux's i386 table: exit 1, read 3, write 4.
 */
const BASE = 0x08048000;
const HEADER_BYTES = 52;
const PROGRAM_HEADER_BYTES = 32;
const CODE_AT = HEADER_BYTES + PROGRAM_HEADER_BYTES;
const BUFFER_BYTES = 1024;
const READ_WRITE_EXECUTE = 7;

const little = (value: number): readonly number[] => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];
const moveToEax = (value: number): readonly number[] => [0xb8, ...little(value)];
const moveToEbx = (value: number): readonly number[] => [0xbb, ...little(value)];
const moveToEcx = (value: number): readonly number[] => [0xb9, ...little(value)];
const moveToEdx = (value: number): readonly number[] => [0xba, ...little(value)];
const SYSTEM_CALL = [0xcd, 0x80];

/** An ELF file with one segment that may be read, written and executed, and a kilobyte of zeros behind the code. */
export function elfProgram(code: readonly number[], type = 2): Uint8Array {
  const bytes = new Uint8Array(CODE_AT + code.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, type, true);
  view.setUint16(18, 3, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, BASE + CODE_AT, true);
  view.setUint32(28, HEADER_BYTES, true);
  view.setUint16(40, HEADER_BYTES, true);
  view.setUint16(42, PROGRAM_HEADER_BYTES, true);
  view.setUint16(44, 1, true);
  [1, 0, BASE, BASE, bytes.length, bytes.length + BUFFER_BYTES, READ_WRITE_EXECUTE, 0x1000].forEach((field, index) => view.setUint32(HEADER_BYTES + index * 4, field, true));
  bytes.set(code, CODE_AT);
  return bytes;
}

const exit = (status: number): readonly number[] => [...moveToEbx(status), ...moveToEax(1), ...SYSTEM_CALL];
const write = (descriptor: number, address: number, count: number): readonly number[] => [...moveToEax(4), ...moveToEbx(descriptor), ...moveToEcx(address), ...moveToEdx(count), ...SYSTEM_CALL];

/** Writes a text to standard error, then copies standard input to standard output, and exits with a status. */
export function copyProgram(complaint: string, status: number): Uint8Array {
  const text = [...new TextEncoder().encode(complaint)];
  const build = (textAt: number, bufferAt: number): readonly number[] => {
    const complain = write(2, textAt, text.length);
    const read = [...moveToEax(3), 0x31, 0xdb, ...moveToEcx(bufferAt), ...moveToEdx(BUFFER_BYTES), ...SYSTEM_CALL];
    const copy = [0x89, 0xc2, ...moveToEax(4), ...moveToEbx(1), ...SYSTEM_CALL];
    const loopBytes = read.length + 4 + copy.length + 2;
    // TEST EAX,EAX; JLE to the end; …; JMP to the read.
    return [...complain, ...read, 0x85, 0xc0, 0x7e, copy.length + 2, ...copy, 0xeb, 0x100 - loopBytes, ...exit(status)];
  };
  const codeBytes = build(0, 0).length;
  const textAt = BASE + CODE_AT + codeBytes;
  return elfProgram([...build(textAt, textAt + text.length), ...text]);
}

/** Writes the first bytes of its arguments and environment, as they lie on its stack, and exits with their number. */
export function wordsProgram(bytes: number): Uint8Array {
  // MOV ECX,[ESP+4]; … ; MOV EBX,[ESP].
  return elfProgram([0x8b, 0x4c, 0x24, 0x04, ...moveToEax(4), ...moveToEbx(1), ...moveToEdx(bytes), ...SYSTEM_CALL, 0x8b, 0x1c, 0x24, ...moveToEax(1), ...SYSTEM_CALL]);
}

/** Writes `ready` to standard output and runs for ever. */
export function endlessProgram(): Uint8Array {
  const text = [...new TextEncoder().encode('ready\n')];
  const build = (textAt: number): readonly number[] => [...write(1, textAt, text.length), 0xeb, 0xfe];
  return elfProgram([...build(BASE + CODE_AT + build(0).length), ...text]);
}

/** Executes an instruction that does not exist (UD2). */
export const crashingProgram = (): Uint8Array => elfProgram([0x0f, 0x0b]);
