/** The keyboard at the end of the cable: its commands and what is typed on it (IBM PS/2 Hardware Interface Technical Reference, "Keyboard"). */
import { ScanCodeTranslator, scanCodesOf, SWALLOWED } from './scan-codes.js';

const Command = {
  SET_LEDS: 0xed, ECHO: 0xee, SCAN_CODE_SET: 0xf0, IDENTIFY: 0xf2, SET_TYPEMATIC: 0xf3, ENABLE: 0xf4, DISABLE: 0xf5, DEFAULTS: 0xf6, RESEND: 0xfe, RESET: 0xff,
} as const;
const FIRST_COMMAND = Command.SET_LEDS;
const NO_COMMAND = 0;
const Response = { ACKNOWLEDGE: 0xfa, TEST_PASSED: 0xaa, ECHO: 0xee, RESEND: 0xfe } as const;
/** An MF2 keyboard. */
const IDENTITY: readonly number[] = [0xab, 0x83];
/** The power-on set, and one whose codes the keyboard makes itself. */
const SET_2 = 2;
const SET_1 = 1;
/** Argument of the scan code set command that asks which one is in use. */
const QUERY = 0;

/** How many bytes may wait to be fetched: what a person types in a few minutes, and a bound on what a guest that never looks makes us keep. */
export const MOST_TYPED_BYTES = 4096;

/** Nothing to send. */
export const NO_BYTE = -2;

export class Keyboard {
  /** Answers to the last command, which go before anything typed. A new command drops them, so they stay few. */
  private responses: number[] = [];
  /** Set 2 bytes of what is still to be typed, from `typedSent` on. */
  private typed: number[] = [];
  private typedSent = 0;
  /** The command whose argument comes next. */
  private awaiting: number = NO_COMMAND;
  private scanning = true;
  private set: number = SET_2;
  private leds = 0;
  private lastSent: number = Response.TEST_PASSED;
  private readonly translator = new ScanCodeTranslator();

  /** Scroll, Num and Caps Lock, bits 0 to 2. */
  get lights(): number {
    return this.leds;
  }

  /** Whether everything typed has been sent. */
  get isIdle(): boolean {
    return this.typedSent === this.typed.length;
  }

  /**
   * Types a text behind what is still being typed. While the guest keeps scanning off, the typist waits. False, and nothing is typed, when the text has a
   * character without a key or is more than MOST_TYPED_BYTES leave room for.
   */
  type(text: string): boolean {
    const codes = scanCodesOf(text);
    if (codes === undefined || codes.length + this.typed.length - this.typedSent > MOST_TYPED_BYTES) return false;
    this.typed = this.typed.slice(this.typedSent);
    this.typedSent = 0;
    for (const code of codes) this.typed.push(code);
    return true;
  }

  get hasByte(): boolean {
    return this.responses.length > 0 || (this.scanning && !this.isIdle);
  }

  /** The next byte on the cable, or NO_BYTE. */
  nextByte(): number {
    const response = this.responses.shift();
    const byte = response ?? this.nextTyped();
    if (byte !== NO_BYTE) this.lastSent = byte;
    return byte;
  }

  /** A byte arrives from the controller. */
  receive(value: number): void {
    const { awaiting } = this;
    this.awaiting = NO_COMMAND;
    this.responses.length = 0;
    if (awaiting !== NO_COMMAND && value < FIRST_COMMAND) this.takeArgument(awaiting, value);
    else this.execute(value);
  }

  /** Power-on. What has been typed is forgotten. */
  reset(): void {
    this.responses.length = 0;
    this.typed = [];
    this.typedSent = 0;
    this.setDefaults();
    this.leds = 0;
    this.scanning = true;
    this.lastSent = Response.TEST_PASSED;
  }

  private nextTyped(): number {
    while (this.scanning && !this.isIdle) {
      const code = this.typed[this.typedSent++];
      if (this.set === SET_2) return code;
      const translated = this.translator.feed(code);
      if (translated !== SWALLOWED) return translated;
    }
    return NO_BYTE;
  }

  private setDefaults(): void {
    this.awaiting = NO_COMMAND;
    this.set = SET_2;
    this.translator.reset();
  }

  private execute(command: number): void {
    switch (command) {
      case Command.ECHO:
        this.answer(Response.ECHO);
        return;
      case Command.RESEND:
        this.answer(this.lastSent);
        return;
      case Command.RESET:
        this.setDefaults();
        this.leds = 0;
        this.scanning = true;
        this.answer(Response.ACKNOWLEDGE, Response.TEST_PASSED);
        return;
      case Command.IDENTIFY:
        this.answer(Response.ACKNOWLEDGE, ...IDENTITY);
        return;
      case Command.SET_LEDS:
      case Command.SET_TYPEMATIC:
      case Command.SCAN_CODE_SET:
        this.awaiting = command;
        break;
      case Command.ENABLE:
        this.scanning = true;
        break;
      case Command.DISABLE:
        this.setDefaults();
        this.scanning = false;
        break;
      case Command.DEFAULTS:
        this.setDefaults();
        break;
      default:
        this.answer(Response.RESEND);
        return;
    }
    this.answer(Response.ACKNOWLEDGE);
  }

  /** Nothing repeats here, so that the typematic rate is only acknowledged. Set 3 is not spoken. */
  private takeArgument(command: number, value: number): void {
    if (command === Command.SET_LEDS) this.leds = value;
    if (command !== Command.SCAN_CODE_SET) {
      this.answer(Response.ACKNOWLEDGE);
    } else if (value === QUERY) {
      this.answer(Response.ACKNOWLEDGE, this.set);
    } else if (value === SET_1 || value === SET_2) {
      this.set = value;
      this.answer(Response.ACKNOWLEDGE);
    } else {
      this.answer(Response.RESEND);
    }
  }

  private answer(...bytes: readonly number[]): void {
    this.responses.push(...bytes);
  }
}
