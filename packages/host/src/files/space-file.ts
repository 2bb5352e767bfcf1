import { ErrorNumber } from '../abi/errors.js';
import type { AddressSpace } from '../memory/address-space.js';
import type { HostFile } from './open-file.js';

/** Words of `struct proc_mm_op` and its operations (docs/user-mode.md, section 5). */
const OPERATION_WORDS = 8;
const Operation = { MAP: 54, UNMAP: 55, PROTECT: 56 } as const;

/** Maps into a space as mmap would, with the descriptors of the process that asks. */
export type MapInto = (space: AddressSpace, parameters: readonly [number, number, number, number, number, number]) => number;

/** What /proc/mm gives on a host that was changed for SKAS3: an address space without a process. */
export class SpaceFile implements HostFile {
  readonly kind = 'regular';
  readonly size = undefined;
  readonly isReadable = false;
  readonly isWritable = true;
  readonly listeners = new Set<() => void>();

  constructor(readonly space: AddressSpace, private readonly mapInto: MapInto) {}

  read(): number { return -ErrorNumber.INVAL; }

  /** One operation on the space. */
  write(_position: number, bytes: Uint8Array): number {
    if (bytes.length !== OPERATION_WORDS * 4) return -ErrorNumber.INVAL;
    const [operation, address, length, protection, flags, descriptor, offset] = new Int32Array(bytes.slice().buffer);
    const answer = this.apply(operation, [address, length, protection, flags, descriptor, offset]);
    return answer < 0 ? answer : bytes.length;
  }
  private apply(operation: number, parameters: readonly [number, number, number, number, number, number]): number {
    const [address, length, protection] = parameters;
    switch (operation) {
      // Addresses are positive, errors are not: what is above 2 GB must not look like one.
      case Operation.MAP: return Math.min(this.mapInto(this.space, parameters), 0);
      case Operation.UNMAP: return this.space.unmap(address >>> 0, length >>> 0);
      case Operation.PROTECT: return this.space.protect(address >>> 0, length >>> 0, protection);
      default: return -ErrorNumber.INVAL;
    }
  }

  truncate(): number { return -ErrorNumber.INVAL; }
  close(): void { this.space.release(); }
}
