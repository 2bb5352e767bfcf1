import { PortBus } from '../../src/bus.js';
import { RequestRegister } from '../../src/devices/request-registers.js';
import { REQUEST_BYTES, RequestField, RequestStatus, type DeviceMemory } from '../../src/devices/requests.js';
import { GuestTime } from './guest-time.js';

export const MEMORY_BYTES = 0x80000;
/** Where tests put request blocks and buffers. */
export const FIRST = 0x1000;
export const BUFFER = 0x4000;

/** Fields of a request; those that are left out are zero. */
export interface RequestFields {
  readonly next?: number;
  readonly operation?: number;
  readonly status?: number;
  readonly position?: number;
  readonly bytes?: number;
  readonly buffer?: number;
  readonly service?: number;
}

/** Memory, bus and interrupt line of a machine with one of the laboratory's own devices. */
export class RequestHost {
  readonly time = new GuestTime();
  readonly bus = new PortBus();
  readonly bytes = new Uint8Array(MEMORY_BYTES);
  readonly line: boolean[] = [];
  readonly memory: DeviceMemory = {
    bytes: MEMORY_BYTES,
    readPhysical: (address, count) => {
      if (address + count > MEMORY_BYTES) throw new Error('the device reads beyond memory');
      return this.bytes.slice(address, address + count);
    },
    writePhysical: (address, bytes) => this.bytes.set(bytes, address),
  };
  private readonly view = new DataView(this.bytes.buffer);
  readonly onInterrupt = (level: boolean): void => {
    if ((this.line.at(-1) ?? false) !== level) this.line.push(level);
  };

  /** Writes a request block; its address. */
  put(address: number, fields: RequestFields): number {
    const { next = 0, operation = 0, status = RequestStatus.PENDING, position = 0, bytes = 0, buffer = BUFFER, service = 0 } = fields;
    const values = { NEXT: next, OPERATION: operation, STATUS: status, TRANSFERRED: 0x5a5a5a5a, POSITION: position, BYTES: bytes, BUFFER: buffer, SERVICE: service };
    for (const [name, value] of Object.entries(values)) this.view.setUint32(address + RequestField[name as keyof typeof RequestField], value, true);
    return address;
  }
  /** Writes request blocks one behind the other, each leading to the next; the address of the first. */
  chain(...requests: readonly RequestFields[]): number {
    requests.forEach((fields, index) => this.put(FIRST + index * REQUEST_BYTES, { next: index === requests.length - 1 ? 0 : FIRST + (index + 1) * REQUEST_BYTES, ...fields }));
    return FIRST;
  }
  answer(index = 0): { readonly status: number; readonly transferred: number } {
    const at = FIRST + index * REQUEST_BYTES;
    return { status: this.view.getUint32(at + RequestField.STATUS, true), transferred: this.view.getUint32(at + RequestField.TRANSFERRED, true) };
  }
  register(port: number, register: keyof typeof RequestRegister): number { return this.bus.read(port + RequestRegister[register], 4) >>> 0; }
  kick(port: number, address: number): void { this.bus.write(port + RequestRegister.KICK, 4, address); }
  pass(instructions: number): void { this.time.runTo(this.time.now + instructions); }
}
