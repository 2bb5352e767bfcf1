import type { ConsoleSource, Engine } from '@ringbench/engine';
import { ScreenLog } from './screen-log.js';
import { ScreenPainter } from './screen-painter.js';
import { PanicWatch, TextSearch } from './text-watch.js';
import { SLICE } from './replay.js';

/** The consoles that `--console` can choose: serial line, port E9h, text screen. */
export const CONSOLE_NAMES = ['uart', 'e9', 'vga'] as const;
export type ConsoleName = (typeof CONSOLE_NAMES)[number];

/** Instructions between two looks at a text screen. A guest takes that long for a few lines; a look costs one part in thirty of it. */
const LOOK_INTERVAL = 200_000;

/** Where the console's output goes. */
export interface ConsoleOutlet {
  write(data: Uint8Array | string): unknown;
  readonly isTTY?: boolean;
  readonly rows?: number;
  readonly columns?: number;
}

/** A guest's consoles: shows the chosen one and looks out on it for the text of `--until`, and on all of them for a kernel's panic. */
export class GuestConsole {
  /** The text of `--until` was seen. */
  found = false;
  private engine: Engine | undefined;
  private readonly until: TextSearch | undefined;
  private readonly panics: Readonly<Record<ConsoleSource, PanicWatch>> = { uart: new PanicWatch(), e9: new PanicWatch() };
  private readonly screenPanic = new PanicWatch();
  private readonly screen: ScreenLog | ScreenPainter | undefined;
  private waiting: number[] = [];

  constructor(private readonly name: ConsoleName, private readonly outlet: ConsoleOutlet, private readonly untilText: string | undefined) {
    this.until = untilText === undefined ? undefined : new TextSearch(untilText);
    if (name === 'vga') this.screen = outlet.isTTY === true ? new ScreenPainter(outlet) : new ScreenLog((line) => void outlet.write(`${line}\n`));
  }

  /** The engine that is paused when something is seen. */
  connect(engine: Engine): void { this.engine = engine; }

  /** The panic of a kernel, if one has told of it. */
  get panic(): PanicWatch | undefined {
    return [this.panics.uart, this.panics.e9, this.screenPanic].find(({ message }) => message !== undefined);
  }

  /** Instructions between two calls of `look`. */
  get interval(): number { return this.screen === undefined ? SLICE : LOOK_INTERVAL; }

  /** For EngineOptions. */
  readonly onConsole = (byte: number, source: ConsoleSource): void => {
    if (source === this.name) {
      this.waiting.push(byte);
      if (this.until?.feed(byte) === true) {
        this.found = true;
        this.engine?.pause();
      }
    }
    if (this.panics[source].feed(byte)) this.engine?.pause();
  };

  /** Shows what has been printed since the last look. */
  look(engine: Engine): void {
    if (this.waiting.length > 0) {
      this.outlet.write(Uint8Array.from(this.waiting));
      this.waiting = [];
    }
    if (this.screen === undefined) return;
    const lines = engine.screen();
    this.screen.look(lines);
    const { untilText } = this;
    if (untilText !== undefined && lines.some((line) => line.includes(untilText))) this.found = true;
    for (const line of lines) this.screenPanic.see(line);
  }

  /** The end of the run: what has not been shown yet. A terminal shows the last screen below what it showed before. */
  close(engine: Engine): void {
    if (this.screen instanceof ScreenLog) this.screen.finish();
    else if (this.screen !== undefined) {
      this.screen.leave();
      this.outlet.write(`${engine.screen().map((line) => line.trimEnd()).join('\n').trimEnd()}\n`);
    }
  }
}
