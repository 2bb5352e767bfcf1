import { expect, it } from 'vitest';
import { PortBus } from '../../src/bus.js';
import { attachConsolePort } from '../../src/devices/console-port.js';

it('prints bytes and says that it is there', () => {
  const bus = new PortBus();
  const printed: number[] = [];
  attachConsolePort(bus, (byte) => printed.push(byte));
  bus.write(0xe9, 1, 0x41);
  bus.write(0xe9, 2, 0x4342); // the upper byte goes to the next port, where nothing is
  expect(printed).toEqual([0x41, 0x42]);
  expect(bus.read(0xe9, 1)).toBe(0xe9);
});
