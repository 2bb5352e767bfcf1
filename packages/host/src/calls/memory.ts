import { ErrorNumber } from '../abi/errors.js';
import { MapFlag, PAGE_BYTES, pageCeiling } from '../abi/memory.js';
import { AnonymousFile } from '../files/memory-file.js';
import type { Frames } from '../memory/frames.js';
import type { MappedFile } from '../memory/regions.js';
import type { AddressSpace } from '../memory/address-space.js';
import type { Process } from '../process/process.js';
import { loadWords, type Call } from './call.js';

const OLD_MAP_WORDS = 6;

/** A mapping as mmap2 describes it, in a space that need not be the process's. */
export function mapInto(frames: Frames, process: Process, space: AddressSpace, [address, bytes, protection, flags, descriptor, offset]: readonly [number, number, number, number, number, number]): number {
  const file = fileToMap(frames, process, bytes >>> 0, flags, descriptor);
  if (typeof file === 'number') return file;
  return space.map({ address: address >>> 0, bytes: bytes >>> 0, protection, flags, offset, ...(file === undefined ? {} : { file }) });
}

/** What is to be mapped, undefined for zeros of the process's own; or a negative error. */
function fileToMap(frames: Frames, process: Process, bytes: number, flags: number, descriptor: number): MappedFile | number | undefined {
  if ((flags & MapFlag.ANONYMOUS) === 0) {
    const open = process.files.get(descriptor);
    return open === undefined ? -ErrorNumber.BADF : open.file.mapped ?? -ErrorNumber.NODEV;
  }
  if ((flags & MapFlag.TYPE) !== MapFlag.SHARED) return undefined;
  const file = new AnonymousFile(frames);
  file.truncate(pageCeiling(bytes));
  return file;
}

const mmap2: Call = ({ frames }, process, [address, bytes, protection, flags, descriptor, page]) => mapInto(frames, process, process.space, [address, bytes, protection, flags, descriptor, (page >>> 0) * PAGE_BYTES]);
const oldMmap: Call = ({ frames }, process, [at]) => {
  const words = loadWords(process, at, OLD_MAP_WORDS);
  if (words === undefined) return -ErrorNumber.FAULT;
  const [address, bytes, protection, flags, descriptor, offset] = words;
  return mapInto(frames, process, process.space, [address, bytes, protection, flags, descriptor, offset >>> 0]);
};

export const memoryCalls = {
  mmap2,
  'old-mmap': oldMmap,
  munmap: (_services, process, [address, bytes]) => process.space.unmap(address >>> 0, bytes >>> 0),
  mprotect: (_services, process, [address, bytes, protection]) => process.space.protect(address >>> 0, pageCeiling(bytes >>> 0), protection),
  brk: (_services, process, [end]) => process.space.setHeapEnd(end >>> 0) | 0,
  // Advice that need not be taken.
  madvise: () => 0,
} as const satisfies Readonly<Record<string, Call>>;
