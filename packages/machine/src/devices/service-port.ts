/**
 * The I/O API (docs/virtual-devices.md, section 6): one device through which a guest calls services by handle, whatever stack of layers serves them. A call is
 * answered within the instruction that makes it.
 */
import type { PortBus } from '../bus.js';
import type { BlockStore } from './block-store.js';
import { attachRequestDevice, RequestControl, RequestDeviceStatus, RequestIdentity, RequestPort } from './request-registers.js';
import { BlockServer, CharacterServer, type CharacterServerOptions } from './request-servers.js';
import { RequestChain, RequestOperation, RequestStatus, type DeviceMemory, type Request } from './requests.js';

/** Names of services are ASCII and not longer. */
const LONGEST_NAME = 32;

interface Service {
  readonly name: string;
  /** In sectors or channels. */
  readonly size: number;
  serve(request: Request): number;
}

export class ServicePort {
  /** A service's handle is its place here plus one. */
  private readonly services: Service[] = [];
  private readonly chain: RequestChain;
  private characters: CharacterServer | undefined;
  private refused = false;

  constructor(private readonly memory: DeviceMemory) {
    this.chain = new RequestChain(memory, (request) => this.serve(request));
  }

  addBlocks(name: string, store: BlockStore): void {
    const server = new BlockServer(this.memory, store);
    this.services.push({ name, size: store.sectors, serve: (request) => server.serve(request) });
  }

  /** At most one service has input; its interrupt is the device's. Throws for a second: that is a bug of ours. */
  addCharacters(name: string, options: CharacterServerOptions): void {
    if (this.characters !== undefined) throw new Error('the I/O API has a character service already');
    const server = new CharacterServer(options);
    this.characters = server;
    this.services.push({ name, size: options.outputs.length, serve: (request) => server.serve(request) });
  }

  attach(bus: PortBus): void {
    attachRequestDevice(bus, RequestPort.SERVICES, {
      identity: RequestIdentity.SERVICES,
      size: () => this.services.length,
      status: () => (this.refused ? RequestDeviceStatus.REFUSED : 0),
      kick: (address) => (this.refused = !this.chain.perform(address)),
      control: (value) => this.characters?.listen((value & RequestControl.LISTEN) !== 0),
    });
  }

  /** A byte arrives for the character service; false when the sender must wait, undefined where there is none. */
  offer(byte: number): boolean | undefined { return this.characters?.offer(byte); }

  reset(): void {
    this.refused = false;
    this.characters?.reset();
  }

  private serve(request: Request): number {
    if (request.operation === RequestOperation.OPEN) return this.open(request);
    const service = this.services[request.service - 1];
    if (service === undefined) return RequestStatus.NO_SERVICE;
    if (request.operation !== RequestOperation.SIZE) return service.serve(request);
    request.transferred = service.size;
    return RequestStatus.DONE;
  }

  /** The buffer names a service; the answer is its handle, in TRANSFERRED. */
  private open(request: Request): number {
    if (request.bytes > LONGEST_NAME) return RequestStatus.BAD_BUFFER;
    const name = String.fromCharCode(...this.memory.readPhysical(request.buffer, request.bytes));
    request.transferred = this.services.findIndex((service) => service.name === name) + 1;
    return request.transferred === 0 ? RequestStatus.NO_SERVICE : RequestStatus.DONE;
  }
}
