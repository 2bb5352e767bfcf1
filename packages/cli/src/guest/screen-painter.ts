/** Paints the guest's text screen on a terminal, on its alternate screen, and only what changed (ECMA-48; xterm control sequences for the alternate screen). */

const ENTER = '\u001b[?1049h\u001b[2J';
const LEAVE = '\u001b[?1049l';
const CLEAR_TO_END = '\u001b[K';
const goTo = (row: number): string => `\u001b[${row + 1};1H`;
/** At most some twenty times a second. */
const INTERVAL_MILLISECONDS = 50;

export class ScreenPainter {
  private painted: readonly string[] = [];
  private paintedAt = -Infinity;
  private entered = false;
  private readonly leaveAtExit = (): void => this.leave();

  constructor(private readonly terminal: { write(text: string): unknown; readonly rows?: number; readonly columns?: number }, private readonly now: () => number = () => performance.now()) {}

  /** Shows a screen, unless the last one has been shown a moment ago. */
  look(screen: readonly string[]): void {
    const now = this.now();
    if (now - this.paintedAt < INTERVAL_MILLISECONDS) return;
    this.paintedAt = now;
    if (!this.entered) this.enter();
    const { rows = Infinity, columns = Infinity } = this.terminal;
    const shown = screen.slice(0, rows).map((line) => line.slice(0, columns).trimEnd());
    const changes = shown.flatMap((line, row) => (line === this.painted[row] ? [] : [`${goTo(row)}${line}${line.length < columns ? CLEAR_TO_END : ''}`]));
    if (changes.length > 0) this.terminal.write(changes.join(''));
    this.painted = shown;
  }

  private enter(): void {
    this.entered = true;
    process.once('exit', this.leaveAtExit);
    this.terminal.write(ENTER);
  }

  /** Gives the terminal back as it was. */
  leave(): void {
    if (!this.entered) return;
    this.entered = false;
    process.off('exit', this.leaveAtExit);
    this.terminal.write(LEAVE);
  }
}
