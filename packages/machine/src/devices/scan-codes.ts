/**
 * Scan codes of a US keyboard (IBM PS/2 Hardware Interface Technical Reference, "Keyboard": scan code sets 1 and 2). The keyboard itself
 * speaks set 2; set 1 is what the keyboard controller makes of it by its translation table.
 */

/** Set 2: the prefix of a key's release. */
export const RELEASE_PREFIX = 0xf0;
/** Set 1: the bit that marks a release. */
const RELEASED = 0x80;
const SHIFT = 0x12;
const CONTROL = 0x14;

/** Set 2 code of each key and its characters, plain and with Shift. */
const KEYS: readonly (readonly [code: number, characters: string])[] = [
  [0x0e, '`~'], [0x16, '1!'], [0x1e, '2@'], [0x26, '3#'], [0x25, '4$'], [0x2e, '5%'], [0x36, '6^'], [0x3d, '7&'], [0x3e, '8*'], [0x46, '9('],
  [0x45, '0)'], [0x4e, '-_'], [0x55, '=+'], [0x54, '[{'], [0x5b, ']}'], [0x5d, '\\|'], [0x4c, ';:'], [0x52, '\'"'], [0x41, ',<'], [0x49, '.>'], [0x4a, '/?'],
  [0x1c, 'aA'], [0x32, 'bB'], [0x21, 'cC'], [0x23, 'dD'], [0x24, 'eE'], [0x2b, 'fF'], [0x34, 'gG'], [0x33, 'hH'], [0x43, 'iI'], [0x3b, 'jJ'],
  [0x42, 'kK'], [0x4b, 'lL'], [0x3a, 'mM'], [0x31, 'nN'], [0x44, 'oO'], [0x4d, 'pP'], [0x15, 'qQ'], [0x2d, 'rR'], [0x1b, 'sS'], [0x2c, 'tT'],
  [0x3c, 'uU'], [0x2a, 'vV'], [0x1d, 'wW'], [0x22, 'xX'], [0x35, 'yY'], [0x1a, 'zZ'], [0x29, ' '], [0x5a, '\n'], [0x5a, '\r'], [0x0d, '\t'], [0x66, '\b'], [0x76, '\x1b'],
];
/** Ctrl and a letter make the control characters from 1 on, those of them that have no key. */
const CONTROL_LETTERS = 26;
const BEFORE_LOWER_A = 0x60;

function press(code: number): readonly number[] {
  return [code, RELEASE_PREFIX, code];
}

function pressWith(modifier: number, code: number): readonly number[] {
  return [modifier, ...press(code), RELEASE_PREFIX, modifier];
}

function keystrokesByCharacter(): ReadonlyMap<string, readonly number[]> {
  const keystrokes = new Map<string, readonly number[]>();
  for (const [code, [plain, shifted]] of KEYS) {
    keystrokes.set(plain, press(code));
    if (shifted !== undefined) keystrokes.set(shifted, pressWith(SHIFT, code));
  }
  for (let letter = 1; letter <= CONTROL_LETTERS; letter++) {
    const control = String.fromCharCode(letter);
    const key = KEYS.find(([, [plain]]) => plain === String.fromCharCode(BEFORE_LOWER_A + letter));
    if (key !== undefined && !keystrokes.has(control)) keystrokes.set(control, pressWith(CONTROL, key[0]));
  }
  return keystrokes;
}

const KEYSTROKES = keystrokesByCharacter();

/** The set 2 bytes of the keystrokes that type a text, or undefined when a US keyboard has no key for one of its characters. */
export function scanCodesOf(text: string): number[] | undefined {
  const bytes: number[] = [];
  for (const character of text) {
    const keystroke = KEYSTROKES.get(character);
    if (keystroke === undefined) return undefined;
    bytes.push(...keystroke);
  }
  return bytes;
}

/** Set 1 codes for the set 2 codes 00h to 7Fh, the table of the controller's ROM as commonly documented. */
const SET_1_CODES: readonly number[] = [
  0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
  0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
  0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
  0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
  0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
  0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
  0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
  0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
];
/** F7 and System Request lie beyond the table. */
const F7 = 0x83;
const F7_SET_1 = 0x41;
const SYSTEM_REQUEST = 0x84;
const SYSTEM_REQUEST_SET_1 = 0x54;

/** The translator took the byte in and gives nothing for it. */
export const SWALLOWED = -1;

/** Turns a stream of set 2 bytes into set 1. Responses of the keyboard pass through it as well and mostly come out unchanged. */
export class ScanCodeTranslator {
  private releasing = false;

  /** The set 1 byte, or SWALLOWED for the release prefix. */
  feed(byte: number): number {
    if (byte === RELEASE_PREFIX) {
      this.releasing = true;
      return SWALLOWED;
    }
    const released = this.releasing ? RELEASED : 0;
    this.releasing = false;
    if (byte === F7) return F7_SET_1 | released;
    if (byte === SYSTEM_REQUEST) return SYSTEM_REQUEST_SET_1 | released;
    return byte < SET_1_CODES.length ? SET_1_CODES[byte] | released : byte;
  }

  reset(): void {
    this.releasing = false;
  }
}
