import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { ConsoleSource } from '@ringbench/engine';

const FIRST_BYTES = 1 << 12;

/** Bytes that a guest has written and the host has not. The guest writes them one by one, so that this does nothing but store. */
class Pile {
  private bytes = new Uint8Array(FIRST_BYTES);
  private length = 0;

  add(byte: number): void {
    if (this.length === this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length * 2);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes[this.length++] = byte;
  }
  take(): Uint8Array {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }
}

const KEPT_TEXT = 1000;

/** The guest's two ways out: port E9h is standard output, the serial line is the terminal or standard error. */
export class HostOutput {
  private readonly piles: Readonly<Record<ConsoleSource, Pile>> = { e9: new Pile(), uart: new Pile() };
  private readonly outlets: Readonly<Record<ConsoleSource, Writable>>;
  private lastText = '';

  constructor(e9: Writable, uart: Writable) {
    this.outlets = { e9, uart };
  }

  /** For EngineOptions. */
  readonly onConsole = (byte: number, source: ConsoleSource): void => this.piles[source].add(byte);

  /** Writes what the guest has written since, and waits for a reader that is slower than the guest. */
  async flush(): Promise<void> {
    await this.flushOne('e9');
    const shown = await this.flushOne('uart');
    if (shown.length > 0) this.lastText = (this.lastText + Buffer.from(shown).toString('latin1')).slice(-KEPT_TEXT);
  }
  private async flushOne(source: ConsoleSource): Promise<Uint8Array> {
    const bytes = this.piles[source].take();
    const outlet = this.outlets[source];
    if (bytes.length > 0 && !outlet.write(bytes) && !outlet.destroyed) await once(outlet, 'drain');
    return bytes;
  }

  /** The last line on the serial line: there the kernel says why it gives up. */
  get lastLine(): string { return this.lastText.trim().split(/[\r\n]+/).at(-1) ?? ''; }
}
