import { BiosData, type BiosDataArea } from './bios-data.js';
import type { FirmwareHost } from './firmware-host.js';
import type { ServiceCall } from './service-call.js';

/** INT 16h and IRQ 1 (IBM PC/AT Technical Reference, "Keyboard"): scan codes of set 1 become key words (scan code, character) in the data area's ring. */

const DATA_PORT = 0x60;
const RELEASED = 0x80;
const EXTENDED_PREFIX = 0xe0;
/** Bits of the shift flags byte. */
const Shift = { RIGHT: 0x01, LEFT: 0x02, CONTROL: 0x04, ALTERNATE: 0x08, CAPS_LOCK: 0x40 } as const;
/** Keyboard mode byte: an enhanced keyboard; the last byte was the extended prefix. */
const ENHANCED = 0x10;
const PREFIXED = 0x02;
const MODIFIERS: ReadonlyMap<number, number> = new Map([[0x2a, Shift.LEFT], [0x36, Shift.RIGHT], [0x1d, Shift.CONTROL], [0x38, Shift.ALTERNATE]]);
const CAPS_LOCK_KEY = 0x3a;
const CONTROL_MASK = 0x1f;
const ESCAPE = 0x1b;
/** Rows of a US keyboard from their first set 1 code on, plain and with Shift. */
const ROWS: readonly (readonly [first: number, plain: string, shifted: string])[] = [
  [0x01, '\x1b1234567890-=\b\t', '\x1b!@#$%^&*()_+\b\0'], [0x10, 'qwertyuiop[]\r', 'QWERTYUIOP{}\r'], [0x1e, "asdfghjkl;'`", 'ASDFGHJKL:"~'],
  [0x2b, '\\zxcvbnm,./', '|ZXCVBNM<>?'], [0x37, '*', '*'], [0x39, ' ', ' '], [0x47, '\0\0\0-\0\0\0+\0\0\0\0\0', '789-456+1230.'],
];
/** Keys that have a key word without a character: F1 to F10, the block of cursor keys. */
const FIRST_FUNCTION_KEY = 0x3b;
const LAST_FUNCTION_KEY = 0x44;
const FIRST_CURSOR_KEY = 0x47;
const LAST_CURSOR_KEY = 0x53;
/** What an enhanced keyboard's own cursor keys have as their character. */
const EXTENDED_CHARACTER = 0xe0;

function characters(which: 1 | 2): ReadonlyMap<number, number> {
  return new Map(ROWS.flatMap((row) => Array.from(row[which], (character, index): [number, number] => [row[0] + index, character.charCodeAt(0)])));
}
const PLAIN = characters(1);
const SHIFTED = characters(2);

function isLetter(character: number): boolean {
  return character >= 0x61 && character <= 0x7a;
}

export class KeyboardServices {
  constructor(private readonly host: FirmwareHost, private readonly data: BiosDataArea) {}

  initialize(): void {
    const { data } = this;
    for (const pointer of [BiosData.KEY_HEAD, BiosData.KEY_TAIL, BiosData.KEY_BUFFER_START_POINTER]) data.setWord(pointer, BiosData.KEY_BUFFER);
    data.setWord(BiosData.KEY_BUFFER_END_POINTER, BiosData.KEY_BUFFER_END);
    data.setByte(BiosData.KEYBOARD_MODE, ENHANCED);
  }

  /** Returns whether the caller must wait for a key. */
  serve(call: ServiceCall): boolean {
    switch (call.ah) {
      case 0x00: case 0x10: return this.take(call);
      case 0x01: case 0x11: this.peek(call); break;
      case 0x02: call.al = this.data.byte(BiosData.SHIFT_FLAGS); break;
      case 0x05: call.al = this.put(call.cx) ? 0 : 1; break;
      case 0x12: call.ax = this.data.word(BiosData.SHIFT_FLAGS); break;
      default: break;
    }
    return false;
  }

