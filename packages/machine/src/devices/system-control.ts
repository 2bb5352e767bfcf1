/** System control port A, 92h (IBM PS/2 Hardware Interface Technical Reference, "System Control Port A"): fast A20 and fast reset. */
import type { PortBus } from '../bus.js';
import { AddressLine20 } from './address-line-20.js';

const SYSTEM_CONTROL_PORT_A = 0x92;
const FAST_RESET = 0x01;
const A20_ENABLED = 0x02;

export class SystemControl {
  private stored = 0;

  /** @param onReset called when the guest raises the reset bit, which asks for a reset of the processor. */
  constructor(private readonly onReset: () => void, private readonly line20 = new AddressLine20()) {}

  get a20Enabled(): boolean {
    return this.line20.enabled;
  }

  attach(bus: PortBus): void {
    bus.register(SYSTEM_CONTROL_PORT_A, 1, {
      readByte: () => (this.stored & ~A20_ENABLED) | (this.line20.enabled ? A20_ENABLED : 0),
      writeByte: (_port, value) => this.write(value),
    });
  }

  reset(): void {
    this.stored = 0;
    this.line20.enabled = true;
  }

  private write(value: number): void {
    const resets = (value & ~this.stored & FAST_RESET) !== 0;
    this.stored = value;
    this.line20.enabled = (value & A20_ENABLED) !== 0;
    if (resets) this.onReset();
  }
}
