/** What a kernel prints on its console when it has given up. */
export interface PanicText {
  /** Found in the line that tells of the panic. */
  readonly text: string;
  /** Found in the line that ends the panic's report. */
  readonly lastLine: string;
  /** Who prints it, and where that is to be read. */
  readonly reason: string;
}

/** One table, so that a new kernel is one line. */
export const PANIC_TEXTS: readonly PanicText[] = [
  { text: 'Kernel panic - not syncing', lastLine: '---[ end Kernel panic', reason: 'Linux, panic() in kernel/panic.c; it then loops for ever, or resets after panic= seconds' },
];

/** Instructions that a panicking kernel gets to finish its report: half a second of guest time, enough for a backtrace at 115200 baud. */
export const PANIC_REPORT_INSTRUCTIONS = 100_000_000;