  /** IRQ 1: fetches the byte from the controller. */
  interrupt(): void {
    const { data } = this;
    const byte = this.host.bus.readByte(DATA_PORT);
    const mode = data.byte(BiosData.KEYBOARD_MODE);
    data.setByte(BiosData.KEYBOARD_MODE, byte === EXTENDED_PREFIX ? mode | PREFIXED : mode & ~PREFIXED);
    if (byte === EXTENDED_PREFIX) return;
    const flags = data.byte(BiosData.SHIFT_FLAGS);
    const modifier = MODIFIERS.get(byte & ~RELEASED);
    if (modifier !== undefined) data.setByte(BiosData.SHIFT_FLAGS, (byte & RELEASED) === 0 ? flags | modifier : flags & ~modifier);
    else if (byte === CAPS_LOCK_KEY) data.setByte(BiosData.SHIFT_FLAGS, flags ^ Shift.CAPS_LOCK);
    else if ((byte & RELEASED) === 0) this.press(byte, flags, (mode & PREFIXED) !== 0);
  }

  private press(code: number, flags: number, extended: boolean): void {
    const character = this.characterOf(code, flags, extended);
    if (character !== undefined) this.put((code << 8) | character);
  }

  private characterOf(code: number, flags: number, extended: boolean): number | undefined {
    if (code >= FIRST_FUNCTION_KEY && code <= LAST_FUNCTION_KEY) return 0;
    if (extended && code >= FIRST_CURSOR_KEY && code <= LAST_CURSOR_KEY) return EXTENDED_CHARACTER;
    const plain = PLAIN.get(code);
    if (plain === undefined) return undefined;
    if ((flags & Shift.ALTERNATE) !== 0) return 0;
    if ((flags & Shift.CONTROL) !== 0) return isLetter(plain) || plain === ESCAPE ? plain & CONTROL_MASK : 0;
    const capitals = (flags & Shift.CAPS_LOCK) !== 0 && isLetter(plain);
    const shifted = (flags & (Shift.LEFT | Shift.RIGHT)) !== 0;
    return shifted === capitals ? plain : SHIFTED.get(code);
  }

  /** The ring's offsets are the guest's to change: one that is outside is the first. */
  private pointer(which: number): number {
    const value = this.data.word(which);
    return value >= BiosData.KEY_BUFFER && value < BiosData.KEY_BUFFER_END ? value : BiosData.KEY_BUFFER;
  }
  private next(pointer: number): number {
    return pointer + 2 >= BiosData.KEY_BUFFER_END ? BiosData.KEY_BUFFER : pointer + 2;
  }

  /** False when the ring is full. */
  private put(key: number): boolean {
    const tail = this.pointer(BiosData.KEY_TAIL);
    const next = this.next(tail);
    if (next === this.pointer(BiosData.KEY_HEAD)) return false;
    this.data.setWord(tail, key);
    this.data.setWord(BiosData.KEY_TAIL, next);
    return true;
  }

  private waiting(): number | undefined {
    const head = this.pointer(BiosData.KEY_HEAD);
    return head === this.pointer(BiosData.KEY_TAIL) ? undefined : this.data.word(head);
  }

  private take(call: ServiceCall): boolean {
    const key = this.waiting();
    if (key === undefined) return true;
    call.ax = this.asAsked(call, key);
    this.data.setWord(BiosData.KEY_HEAD, this.next(this.pointer(BiosData.KEY_HEAD)));
    return false;
  }

  private peek(call: ServiceCall): void {
    const key = this.waiting();
    call.zero = key === undefined;
    if (key !== undefined) call.ax = this.asAsked(call, key);
  }

  /** The functions for the older keyboard do not know E0h as a character. */
  private asAsked(call: ServiceCall, key: number): number {
    return call.ah < 0x10 && (key & 0xff) === EXTENDED_CHARACTER ? key & 0xff00 : key;
  }
}
