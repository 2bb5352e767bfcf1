/**
 * The registers of a VGA in its 80 by 25 colour text mode (IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem"; the register
 * values of the mode as commonly documented). They keep what is written, as far as probing goes; nothing is drawn. Text memory is ordinary RAM
 * at B8000h, which a host polls with `text`: planes, latches, write modes and graphics are not here.
 */
import type { PortBus } from '../bus.js';
import type { InstructionClock } from '../clock.js';
import { remainder, TickRate } from '../clock.js';
import { CODE_PAGE_437 } from './code-page-437.js';
import { IndexedRegisters, Palette, TEXT_MODE } from './vga-registers.js';

export const TEXT_COLUMNS = 80;
export const TEXT_ROWS = 25;

const Port = {
  ATTRIBUTE: 0x3c0, ATTRIBUTE_READ: 0x3c1, MISC_WRITE: 0x3c2, ENABLE: 0x3c3, SEQUENCER: 0x3c4, SEQUENCER_DATA: 0x3c5, PALETTE_MASK: 0x3c6,
  PALETTE_READ_INDEX: 0x3c7, PALETTE_WRITE_INDEX: 0x3c8, PALETTE_DATA: 0x3c9, FEATURE_READ: 0x3ca, MISC_READ: 0x3cc, GRAPHICS: 0x3ce, GRAPHICS_DATA: 0x3cf,
} as const;
const FIXED_PORTS = Port.GRAPHICS_DATA - Port.ATTRIBUTE + 1;
/** Offsets from 3B0h or 3D0h, whichever the miscellaneous output register selects. */
const Offset = { CRTC: 4, CRTC_DATA: 5, STATUS_FEATURE: 10 } as const;
const CRTC_PORTS = 2;
const COLOUR_BASE = 0x3d0;
const MONOCHROME_BASE = 0x3b0;
const OPEN_BUS = 0xff;

const Misc = { COLOUR: 0x01 } as const;
const Crtc = { START_HIGH: 0x0c, START_LOW: 0x0d, VERTICAL_RETRACE_END: 0x11, OFFSET: 0x13, OVERFLOW: 0x07 } as const;
/** Register 11h: registers 0 to 7 cannot be written, except for one bit of the last. */
const PROTECT = 0x80;
const LINE_COMPARE_BIT_8 = 0x10;
const GRAPHICS_MISCELLANEOUS = 6;
const MEMORY_MAP_SHIFT = 2;
const MEMORY_MAP_MONOCHROME = 2;
const COLOUR_TEXT = 0xb8000;
const MONOCHROME_TEXT = 0xb0000;
const TEXT_BYTES = 0x8000;
/** The attribute controller's index port also switches the palette's source; the index itself is five bits. */
const ATTRIBUTE_INDEX = 0x1f;
const ATTRIBUTE_INDEX_READABLE = 0x3f;
const FEATURE_WRITABLE = 0x0b;

/** A character clock is 9 dots of 28.322 MHz; the frame is 100 by 449 of them and lines. */
const CHARACTER_FREQUENCY = 3_146_889;
const CHARACTERS_PER_LINE = 100;
const LINES = 449;
const LINES_SHOWN = 400;
const RETRACE_FIRST_LINE = 412;
const RETRACE_LINES = 2;
/** Input status 1. */
const NOT_SHOWING = 0x01;
const VERTICAL_RETRACE = 0x08;

export class Vga {
  private readonly rate: TickRate;
  private readonly sequencer = new IndexedRegisters(TEXT_MODE.sequencer);
  private readonly graphics = new IndexedRegisters(TEXT_MODE.graphics);
  private readonly attribute = new IndexedRegisters(TEXT_MODE.attribute);
  private readonly crtc = new IndexedRegisters(TEXT_MODE.crtc);
  private readonly palette = new Palette();
  private miscellaneous: number = TEXT_MODE.miscellaneous;
  private feature = 0;
  private enabled = 1;
  /** The attribute port's flip-flop: the next write is data. */
  private attributeData = false;

  constructor(private readonly clock: InstructionClock, instructionsPerSecond?: number) {
    this.rate = new TickRate(CHARACTER_FREQUENCY, instructionsPerSecond);
  }

  attach(bus: PortBus): void {
    bus.register(Port.ATTRIBUTE, FIXED_PORTS, {
      readByte: (port) => this.read(port),
      writeByte: (port, value) => this.write(port, value),
    });
    for (const base of [MONOCHROME_BASE, COLOUR_BASE]) {
      const handlers = {
        readByte: (port: number) => (this.crtcBase() === base ? this.readCrtcPort(port - base) : OPEN_BUS),
        writeByte: (port: number, value: number) => {
          if (this.crtcBase() === base) this.writeCrtcPort(port - base, value);
        },
      };
      bus.register(base + Offset.CRTC, CRTC_PORTS, handlers);
      bus.register(base + Offset.STATUS_FEATURE, 1, handlers);
    }
  }

  /** As the video BIOS leaves the text mode. */
  reset(): void {
    for (const registers of [this.sequencer, this.graphics, this.attribute, this.crtc]) registers.reset();
    this.palette.reset();
    this.miscellaneous = TEXT_MODE.miscellaneous;
    this.feature = 0;
    this.enabled = 1;
    this.attributeData = false;
  }

