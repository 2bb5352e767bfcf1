/** The register files of a VGA, and what its BIOS programs for 80 by 25 characters of colour text (mode 3). */

export const TEXT_MODE = {
  miscellaneous: 0x67,
  sequencer: [0x03, 0x00, 0x03, 0x00, 0x02],
  crtc: [
    0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0x00, 0x00, 0x00, 0x00,
    0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff,
  ],
  graphics: [0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff],
  attribute: [
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f,
    0x0c, 0x00, 0x0f, 0x08, 0x00,
  ],
} as const;

/** Registers behind an index port and a data port. A register that does not exist reads 0. */
export class IndexedRegisters {
  /** What the index port holds. */
  index = 0;
  private readonly values: Uint8Array;

  constructor(private readonly initial: readonly number[]) {
    this.values = Uint8Array.from(initial);
  }

  get(register: number): number {
    return register < this.values.length ? this.values[register] : 0;
  }

  set(register: number, value: number): void {
    if (register < this.values.length) this.values[register] = value;
  }

  /** The register that the index names. */
  read(): number {
    return this.get(this.index);
  }

  write(value: number): void {
    this.set(this.index, value);
  }

  reset(): void {
    this.index = 0;
    this.values.set(this.initial);
  }
}

const COLOURS = 256;
const COMPONENTS = 3;
const PALETTE_BYTES = COLOURS * COMPONENTS;
const COMPONENT_BITS = 0x3f;
/** State port: the last index was for writing, or for reading. */
const WRITING = 0;
const READING = 3;
/** The 64 colours of the attribute registers: a strong and a weak bit for each component, red first in the palette but last in the number. */
const ATTRIBUTE_COLOURS = 64;
const STRONG = 0x2a;
const WEAK = 0x15;
const WEAK_SHIFT = 3;

/** The digital-to-analog converter's 256 colours of three six-bit components, which are reached one after the other. */
export class Palette {
  mask = 0xff;
  state: number = WRITING;
  private readonly components = new Uint8Array(PALETTE_BYTES);
  private position = 0;

  constructor() {
    this.reset();
  }

  get writeIndex(): number {
    return Math.floor(this.position / COMPONENTS);
  }

  beginRead(colour: number): void {
    this.position = colour * COMPONENTS;
    this.state = READING;
  }

  beginWrite(colour: number): void {
    this.position = colour * COMPONENTS;
    this.state = WRITING;
  }

  read(): number {
    const value = this.components[this.position];
    this.advance();
    return value;
  }

  write(value: number): void {
    this.components[this.position] = value & COMPONENT_BITS;
    this.advance();
  }

  reset(): void {
    this.mask = 0xff;
    this.state = WRITING;
    this.position = 0;
    this.components.fill(0);
    for (let colour = 0; colour < ATTRIBUTE_COLOURS; colour++) {
      for (let component = 0; component < COMPONENTS; component++) {
        const bit = COMPONENTS - 1 - component;
        const strong = (colour >> bit) & 1;
        const weak = (colour >> (bit + WEAK_SHIFT)) & 1;
        this.components[colour * COMPONENTS + component] = strong * STRONG + weak * WEAK;
      }
    }
  }

  private advance(): void {
    this.position = (this.position + 1) % PALETTE_BYTES;
  }
}
