/** Multiboot images built in memory (Multiboot Specification 0.6.96, 3.1): a flat image that its header's addresses describe. */

/** Where an image's first byte goes. */
export const LOAD_ADDRESS = 0x100000;
/** The header comes first, the code behind it. */
export const CODE_ADDRESS = LOAD_ADDRESS + 32;

const HEADER_MAGIC = 0x1badb002;
const FLAG_ADDRESSES = 1 << 16;

/** Fields of a header that a test may want to be wrong. */
export interface HeaderFields {
  readonly headerAddress: number;
  readonly loadAddress: number;
  readonly loadEnd: number;
  readonly bssEnd: number;
  readonly entry: number;
}

/** An image of `code`, which is loaded at CODE_ADDRESS and entered at its first byte. */
export function multibootImage(code: Uint8Array, overrides: Partial<HeaderFields> = {}): Uint8Array {
  const fields: HeaderFields = { headerAddress: LOAD_ADDRESS, loadAddress: LOAD_ADDRESS, loadEnd: 0, bssEnd: 0, entry: CODE_ADDRESS, ...overrides };
  const image = new Uint8Array(CODE_ADDRESS - LOAD_ADDRESS + code.length);
  const view = new DataView(image.buffer);
  const words = [HEADER_MAGIC, FLAG_ADDRESSES, -(HEADER_MAGIC + FLAG_ADDRESSES), fields.headerAddress, fields.loadAddress, fields.loadEnd, fields.bssEnd, fields.entry];
  words.forEach((word, index) => view.setUint32(index * 4, word, true));
  image.set(code, CODE_ADDRESS - LOAD_ADDRESS);
  return image;
}