  /**
   * What the screen shows: 25 lines of 80 characters, whatever the mode is.
   * @param memory guest physical memory from address `origin` on; where it ends before the text memory does, there are blanks.
   */
  text(memory: Uint8Array, origin = 0): string[] {
    const map = (this.graphics.get(GRAPHICS_MISCELLANEOUS) >> MEMORY_MAP_SHIFT) & 3;
    const base = map === MEMORY_MAP_MONOCHROME ? MONOCHROME_TEXT : COLOUR_TEXT;
    const start = (this.crtc.get(Crtc.START_HIGH) << 8) | this.crtc.get(Crtc.START_LOW);
    // The offset register counts pairs of characters.
    const pitch = this.crtc.get(Crtc.OFFSET) * 2;
    return Array.from({ length: TEXT_ROWS }, (_, row) => {
      let line = '';
      for (let column = 0; column < TEXT_COLUMNS; column++) {
        const offset = ((start + row * pitch + column) * 2) % TEXT_BYTES;
        line += CODE_PAGE_437[memory[base + offset - origin] ?? 0];
      }
      return line;
    });
  }

  private crtcBase(): number {
    return (this.miscellaneous & Misc.COLOUR) === 0 ? MONOCHROME_BASE : COLOUR_BASE;
  }

  private read(port: number): number {
    switch (port) {
      case Port.ATTRIBUTE: return this.attribute.index;
      case Port.ATTRIBUTE_READ: return this.attribute.get(this.attribute.index & ATTRIBUTE_INDEX);
      // Input status 0: no interrupt, and the sense line is low.
      case Port.MISC_WRITE: return 0;
      case Port.ENABLE: return this.enabled;
      case Port.SEQUENCER: return this.sequencer.index;
      case Port.SEQUENCER_DATA: return this.sequencer.read();
      case Port.PALETTE_MASK: return this.palette.mask;
      case Port.PALETTE_READ_INDEX: return this.palette.state;
      case Port.PALETTE_WRITE_INDEX: return this.palette.writeIndex;
      case Port.PALETTE_DATA: return this.palette.read();
      case Port.FEATURE_READ: return this.feature;
      case Port.MISC_READ: return this.miscellaneous;
      case Port.GRAPHICS: return this.graphics.index;
      case Port.GRAPHICS_DATA: return this.graphics.read();
      default: return OPEN_BUS;
    }
  }

  private write(port: number, value: number): void {
    switch (port) {
      case Port.ATTRIBUTE: return this.writeAttribute(value);
      case Port.MISC_WRITE: this.miscellaneous = value; break;
      case Port.ENABLE: this.enabled = value & 1; break;
      case Port.SEQUENCER: this.sequencer.index = value; break;
      case Port.SEQUENCER_DATA: return this.sequencer.write(value);
      case Port.PALETTE_MASK: this.palette.mask = value; break;
      case Port.PALETTE_READ_INDEX: return this.palette.beginRead(value);
      case Port.PALETTE_WRITE_INDEX: return this.palette.beginWrite(value);
      case Port.PALETTE_DATA: return this.palette.write(value);
      case Port.GRAPHICS: this.graphics.index = value; break;
      case Port.GRAPHICS_DATA: return this.graphics.write(value);
      default: break;
    }
  }

  private writeAttribute(value: number): void {
    if (this.attributeData) this.attribute.set(this.attribute.index & ATTRIBUTE_INDEX, value);
    else this.attribute.index = value & ATTRIBUTE_INDEX_READABLE;
    this.attributeData = !this.attributeData;
  }

  private readCrtcPort(offset: number): number {
    if (offset === Offset.CRTC) return this.crtc.index;
    return offset === Offset.CRTC_DATA ? this.crtc.read() : this.readInputStatus();
  }

  private writeCrtcPort(offset: number, value: number): void {
    if (offset === Offset.CRTC) this.crtc.index = value;
    else if (offset === Offset.CRTC_DATA) this.writeCrtc(value);
    else this.feature = value & FEATURE_WRITABLE;
  }

  private writeCrtc(value: number): void {
    const { crtc } = this;
    const isProtected = crtc.index <= Crtc.OVERFLOW && (crtc.get(Crtc.VERTICAL_RETRACE_END) & PROTECT) !== 0;
    if (!isProtected) crtc.write(value);
    else if (crtc.index === Crtc.OVERFLOW) crtc.write((crtc.read() & ~LINE_COMPARE_BIT_8) | (value & LINE_COMPARE_BIT_8));
  }

  /** Input status 1: where the beam is. Reading it makes the attribute port expect an index. */
  private readInputStatus(): number {
    this.attributeData = false;
    const position = remainder(this.rate.ticksAt(this.clock.now()), CHARACTERS_PER_LINE * LINES);
    const line = Math.floor(position / CHARACTERS_PER_LINE);
    const showing = line < LINES_SHOWN && position % CHARACTERS_PER_LINE < TEXT_COLUMNS;
    const retracing = line >= RETRACE_FIRST_LINE && line < RETRACE_FIRST_LINE + RETRACE_LINES;
    return (showing ? 0 : NOT_SHOWING) | (retracing ? VERTICAL_RETRACE : 0);
  }
}
