/** Ports that the lab's own instruments use. */

/** Writing a status ends the run (like QEMU's isa-debug-exit). */
export const DEBUG_EXIT_PORT = 0xf4;
/** Each byte written appears on the console. */
export const CONSOLE_PORT = 0xe9;
/** Writing 1 starts the measured region, 2 ends it. The processor itself sees this port, see isa. */
export { MARKER_PORT } from '@ringbench/isa';
