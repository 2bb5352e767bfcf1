/** Bytes of console output that are kept. A guest may print for ever; its verdict is its last word. */
const KEPT_BYTES = 1 << 16;

/** How a guest reports its answer: the last such line counts. */
const VERDICT = /END sum=([0-9a-f]{8})\b/gi;

/** The end of what a guest printed. Its callback is on the guest's path, so that it does nothing but store. */
export class GuestConsole {
  readonly #ring: Uint8Array;
  #written = 0;

  /** `kept`: bytes of the end that are kept. */
  constructor(kept = KEPT_BYTES) {
    this.#ring = new Uint8Array(kept);
  }

  readonly write = (byte: number): void => {
    this.#ring[this.#written % this.#ring.length] = byte;
    this.#written += 1;
  };

  /** The kept output, one character a byte. */
  text(): string {
    const kept = this.#ring.length;
    const start = this.#written > kept ? this.#written % kept : 0;
    const end = Math.min(this.#written, kept);
    const ordered = [...this.#ring.subarray(start, end), ...this.#ring.subarray(0, start)];
    return ordered.map((byte) => String.fromCharCode(byte)).join('');
  }

  /** The last line that is not empty, without what a terminal would not print. */
  lastLine(): string {
    return this.text().split(/[\r\n]+/).findLast((line) => line.trim() !== '')?.replace(/[^\x20-\x7e]/g, '?') ?? '';
  }

  /** The checksum that the guest printed last, in small digits. */
  checksum(): string | undefined {
    return [...this.text().matchAll(VERDICT)].at(-1)?.[1]?.toLowerCase();
  }
}
