/**
 * The format in which guests ask the laboratory's own devices (docs/virtual-devices.md, section 2): chains of request blocks in guest memory. Whatever a guest
 * puts there, the work of one chain is bounded, and every defect is a status or a refusal.
 */

/** Guest-physical memory as a device on the board reaches it. */
export interface DeviceMemory {
  /** Size of RAM in bytes, from address 0 on. Devices reach nothing else. */
  readonly bytes: number;
  readPhysical(address: number, count: number): Uint8Array;
  writePhysical(address: number, bytes: Uint8Array): void;
}

/** Offsets in a request block; every field is a little-endian doubleword. */
export const RequestField = { NEXT: 0x00, OPERATION: 0x04, STATUS: 0x08, TRANSFERRED: 0x0c, POSITION: 0x10, BYTES: 0x14, BUFFER: 0x18, SERVICE: 0x1c } as const;
/** Size of a request block, of which its address is a multiple: so it lies within a page. */
export const REQUEST_BYTES = 32;
/** STATUS and TRANSFERRED, which the device writes. */
const ANSWER_BYTES = 8;

export const RequestOperation = { READ: 1, WRITE: 2, OPEN: 3, SIZE: 4 } as const;
/** What STATUS can hold. PENDING is the driver's, the others are the device's. */
export const RequestStatus = { PENDING: 0, DONE: 1, BAD_OPERATION: 2, BAD_BUFFER: 3, BEYOND_END: 4, MEDIUM_FAILED: 5, NO_SERVICE: 6 } as const;

/** Requests of one chain; a longer one ends here. */
export const MOST_REQUESTS = 64;
/** Bytes that the requests of one chain may move together. */
export const MOST_CHAIN_BYTES = 128 * 1024;

/** One request as the device has fetched it. */
export class Request {
  operation = 0;
  /** Where on the medium: a sector for a disk, a channel for a console. */
  position = 0;
  bytes = 0;
  /** Guest-physical address. */
  buffer = 0;
  service = 0;
  /** Bytes moved; for OPEN the service's handle, for SIZE its size. Set by whoever serves the request. */
  transferred = 0;
}

/** Serves one request, whose buffer is within memory, and returns its `RequestStatus`. */
export type RequestServer = (request: Request) => number;

/** Fetches the blocks of a chain one after the other, has each served, and writes its status. */
export class RequestChain {
  private readonly request = new Request();
  private readonly answer = new DataView(new ArrayBuffer(ANSWER_BYTES));
  private next = 0;

  constructor(private readonly memory: DeviceMemory, private readonly serve: RequestServer) {}

  /**
   * Serves the chain that begins at a guest-physical address. False when it ends in an address where no pending request can be, or is longer than MOST_REQUESTS; what
   * came before is served. A chain that leads back to itself comes to a request that is no longer pending.
   */
  perform(first: number): boolean {
    let address = first >>> 0;
    let allowance = MOST_CHAIN_BYTES;
    for (let count = 0; count < MOST_REQUESTS; count++) {
      if (!this.fetch(address)) return false;
      const isAllowed = this.request.bytes <= allowance && this.request.buffer + this.request.bytes <= this.memory.bytes;
      if (isAllowed) allowance -= this.request.bytes;
      this.finish(address, isAllowed ? this.serve(this.request) : RequestStatus.BAD_BUFFER);
      if (this.next === 0) return true;
      address = this.next;
    }
    return false;
  }

  private fetch(address: number): boolean {
    if (address % REQUEST_BYTES !== 0 || address + REQUEST_BYTES > this.memory.bytes) return false;
    const { buffer, byteOffset } = this.memory.readPhysical(address, REQUEST_BYTES);
    const block = new DataView(buffer, byteOffset, REQUEST_BYTES);
    if (block.getUint32(RequestField.STATUS, true) !== RequestStatus.PENDING) return false;
    const { request } = this;
    this.next = block.getUint32(RequestField.NEXT, true);
    request.operation = block.getUint32(RequestField.OPERATION, true);
    request.position = block.getUint32(RequestField.POSITION, true);
    request.bytes = block.getUint32(RequestField.BYTES, true);
    request.buffer = block.getUint32(RequestField.BUFFER, true);
    request.service = block.getUint32(RequestField.SERVICE, true);
    request.transferred = 0;
    return true;
  }

  private finish(address: number, status: number): void {
    this.answer.setUint32(0, status, true);
    this.answer.setUint32(RequestField.TRANSFERRED - RequestField.STATUS, status === RequestStatus.DONE ? this.request.transferred : 0, true);
    this.memory.writePhysical(address + RequestField.STATUS, new Uint8Array(this.answer.buffer));
  }
}
