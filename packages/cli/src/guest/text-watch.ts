import { PANIC_TEXTS, type PanicText } from './panics.js';

/** Longer lines are looked at piece by piece. */
const LONGEST_LINE = 1000;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Finds a text in a stream of bytes. */
export class TextSearch {
  private tail = '';
  private readonly wanted: string;

  /** @param text compared in its UTF-8 form, as terminals send it. */
  constructor(text: string) {
    this.wanted = Buffer.from(text, 'utf8').toString('latin1');
  }
  /** True when this byte completes the text. */
  feed(byte: number): boolean {
    this.tail = (this.tail + String.fromCharCode(byte)).slice(-this.wanted.length);
    return this.tail === this.wanted;
  }
}

/** Watches the lines of a console for a kernel's panic. */
export class PanicWatch {
  private line = '';
  private kind: PanicText | undefined;
  /** The line that tells of the panic. */
  message: string | undefined;
  /** Whether the panic's report is complete. */
  isComplete = false;

  /** True when this byte ends a line that tells of a panic or ends its report. */
  feed(byte: number): boolean {
    if (byte !== NEWLINE && byte !== CARRIAGE_RETURN && this.line.length < LONGEST_LINE) {
      this.line += String.fromCharCode(byte);
      return false;
    }
    const { line } = this;
    this.line = '';
    return this.see(line);
  }

  /** Takes in a whole line; true if it tells of a panic or ends its report. */
  see(line: string): boolean {
    if (this.kind === undefined) {
      this.kind = PANIC_TEXTS.find(({ text }) => line.includes(text));
      if (this.kind === undefined) return false;
      this.message = line.trim();
      return true;
    }
    if (this.isComplete || !line.includes(this.kind.lastLine)) return false;
    this.isComplete = true;
    return true;
  }
}
