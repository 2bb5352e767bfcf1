/**
 * A text screen for readers that are no terminal: its lines as they are completed. A line is written once it has looked the same twice, or when it leaves
 * the screen at the top. Looks come at fixed instruction numbers, so that a run always writes the same.
 */
export class ScreenLog {
  private previous: readonly string[] = [];
  /** What has been written of each line of `previous`. */
  private written: readonly string[] = [];

  constructor(private readonly write: (line: string) => void) {}

  /** Takes in the screen; lines may end in blanks. */
  look(screen: readonly string[]): void {
    const lines = screen.map((line) => line.trimEnd());
    const scrolled = scrolledBy(this.previous, lines);
    for (let row = 0; row < scrolled; row++) this.emit(row);
    const written = lines.map((_, row) => this.written[row + scrolled] ?? '');
    const stable = lines.map((line, row) => this.previous[row + scrolled] === line);
    this.previous = lines;
    this.written = written;
    for (let row = 0; row < lines.length; row++) {
      if (stable[row]) this.emit(row);
    }
  }

  /** Writes what is on the screen at the end and has not been written. */
  finish(): void {
    for (let row = 0; row < this.previous.length; row++) this.emit(row);
  }

  private emit(row: number): void {
    const line = this.previous[row];
    if (line === this.written[row]) return;
    if (line !== '') this.write(line);
    this.written = this.written.with(row, line);
  }
}

/** By how many lines a screen has moved up: the least distance at which all that is left of the old one, but for its last line, is found again. */
export function scrolledBy(before: readonly string[], after: readonly string[]): number {
  const last = before.findLastIndex((line) => line !== '');
  for (let distance = 0; distance < last; distance++) {
    let row = distance;
    while (row < last && before[row] === after[row - distance]) row++;
    if (row === last) return distance;
  }
  return 0;
}
