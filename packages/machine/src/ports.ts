/** Ports that the lab's own instruments use. */

/** Writing a status ends the run (like QEMU's isa-debug-exit). */
export const DEBUG_EXIT_PORT = 0xf4;
/** Each byte written appears on the console. */
export const CONSOLE_PORT = 0xe9;
/** Writing 1 starts the measured region, 2 ends it. The processor itself sees this port: it never traps, on any core, and is not counted as port I/O. */
export const MARKER_PORT = 0xe8;
