/**
 * A network card of the laboratory's own semantics (docs/virtual-devices.md, section 8): one port access sends and fetches as many frames as the chain has requests.
 * A chain is answered within the instruction that kicks it; frames take their time on the cable behind it.
 */
import type { PortBus } from '../bus.js';
import type { InstructionClock } from '../clock.js';
import { EchoPeer, Frame } from './ethernet-peer.js';
import { attachRequestDevice, RequestControl, RequestDeviceStatus, RequestIdentity, RequestPort } from './request-registers.js';
import { RequestChain, RequestOperation, RequestStatus, type DeviceMemory, type Request } from './requests.js';

/** Frames that wait for a READ at most; further ones are lost. */
const MOST_WAITING = 64;

export interface RequestNetworkOptions {
  readonly clock: InstructionClock;
  readonly memory: DeviceMemory;
  /** Called with the level of the interrupt line when it may have changed. */
  readonly onInterrupt: (level: boolean) => void;
  readonly instructionsPerSecond?: number;
}

export class RequestNetwork {
  private readonly peer: EchoPeer;
  private readonly chain: RequestChain;
  private readonly waiting: Uint8Array[] = [];
  private listening = false;
  private refused = false;

  constructor(private readonly options: RequestNetworkOptions) {
    this.peer = new EchoPeer(options.clock, (frame) => this.receive(frame), options.instructionsPerSecond);
    this.chain = new RequestChain(options.memory, (request) => this.serve(request));
  }

  attach(bus: PortBus): void {
    attachRequestDevice(bus, RequestPort.NETWORK, {
      identity: RequestIdentity.NETWORK,
      size: () => Frame.MOST_BYTES,
      status: () => (this.refused ? RequestDeviceStatus.REFUSED : 0),
      kick: (address) => this.kick(address),
      control: (value) => this.listen((value & RequestControl.LISTEN) !== 0),
    });
  }

  reset(): void {
    this.peer.reset();
    this.waiting.length = 0;
    this.refused = false;
    this.listen(false);
  }

  private kick(address: number): void {
    this.peer.settle();
    this.refused = !this.chain.perform(address);
    this.update();
  }

  /** The driver listens or not. Saying it again while frames wait interrupts anew. */
  private listen(on: boolean): void {
    this.listening = on;
    this.options.onInterrupt(false);
    this.update();
  }

  private serve(request: Request): number {
    switch (request.operation) {
      case RequestOperation.READ: return this.read(request);
      case RequestOperation.WRITE: return this.write(request);
      default: return RequestStatus.BAD_OPERATION;
    }
  }
  /** One frame, or none when none waits. A buffer that is too short for it leaves it waiting. */
  private read(request: Request): number {
    const [frame] = this.waiting;
    if (frame === undefined) return RequestStatus.DONE;
    if (request.bytes < frame.length) return RequestStatus.BAD_BUFFER;
    this.waiting.shift();
    this.options.memory.writePhysical(request.buffer, frame);
    request.transferred = frame.length;
    return RequestStatus.DONE;
  }
  private write(request: Request): number {
    const { bytes, buffer } = request;
    if (bytes < Frame.HEADER_BYTES || bytes > Frame.MOST_BYTES) return RequestStatus.BAD_BUFFER;
    this.peer.send(this.options.memory.readPhysical(buffer, bytes).slice());
    request.transferred = bytes;
    return RequestStatus.DONE;
  }

  private receive(frame: Uint8Array): void {
    if (this.waiting.length < MOST_WAITING) this.waiting.push(frame);
    this.update();
  }
  private update(): void { this.options.onInterrupt(this.listening && this.waiting.length > 0); }
}
