import type { BiosDataArea } from './bios-data.js';
import { BiosData } from './bios-data.js';
import type { FirmwareHost } from './firmware-host.js';
import { ServiceCall } from './service-call.js';

/**
 * INT 10h in the 80 by 25 text mode, the only one there is: graphics modes are accepted and change nothing (IBM PC/AT Technical Reference, "Video I/O"; IBM
 * PS/2 and PC BIOS Interface Technical Reference, "Interrupt 10h"). VBE is not there.
 */

const COLUMNS = 80;
const ROWS = 25;
const PAGES = 8;
const CELL_BYTES = 2;
const ROW_BYTES = COLUMNS * CELL_BYTES;
const PAGE_BYTES = 0x1000;
const TEXT_ADDRESS = 0xb8000;
const BLANK = 0x20;
const LIGHT_GREY = 0x07;
const COLOUR_TEXT_MODE = 3;
const MONOCHROME_TEXT_MODE = 7;
const KEEP_MEMORY = 0x80;
const LINE_CURSOR = 0x0d0e;
const CHARACTER_HEIGHT = 16;
const CRTC_PORT = 0x3d4;
const Crtc = { CURSOR_START: 0x0a, START: 0x0c, CURSOR: 0x0e } as const;
const Control = { BELL: 7, BACKSPACE: 8, LINE_FEED: 10, RETURN: 13 } as const;
const VGA_COLOUR = 0x08;
/** INT 10h AH=12h BL=10h: 256 KB, colour, switches of an enhanced display. */
const EGA_INFORMATION = 0x10;
const EGA_256K = 3;
const EGA_SWITCHES = 9;
/** Mode byte 87h to 89h of the data area: 256 KB, mode kept; the switches; a VGA with 400 lines. */
const VIDEO_CONTROL = 0x60;
const VIDEO_SWITCHES = 0xf9;
const VIDEO_FLAGS = 0x11;

export class VideoServices {
  private readonly services: Readonly<Record<number, (call: ServiceCall) => void>> = {
    0x00: (call) => this.setMode(call.al),
    0x01: (call) => this.setShape(call.cx),
    0x02: (call) => this.setCursor(call.bh, call.dx),
    0x03: (call) => this.getCursor(call),
    0x05: (call) => this.selectPage(call.al),
    0x06: (call) => this.scrollWindow(call, 1),
    0x07: (call) => this.scrollWindow(call, -1),
    0x08: (call) => (call.ax = this.host.readPhysical(this.cellAt(call.bh, this.cursor(call.bh)), 2).reduce((low, high) => low | (high << 8))),
    0x09: (call) => this.repeat(call, true),
    0x0a: (call) => this.repeat(call, false),
    0x0e: (call) => this.teletype(this.activePage, call.al),
    0x0f: (call) => this.getMode(call),
    0x11: (call) => this.getFont(call),
    0x12: (call) => this.getAdapter(call),
    0x13: (call) => this.writeString(call),
    0x1a: (call) => this.getDisplay(call),
  };

  constructor(private readonly host: FirmwareHost, private readonly data: BiosDataArea) {}

  /** The data area and the screen as the video BIOS leaves them. */
  initialize(): void {
    const { data } = this;
    data.setWord(BiosData.COLUMNS, COLUMNS);
    data.setWord(BiosData.CRTC_PORT, CRTC_PORT);
    data.setByte(BiosData.LAST_ROW, ROWS - 1);
    data.setWord(BiosData.CHARACTER_HEIGHT, CHARACTER_HEIGHT);
    data.setByte(BiosData.VIDEO_CONTROL, VIDEO_CONTROL);
    data.setByte(BiosData.VIDEO_SWITCHES, VIDEO_SWITCHES);
    data.setByte(BiosData.VIDEO_FLAGS, VIDEO_FLAGS);
    this.setMode(COLOUR_TEXT_MODE);
  }

  /** A function that is not there changes nothing. */
  serve(call: ServiceCall): void {
    this.services[call.ah]?.(call);
  }

