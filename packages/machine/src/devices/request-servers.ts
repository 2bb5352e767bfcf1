/** What block and character devices do with a request, whichever interface it came through. */
import type { BlockStore } from './block-store.js';
import { SECTOR_BYTES } from './block-store.js';
import { RequestOperation, RequestStatus, type DeviceMemory, type Request } from './requests.js';

/** READ and WRITE of whole sectors. */
export class BlockServer {
  constructor(private readonly memory: DeviceMemory, readonly store: BlockStore) {}

  serve(request: Request): number {
    const { operation, position, bytes, buffer } = request;
    if (operation !== RequestOperation.READ && operation !== RequestOperation.WRITE) return RequestStatus.BAD_OPERATION;
    if (bytes === 0 || bytes % SECTOR_BYTES !== 0) return RequestStatus.BAD_BUFFER;
    const sectors = bytes / SECTOR_BYTES;
    if (position + sectors > this.store.sectors) return RequestStatus.BEYOND_END;
    if (!(operation === RequestOperation.READ ? this.read(position, sectors, buffer) : this.store.write(position, sectors, this.memory.readPhysical(buffer, bytes)))) return RequestStatus.MEDIUM_FAILED;
    request.transferred = bytes;
    return RequestStatus.DONE;
  }

  private read(sector: number, sectors: number, buffer: number): boolean {
    const bytes = new Uint8Array(sectors * SECTOR_BYTES);
    if (!this.store.read(sector, sectors, bytes)) return false;
    this.memory.writePhysical(buffer, bytes);
    return true;
  }
}

/** Bytes that wait for a READ at most; after that the sender has to wait. */
const INPUT_BYTES = 256;

export interface CharacterServerOptions {
  readonly memory: DeviceMemory;
  /** Called with each byte that the guest writes, for each of the device's channels. */
  readonly outputs: readonly ((byte: number) => void)[];
  /** Called with the level of the interrupt line when it may have changed. */
  readonly onInterrupt: (level: boolean) => void;
}

/** WRITE to one of several channels, at once, and READ of what has come in, which interrupts while the driver listens. */
export class CharacterServer {
  private readonly input: number[] = [];
  private listening = false;

  constructor(private readonly options: CharacterServerOptions) {}

  /** The driver listens or not. Saying it again while input waits interrupts anew. */
  listen(on: boolean): void {
    this.listening = on;
    this.options.onInterrupt(false);
    this.update();
  }

  /** A byte arrives; false when the sender must wait. */
  offer(byte: number): boolean {
    if (this.input.length === INPUT_BYTES) return false;
    this.input.push(byte);
    this.update();
    return true;
  }

  serve(request: Request): number {
    switch (request.operation) {
      case RequestOperation.READ: return this.read(request);
      case RequestOperation.WRITE: return this.write(request);
      default: return RequestStatus.BAD_OPERATION;
    }
  }

  reset(): void {
    this.input.length = 0;
    this.listen(false);
  }

  private read(request: Request): number {
    const { memory } = this.options;
    const bytes = Uint8Array.from(this.input.splice(0, request.bytes));
    memory.writePhysical(request.buffer, bytes);
    request.transferred = bytes.length;
    this.update();
    return RequestStatus.DONE;
  }

  private write(request: Request): number {
    const { outputs, memory } = this.options;
    const output = outputs[request.position];
    if (output === undefined) return RequestStatus.BEYOND_END;
    for (const byte of memory.readPhysical(request.buffer, request.bytes)) output(byte);
    request.transferred = request.bytes;
    return RequestStatus.DONE;
  }

  private update(): void {
    this.options.onInterrupt(this.listening && this.input.length > 0);
  }
}
