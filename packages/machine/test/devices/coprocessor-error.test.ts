import { expect, it } from 'vitest';
import { PortBus } from '../../src/bus.js';
import { CoprocessorError } from '../../src/devices/coprocessor-error.js';

it('asks for IRQ 13 until port F0h is written, and then ignores this error and no other', () => {
  const bus = new PortBus();
  const levels: boolean[] = [];
  const device = new CoprocessorError((level) => levels.push(level));
  device.attach(bus);
  expect([device.reported(0x1000), device.reported(0x1000), levels]).toEqual([false, false, [true]]);
  bus.write(0xf1, 1, 0);
  expect(levels).toEqual([true]);
  bus.write(0xf0, 1, 0);
  expect([levels, device.reported(0x1000)]).toEqual([[true, false], true]);
  expect([device.reported(0x2000), levels]).toEqual([false, [true, false, true]]);
  device.reset();
  expect([levels.at(-1), device.reported(0x2000)]).toEqual([false, false]);
});
