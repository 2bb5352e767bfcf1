/** The debug-exit port: a write of any width ends the run with the value as its status, like QEMU's isa-debug-exit but without its encoding. */
import type { PortBus } from '../bus.js';
import { DEBUG_EXIT_PORT } from '../ports.js';

/** @param onExit called with the value written, not negative. The guest may execute on until the driver stops it. */
export function attachDebugExit(bus: PortBus, onExit: (status: number) => void): void {
  const exit = (_port: number, value: number): void => onExit(value >>> 0);
  bus.register(DEBUG_EXIT_PORT, 1, { writeByte: exit, writeWord: exit, writeLong: exit });
}