  /** Writes a text at the cursor, for messages of the BIOS itself. */
  print(text: string): void {
    for (const character of text) this.teletype(this.activePage, character.charCodeAt(0));
  }

  private get activePage(): number {
    return this.data.byte(BiosData.ACTIVE_PAGE) % PAGES;
  }
  /** Row in the high byte, column in the low one. */
  private cursor(page: number): number {
    return this.data.word(BiosData.CURSORS + 2 * (page % PAGES));
  }
  private cellAt(page: number, position: number): number {
    return TEXT_ADDRESS + (page % PAGES) * PAGE_BYTES + Math.min(position >> 8, ROWS - 1) * ROW_BYTES + Math.min(position & 0xff, COLUMNS - 1) * CELL_BYTES;
  }

  private setMode(argument: number): void {
    const mode = argument & ~KEEP_MEMORY;
    if (mode > COLOUR_TEXT_MODE && mode !== MONOCHROME_TEXT_MODE) return;
    const { data } = this;
    data.setByte(BiosData.VIDEO_MODE, mode === MONOCHROME_TEXT_MODE ? COLOUR_TEXT_MODE : mode);
    data.setWord(BiosData.PAGE_BYTES, PAGE_BYTES);
    if ((argument & KEEP_MEMORY) === 0) this.fill(TEXT_ADDRESS, PAGES * PAGE_BYTES / CELL_BYTES, BLANK | (LIGHT_GREY << 8));
    for (let page = 0; page < PAGES; page++) data.setWord(BiosData.CURSORS + 2 * page, 0);
    this.setShape(LINE_CURSOR);
    this.selectPage(0);
  }

  private setShape(shape: number): void {
    this.data.setWord(BiosData.CURSOR_SHAPE, shape);
    this.setCrtc(Crtc.CURSOR_START, shape);
  }

  private setCursor(page: number, position: number): void {
    this.data.setWord(BiosData.CURSORS + 2 * (page % PAGES), position);
    if (page % PAGES === this.activePage) this.setCrtc(Crtc.CURSOR, (this.cellAt(page, position) - TEXT_ADDRESS) / CELL_BYTES);
  }

  private getCursor(call: ServiceCall): void {
    call.ax = 0;
    call.dx = this.cursor(call.bh);
    call.cx = this.data.word(BiosData.CURSOR_SHAPE);
  }

  private selectPage(page: number): void {
    if (page >= PAGES) return;
    this.data.setByte(BiosData.ACTIVE_PAGE, page);
    this.data.setWord(BiosData.PAGE_START, page * PAGE_BYTES);
    this.setCrtc(Crtc.START, page * PAGE_BYTES / CELL_BYTES);
    this.setCursor(page, this.cursor(page));
  }

  /** A pair of CRTC registers, high byte first. */
  private setCrtc(register: number, value: number): void {
    const { bus } = this.host;
    for (const [index, byte] of [[register, value >> 8], [register + 1, value & 0xff]]) {
      bus.writeByte(CRTC_PORT, index);
      bus.writeByte(CRTC_PORT + 1, byte);
    }
  }

  private fill(address: number, cells: number, cell: number): void {
    const bytes = new Uint8Array(cells * CELL_BYTES);
    for (let i = 0; i < bytes.length; i += CELL_BYTES) {
      bytes[i] = cell;
      bytes[i + 1] = cell >> 8;
    }
    this.host.writePhysical(address, bytes);
  }

  /** Direction 1 moves lines up. AL lines, 0 for all; CX and DX are the window's corners; BH fills. */
  private scrollWindow(call: ServiceCall, direction: 1 | -1): void {
    const bottom = Math.min(call.dh, ROWS - 1);
    const right = Math.min(call.dl, COLUMNS - 1);
    this.scroll({ top: call.ch, left: call.cl, bottom, right }, direction * (call.al === 0 ? ROWS : call.al), call.bh, this.activePage);
  }

