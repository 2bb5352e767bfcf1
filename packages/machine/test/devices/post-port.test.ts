import { expect, it } from 'vitest';
import { PortBus } from '../../src/bus.js';
import { PostPort } from '../../src/devices/post-port.js';

it('stores the last code and reports each', () => {
  const bus = new PortBus();
  const codes: number[] = [];
  const post = new PostPort((code) => codes.push(code));
  post.attach(bus);
  bus.write(0x80, 1, 0x12);
  bus.write(0x80, 1, 0x34);
  expect([codes, post.code, bus.read(0x80, 1)]).toEqual([[0x12, 0x34], 0x34, 0x34]);
  post.reset();
  expect(post.code).toBe(0);
});

it('needs no listener', () => {
  const bus = new PortBus();
  new PostPort().attach(bus);
  bus.write(0x80, 1, 7);
  expect(bus.read(0x80, 1)).toBe(7);
});
