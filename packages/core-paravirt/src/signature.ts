import type { GuestImage } from '@ringbench/engine';
import { GUEST_SIGNATURE } from './interface.js';

/** Multiboot Specification 0.6.96, 3.1.1: the header is within the first 8192 bytes, on a 4-byte border. */
const MULTIBOOT_HEADER_MAGIC = 0x1badb002;
const SEARCH_BYTES = 8192;
const HEADER_BYTES = 12;
const SIGNATURE_BYTES = 8;

/** What a guest that was ported to this machine says that it needs (`GuestNeed`), or undefined for any other image. */
export function needsOf(image: GuestImage): number | undefined {
  if (image.format !== 'multiboot') return undefined;
  const { bytes } = image;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = Math.min(bytes.length, SEARCH_BYTES) - HEADER_BYTES - SIGNATURE_BYTES;
  for (let at = 0; at <= end; at += 4) {
    if (view.getUint32(at, true) !== MULTIBOOT_HEADER_MAGIC) continue;
    return view.getUint32(at + HEADER_BYTES, true) === GUEST_SIGNATURE ? view.getUint32(at + HEADER_BYTES + 4, true) : undefined;
  }
  return undefined;
}
