/**
 * How a program's standard streams are connected to the host (workloads/kernel/README.md, "Streams").
 *
 * - `terminal`: the guest's terminal is the host's. The serial line is the terminal; the guest's line discipline does echo, lines and signals.
 * - `streams`: there is no terminal. Standard output leaves by port E9h, standard error and the kernel's own words by the serial line, and standard
 *   input comes by the serial line, framed, or is an ordinary file.
 */
export type Connection =
  | { readonly kind: 'terminal'; /** Whether standard output is the terminal, too. */ readonly showsOutput: boolean }
  | { readonly kind: 'streams'; readonly input: 'host' | 'file' | 'empty' };

/** Where in the guest a standard input that is a file of the host lies. */
export const INPUT_FILE = 'run/stdin';

const Device = { TERMINAL: '/dev/console', NOTHING: '/dev/null', INPUT: '/dev/host-input', OUTPUT: '/dev/host-output', ERROR: '/dev/host-error' } as const;

const INPUTS: Readonly<Record<Extract<Connection, { kind: 'streams' }>['input'], string>> = { host: Device.INPUT, file: `/${INPUT_FILE}`, empty: Device.NOTHING };

/** The words of the kernel's command line that make a connection. */
export function connectionWords(connection: Connection): readonly string[] {
  if (connection.kind === 'terminal') {
    return [`stdin=${Device.TERMINAL}`, `stdout=${connection.showsOutput ? Device.TERMINAL : Device.OUTPUT}`, `stderr=${Device.TERMINAL}`];
  }
  return ['raw', 'framed', `stdin=${INPUTS[connection.input]}`, `stdout=${Device.OUTPUT}`, `stderr=${Device.ERROR}`];
}
