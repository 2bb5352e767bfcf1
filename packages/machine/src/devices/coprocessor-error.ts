/**
 * How a PC reports x87 exceptions while CR0.NE is clear (IBM PC/AT Technical Reference, "Coprocessor Error"; SDM vol. 1, 8.7.2): the processor's FERR# is IRQ
 * 13; a write to port F0h ends the request and asserts IGNNE#, so that the handler's own x87 instructions are not stopped by the exception they look at.
 */
import type { PortBus } from '../bus.js';

/** F0h clears the request, F1h resets the coprocessor, which an integrated one ignores. */
const FIRST_PORT = 0xf0;
const PORTS = 2;

export class CoprocessorError {
  private requested = false;
  /** The error that software has taken note of, as `reported` names it, or NO_ERROR. */
  private ignored = NO_ERROR;
  private current = NO_ERROR;

  /** @param onInterrupt called with the level of IRQ 13 when it changes. */
  constructor(private readonly onInterrupt: (level: boolean) => void) {}

  attach(bus: PortBus): void {
    bus.register(FIRST_PORT, PORTS, { writeByte: (port) => port === FIRST_PORT && this.acknowledge() });
  }

  reset(): void {
    this.ignored = NO_ERROR;
    this.current = NO_ERROR;
    this.request(false);
  }

  /**
   * FERR# is seen asserted by a waiting instruction. @param error names the exception (the address of the instruction that raised it). Returns whether IGNNE#
   * is asserted for it; the flip-flop that holds IGNNE# falls with FERR#, which a new exception after an old one implies.
   */
  reported(error: number): boolean {
    if (error === this.ignored) return true;
    this.ignored = NO_ERROR;
    this.current = error;
    this.request(true);
    return false;
  }

  private acknowledge(): void {
    this.ignored = this.current;
    this.current = NO_ERROR;
    this.request(false);
  }

  private request(level: boolean): void {
    if (level === this.requested) return;
    this.requested = level;
    this.onInterrupt(level);
  }
}

/** No address. */
const NO_ERROR = -1;
