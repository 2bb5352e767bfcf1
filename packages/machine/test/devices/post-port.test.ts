import { expect, it } from 'vitest';
import { PortBus } from '../../src/bus.js';
import { PostPort } from '../../src/devices/post-port.js';

it('stores the last code', () => {
  const bus = new PortBus();
  const post = new PostPort();
  post.attach(bus);
  bus.write(0x80, 1, 0x12);
  bus.write(0x80, 1, 0x34);
  expect([post.code, bus.read(0x80, 1)]).toEqual([0x34, 0x34]);
  post.reset();
  expect(post.code).toBe(0);
});
