/**
 * System control port A, 92h (IBM PS/2 Hardware Interface Technical Reference, "System Control Port A"): fast A20 and fast reset. The
 * machine's address line 20 is always enabled, as a boot loader leaves it; the A20 bit is stored for those who switch it on and read it back.
 */
import type { PortBus } from '../bus.js';

const SYSTEM_CONTROL_PORT_A = 0x92;
const FAST_RESET = 0x01;
const A20_ENABLED = 0x02;

export class SystemControl {
  private stored: number = A20_ENABLED;

  /** @param onReset called when the guest raises the reset bit, which asks for a reset of the processor. */
  constructor(private readonly onReset: () => void) {}

  /** What the guest asked of address line 20. */
  get a20Enabled(): boolean {
    return (this.stored & A20_ENABLED) !== 0;
  }

  attach(bus: PortBus): void {
    bus.register(SYSTEM_CONTROL_PORT_A, 1, {
      readByte: () => this.stored,
      writeByte: (_port, value) => this.write(value),
    });
  }

  reset(): void {
    this.stored = A20_ENABLED;
  }

  private write(value: number): void {
    const resets = (value & ~this.stored & FAST_RESET) !== 0;
    this.stored = value;
    if (resets) this.onReset();
  }
}
