import { expect, it } from 'vitest';
import { PortBus } from '../../src/bus.js';
import { SystemControl } from '../../src/devices/system-control.js';

it('stores A20 and asks for a reset when the reset bit rises', () => {
  const bus = new PortBus();
  let resets = 0;
  const control = new SystemControl(() => resets++);
  control.attach(bus);
  expect([bus.read(0x92, 1), control.a20Enabled]).toEqual([0x02, true]);
  bus.write(0x92, 1, 0x00);
  expect([bus.read(0x92, 1), control.a20Enabled, resets]).toEqual([0, false, 0]);
  bus.write(0x92, 1, 0x03);
  bus.write(0x92, 1, 0x01);
  expect([bus.read(0x92, 1), resets]).toEqual([0x01, 1]);
  control.reset();
  bus.write(0x92, 1, 0x03);
  expect(resets).toBe(2);
});
