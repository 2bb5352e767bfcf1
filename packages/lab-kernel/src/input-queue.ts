/**
 * What travels to a program's standard input on the serial line. Without a terminal the line is framed: "data link escape" (ISO 1745) in front of what is
 * not data, and in front of itself (workloads/kernel/README.md, "Streams").
 */
const ESCAPE = 0x10;
const END_OF_TRANSMISSION = 0x04;
const END_OF_TEXT = 0x03;

/** A serial line: takes a byte or refuses it until there is space. */
export type SerialLine = (byte: number) => boolean;

/** Input on its way to a guest: data in order, its end behind it, interrupts past it. */
export class InputQueue {
  private readonly chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that have been taken. */
  private taken = 0;
  private waiting = 0;
  private interrupts = 0;
  /** The second byte of a pair whose first has been taken. */
  private half: number | undefined;
  private end: 'open' | 'ended' | 'told' = 'open';

  /** @param isFramed whether the line has no terminal at its other end. A terminal gets the bytes as they are. */
  constructor(private readonly isFramed: boolean) {}

  /** Appends data; it must not be changed any more. */
  push(data: Uint8Array): void {
    if (data.length === 0) return;
    this.chunks.push(data);
    this.waiting += data.length;
  }

  /** There will be no more data. */
  finish(): void {
    if (this.end === 'open') this.end = 'ended';
  }

  /** Asks for SIGINT ahead of all data that the line has not taken yet. */
  interrupt(): void { this.interrupts++; }

  /** Bytes of data that the line has not taken. */
  get size(): number { return this.waiting; }
  get isFinished(): boolean { return this.end !== 'open'; }
  /** Whether there is anything to send. */
  get isPending(): boolean { return this.waiting > 0 || this.interrupts > 0 || this.half !== undefined || this.end === 'ended'; }

  /** Sends as much as the line takes. */
  feed(line: SerialLine): void {
    while (this.step(line));
  }

  /** One byte; false when there is none or it is refused. */
  private step(line: SerialLine): boolean {
    if (this.half !== undefined) {
      if (!line(this.half)) return false;
      this.half = undefined;
      return true;
    }
    if (this.interrupts > 0) return this.stepInterrupt(line);
    if (this.waiting > 0) return this.stepData(line);
    return this.end === 'ended' && this.stepEnd(line);
  }

  private stepInterrupt(line: SerialLine): boolean {
    if (!line(this.isFramed ? ESCAPE : END_OF_TEXT)) return false;
    if (this.isFramed) this.half = END_OF_TEXT;
    this.interrupts--;
    return true;
  }

  private stepData(line: SerialLine): boolean {
    const [chunk] = this.chunks;
    const byte = chunk[this.taken];
    if (!line(byte)) return false;
    if (this.isFramed && byte === ESCAPE) this.half = ESCAPE;
    this.waiting--;
    if (++this.taken === chunk.length) {
      this.chunks.shift();
      this.taken = 0;
    }
    return true;
  }

  /** A terminal's end of file is the character for it, which ends what the program reads at the beginning of a line. */
  private stepEnd(line: SerialLine): boolean {
    if (!line(this.isFramed ? ESCAPE : END_OF_TRANSMISSION)) return false;
    if (this.isFramed) this.half = END_OF_TRANSMISSION;
    this.end = 'told';
    return true;
  }
}
