/** Where a command's words go: data to stdout, so that it can be piped; words for people to stderr. */
export interface Output {
  /** Whether data is to be JSON. */
  readonly json: boolean;
  readonly quiet: boolean;
  /** Writes data as JSON if asked for, else as text. */
  data(value: unknown, text: () => string): void;
  /** Tells a person something that `--quiet` silences. */
  say(text: string): void;
  /** Tells a person something that must not be missed. */
  warn(text: string): void;
}

export function makeOutput({ json, quiet }: { readonly json: boolean; readonly quiet: boolean }): Output {
  return {
    json,
    quiet,
    data: (value, text) => void process.stdout.write(`${json ? JSON.stringify(value, null, 2) : text()}\n`),
    say: (text) => {
      if (!quiet) process.stderr.write(`${text}\n`);
    },
    warn: (text) => void process.stderr.write(`${text}\n`),
  };
}

/** A reader such as `head` may close our stdout; that ends the command quietly. Any other error of a stream is thrown. */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit();
    });
  }
}
