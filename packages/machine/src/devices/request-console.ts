/**
 * A console of the laboratory's own semantics (docs/virtual-devices.md, section 5): one port access writes a whole text. A chain is answered within the
 * instruction that kicks it.
 */
import type { PortBus } from '../bus.js';
import { attachRequestDevice, RequestControl, RequestDeviceStatus, RequestIdentity, RequestPort } from './request-registers.js';
import { CharacterServer, type CharacterServerOptions } from './request-servers.js';
import { RequestChain } from './requests.js';

export class RequestConsole {
  private readonly server: CharacterServer;
  private readonly chain: RequestChain;
  private refused = false;

  constructor(private readonly options: CharacterServerOptions) {
    this.server = new CharacterServer(options);
    this.chain = new RequestChain(options.memory, (request) => this.server.serve(request));
  }

  attach(bus: PortBus): void {
    attachRequestDevice(bus, RequestPort.CONSOLE, {
      identity: RequestIdentity.CONSOLE,
      size: () => this.options.outputs.length,
      status: () => (this.refused ? RequestDeviceStatus.REFUSED : 0),
      kick: (address) => (this.refused = !this.chain.perform(address)),
      control: (value) => this.server.listen((value & RequestControl.LISTEN) !== 0),
    });
  }

  /** A byte arrives; false when the sender must wait. */
  offer(byte: number): boolean { return this.server.offer(byte); }

  reset(): void {
    this.refused = false;
    this.server.reset();
  }
}
