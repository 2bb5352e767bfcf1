import { ErrorNumber } from '../abi/errors.js';
import type { MappedFile } from '../memory/regions.js';

/** What a call says that has to wait. */
export const WOULD_BLOCK = 'would-block';
export type FileAnswer = number | typeof WOULD_BLOCK;

/** What is behind a file descriptor. Numbers are counts of bytes, or negative errors. */
export interface HostFile {
  /** For stat: what kind it is. */
  readonly kind: 'regular' | 'characters' | 'pipe';
  /** Bytes, or a negative error, or nothing yet. `position` is undefined for a file that has none. */
  read(position: number, count: number): Uint8Array | number | typeof WOULD_BLOCK;
  write(position: number, bytes: Uint8Array): FileAnswer;
  /** Size in bytes; undefined for what has no position. */
  readonly size: number | undefined;
  /** 0 or a negative error. */
  truncate(size: number): number;
  /** Whether a read, or a write, would not wait. */
  readonly isReadable: boolean;
  readonly isWritable: boolean;
  /** For mmap; absent where there is nothing to map. */
  readonly mapped?: MappedFile;
  /** Called when a read, or a write, that had to wait may not have to any more. */
  readonly listeners: Set<() => void>;
  /** The last descriptor was closed. */
  close(): void;
}

export const OpenFlag = { WRITE_ONLY: 1, READ_WRITE: 2, ACCESS: 3, CREATE: 0x40, TRUNCATE: 0x200, APPEND: 0x400, NONBLOCK: 0x800, ASYNC: 0x2000, CLOEXEC: 0x80000 } as const;

/** An open file, which several descriptors may share (`struct file` of Linux). */
export class OpenFile {
  position = 0;
  users = 1;
  /** Who gets a signal when it can be read (F_SETOWN with O_ASYNC). */
  owner = 0;
  ownerSignal = 0;
  /** What sends it, among the file's listeners. */
  asyncListener: (() => void) | undefined = undefined;

  constructor(readonly file: HostFile, public flags: number) {}

  get isBlocking(): boolean { return (this.flags & OpenFlag.NONBLOCK) === 0; }
  get canRead(): boolean { return (this.flags & OpenFlag.ACCESS) !== OpenFlag.WRITE_ONLY; }
  get canWrite(): boolean { return (this.flags & OpenFlag.ACCESS) !== 0; }

  release(): void {
    if (--this.users > 0) return;
    if (this.asyncListener !== undefined) this.file.listeners.delete(this.asyncListener);
    this.file.close();
  }
}

const MOST_DESCRIPTORS = 1024;

/** A process's descriptors; processes may share one table. */
export class FileTable {
  users = 1;
  private readonly files = new Map<number, OpenFile>();

  get(descriptor: number): OpenFile | undefined { return this.files.get(descriptor); }

  /** The lowest free descriptor from `least` on, or a negative error. */
  add(file: OpenFile, least = 0): number {
    for (let descriptor = least; descriptor < MOST_DESCRIPTORS; descriptor++) {
      if (this.files.has(descriptor)) continue;
      this.files.set(descriptor, file);
      return descriptor;
    }
    return -ErrorNumber.MFILE;
  }

  /** Another descriptor of the same open file. */
  duplicate(descriptor: number, least: number): number {
    const file = this.files.get(descriptor);
    if (file === undefined) return -ErrorNumber.BADF;
    const made = this.add(file, least);
    if (made >= 0) file.users++;
    return made;
  }

  close(descriptor: number): number {
    const file = this.files.get(descriptor);
    if (file === undefined) return -ErrorNumber.BADF;
    this.files.delete(descriptor);
    file.release();
    return 0;
  }

  copy(): FileTable {
    const copy = new FileTable();
    for (const [descriptor, file] of this.files) {
      file.users++;
      copy.files.set(descriptor, file);
    }
    return copy;
  }

  share(): this {
    this.users++;
    return this;
  }
  release(): void {
    if (--this.users > 0) return;
    for (const descriptor of this.files.keys()) this.close(descriptor);
  }
}
