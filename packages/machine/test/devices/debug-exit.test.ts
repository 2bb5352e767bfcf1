import { expect, it } from 'vitest';
import { PortBus } from '../../src/bus.js';
import { attachDebugExit } from '../../src/devices/debug-exit.js';

it('reports the status written with any width and cannot be read', () => {
  const bus = new PortBus();
  const statuses: number[] = [];
  attachDebugExit(bus, (status) => statuses.push(status));
  bus.write(0xf4, 1, 0x101);
  bus.write(0xf4, 2, 0x1234);
  bus.write(0xf4, 4, -1);
  bus.write(0xf5, 1, 9);
  expect(statuses).toEqual([1, 0x1234, 0xffffffff]);
  expect(bus.read(0xf4, 1)).toBe(0xff);
});