  private scroll(window: { top: number; left: number; bottom: number; right: number }, lines: number, attribute: number, page: number): void {
    const { top, left, bottom, right } = window;
    if (top > bottom || left > right) return;
    const cells = right - left + 1;
    const rows = Array.from({ length: bottom - top + 1 }, (_, row) => this.host.readPhysical(this.cellAt(page, ((top + row) << 8) | left), cells * CELL_BYTES));
    rows.forEach((_, row) => {
      const at = this.cellAt(page, ((top + row) << 8) | left);
      const from: Uint8Array | undefined = rows[row + lines];
      if (from === undefined) this.fill(at, cells, BLANK | (attribute << 8));
      else this.host.writePhysical(at, from);
    });
  }

  /** CX times at the cursor, which stays; not beyond the page. */
  private repeat(call: ServiceCall, withAttribute: boolean): void {
    const at = this.cellAt(call.bh, this.cursor(call.bh));
    const room = (PAGE_BYTES - ((at - TEXT_ADDRESS) % PAGE_BYTES)) / CELL_BYTES;
    const cells = Math.min(call.cx, room);
    const bytes = this.host.readPhysical(at, cells * CELL_BYTES);
    for (let i = 0; i < bytes.length; i += CELL_BYTES) {
      bytes[i] = call.al;
      if (withAttribute) bytes[i + 1] = call.bl;
    }
    this.host.writePhysical(at, bytes);
  }

  private teletype(page: number, character: number, attribute?: number): void {
    const position = this.cursor(page);
    let row = Math.min(position >> 8, ROWS - 1);
    let column = Math.min(position & 0xff, COLUMNS - 1);
    if (character === Control.RETURN) column = 0;
    else if (character === Control.LINE_FEED) row++;
    else if (character === Control.BACKSPACE) column = Math.max(0, column - 1);
    else if (character !== Control.BELL) {
      const cell = attribute === undefined ? [character] : [character, attribute];
      this.host.writePhysical(this.cellAt(page, (row << 8) | column), Uint8Array.from(cell));
      column++;
    }
    if (column === COLUMNS) {
      column = 0;
      row++;
    }
    if (row === ROWS) {
      row--;
      const below = this.host.readPhysical(this.cellAt(page, row << 8) + 1, 1)[0];
      this.scroll({ top: 0, left: 0, bottom: ROWS - 1, right: COLUMNS - 1 }, 1, below, page);
    }
    this.setCursor(page, (row << 8) | column);
  }

  private getMode(call: ServiceCall): void {
    call.al = this.data.byte(BiosData.VIDEO_MODE);
    call.ah = COLUMNS;
    call.bh = this.activePage;
  }

  /** AL=30h asks for the font's size; the pointer to it, in ES:BP, stays what it was, for there is no font in this machine. */
  private getFont(call: ServiceCall): void {
    if (call.al !== 0x30) return;
    call.cx = CHARACTER_HEIGHT;
    call.dl = ROWS - 1;
  }

  private getAdapter(call: ServiceCall): void {
    if (call.bl !== EGA_INFORMATION) return;
    call.bx = EGA_256K;
    call.cx = EGA_SWITCHES;
  }

  private getDisplay(call: ServiceCall): void {
    if (call.al !== 0) return;
    call.al = call.ah;
    call.bx = VGA_COLOUR;
  }

  /** ES:BP, CX characters, from DX on page BH. AL bit 0: the cursor moves; bit 1: attributes are among the characters. */
  private writeString(call: ServiceCall): void {
    const before = this.cursor(call.bh);
    const withAttributes = (call.al & 2) !== 0;
    const step = withAttributes ? 2 : 1;
    this.setCursor(call.bh, call.dx);
    for (let i = 0; i < call.cx; i++) {
      const [character] = this.host.readPhysical(ServiceCall.address(call.es, call.bp + i * step), 1);
      const [attribute] = withAttributes ? this.host.readPhysical(ServiceCall.address(call.es, call.bp + i * step + 1), 1) : [call.bl];
      this.teletype(call.bh % PAGES, character, attribute);
    }
    if ((call.al & 1) === 0) this.setCursor(call.bh, before);
  }
}
