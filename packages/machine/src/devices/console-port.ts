/** The console port E9h of Bochs ("port_e9_hack"): writes print; a read gives the port's number, by which a guest finds out that it is there. */
import type { PortBus } from '../bus.js';
import { CONSOLE_PORT } from '../ports.js';

/** @param onConsole called with each byte written. */
export function attachConsolePort(bus: PortBus, onConsole: (byte: number) => void): void {
  bus.register(CONSOLE_PORT, 1, {
    readByte: () => CONSOLE_PORT,
    writeByte: (_port, value) => onConsole(value),
  });
}
