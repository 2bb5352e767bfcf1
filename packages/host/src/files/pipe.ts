import { ErrorNumber } from '../abi/errors.js';
import { WOULD_BLOCK, type FileAnswer, type HostFile } from './open-file.js';

/** What a pipe of Linux holds. */
export const PIPE_BYTES = 65536;
const NO_BYTES = new Uint8Array(0);

const tell = (listeners: ReadonlySet<() => void>): void => { for (const listener of listeners) listener(); };
/** A text of so many bytes is written whole or not at all (PIPE_BUF). */
const WHOLE_BYTES = 4096;

/** What the two ends of a pipe have in common. */
class PipeBuffer {
  readonly bytes: number[] = [];
  readonly readers = new Set<() => void>();
  readonly writers = new Set<() => void>();
  hasReader = true;
  hasWriter = true;
}

class ReadEnd implements HostFile {
  readonly kind = 'pipe';
  readonly size = undefined;
  readonly isWritable = false;
  readonly listeners: Set<() => void>;
  constructor(private readonly buffer: PipeBuffer) { this.listeners = buffer.readers; }

  get isReadable(): boolean { return this.buffer.bytes.length > 0 || !this.buffer.hasWriter; }
  read(_position: number, count: number): Uint8Array | typeof WOULD_BLOCK {
    if (count === 0) return NO_BYTES;
    if (this.buffer.bytes.length === 0) return this.buffer.hasWriter ? WOULD_BLOCK : NO_BYTES;
    const bytes = Uint8Array.from(this.buffer.bytes.splice(0, count));
    tell(this.buffer.writers);
    return bytes;
  }
  write(): number { return -ErrorNumber.BADF; }
  truncate(): number { return -ErrorNumber.INVAL; }
  close(): void {
    this.buffer.hasReader = false;
    tell(this.buffer.writers);
  }
}

class WriteEnd implements HostFile {
  readonly kind = 'pipe';
  readonly size = undefined;
  readonly isReadable = false;
  readonly listeners: Set<() => void>;
  constructor(private readonly buffer: PipeBuffer) { this.listeners = buffer.writers; }

  get isWritable(): boolean { return this.buffer.bytes.length < PIPE_BYTES || !this.buffer.hasReader; }
  read(): number { return -ErrorNumber.BADF; }
  write(_position: number, bytes: Uint8Array): FileAnswer {
    if (!this.buffer.hasReader) return -ErrorNumber.PIPE;
    const room = PIPE_BYTES - this.buffer.bytes.length;
    if (room === 0 || (bytes.length > room && bytes.length <= WHOLE_BYTES)) return WOULD_BLOCK;
    const part = bytes.subarray(0, room);
    for (const byte of part) this.buffer.bytes.push(byte);
    tell(this.buffer.readers);
    return part.length;
  }
  truncate(): number { return -ErrorNumber.INVAL; }
  close(): void {
    this.buffer.hasWriter = false;
    tell(this.buffer.readers);
  }
}

/** Both ends of a new pipe. */
export function makePipe(): { readonly reader: HostFile; readonly writer: HostFile } {
  const buffer = new PipeBuffer();
  return { reader: new ReadEnd(buffer), writer: new WriteEnd(buffer) };
}
