/** The edge/level control registers of EISA and PCI boards at 4D0h and 4D1h: which interrupt inputs are level triggered. */
import type { PortBus } from '../bus.js';
import type { PicPair } from './pic.js';

const FIRST_PORT = 0x4d0;
/** The timer, the keyboard, the cascade, the clock and the coprocessor are always edge triggered. */
const SELECTABLE: readonly number[] = [0xf8, 0xde];

export class EdgeLevelControl {
  private readonly levels = new Uint8Array(SELECTABLE.length);

  constructor(private readonly pic: PicPair) {}

  attach(bus: PortBus): void {
    bus.register(FIRST_PORT, SELECTABLE.length, {
      readByte: (port) => this.levels[port - FIRST_PORT],
      writeByte: (port, value) => this.write(port - FIRST_PORT, value),
    });
  }

  /** Every input is edge triggered. */
  reset(): void {
    SELECTABLE.forEach((_, chip) => this.write(chip, 0));
  }

  private write(chip: number, value: number): void {
    this.levels[chip] = value & SELECTABLE[chip];
    (chip === 0 ? this.pic.master : this.pic.slave).setLevelInputs(this.levels[chip]);
  }
}
