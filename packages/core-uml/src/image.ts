/** Multiboot Specification 0.6.96, 3.1.1: the header is within the first 8192 bytes, on a 4-byte border. A kernel for a machine has one. */
const MULTIBOOT_HEADER_MAGIC = 0x1badb002;
const SEARCH_BYTES = 8192;
const ELF_MAGIC = 0x464c457f;
const WORD_BYTES = 4;

/** Whether an image is a program for a host's kernel, not one that starts on a machine of its own. */
export function isHostProgram(bytes: Uint8Array): boolean {
  if (bytes.length < WORD_BYTES) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== ELF_MAGIC) return false;
  const end = Math.min(bytes.length, SEARCH_BYTES) - WORD_BYTES;
  for (let at = 0; at <= end; at += WORD_BYTES) if (view.getUint32(at, true) === MULTIBOOT_HEADER_MAGIC) return false;
  return true;
}
