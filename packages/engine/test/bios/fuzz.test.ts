import { CopyOnWriteDisk, Machine } from '@ringbench/machine';
import { Interpreter } from '@ringbench/interpreter';
import { CR0, Register, Segment, Word } from '@ringbench/isa';
import { expect, it } from 'vitest';
import { Bios, buildBiosRom, type FirmwareHost } from '../../src/bios/index.js';

const RAM_BYTES = 1 << 20;
const FIRMWARE_PORT = 0xb5;
const STACK = 0x7000;
const SERVICES = [0x08, 0x09, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x76];
const SECTORS = 100;
const CALLS = 20_000;

/** xorshift32. */
function* numbers(seed: number): Generator<number, never> {
  let x = seed;
  for (;;) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    yield x;
  }
}

function makeBios(): { host: FirmwareHost; image: Uint8Array } {
  const machine = new Machine({ ramBytes: RAM_BYTES, keyboard: true, video: true, chipset: true, createExecutor: (processor) => new Interpreter(processor) });
  const { mmu } = machine.processor;
  const host: FirmwareHost = {
    state: machine.memory.state, bus: machine.pc.bus, readPhysical: (address, count) => mmu.readPhysical(address, count), writePhysical: (address, bytes) => mmu.writePhysical(address, bytes),
  };
  const image = new Uint8Array(SECTORS * 512).fill(0x5a);
  const bios = new Bios(host, RAM_BYTES, [new CopyOnWriteDisk(image)]);
  bios.attach();
  bios.initialize(buildBiosRom());
  machine.processor.state[Word.SELECTOR + Segment.CS] = 0xf000;
  return { host, image };
}

it('answers calls with any registers, from any memory, without an exception', () => {
  const { host, image } = makeBios();
  const next = numbers(20260101);
  const { state } = host;
  for (let i = 0; i < CALLS; i++) {
    for (let register = 0; register < 8; register++) state[register] = next.next().value;
    // Functions are numbered low, with few exceptions.
    if (i % 2 === 0) state[Register.EAX] = (state[Register.EAX] & ~0xff00) | ((next.next().value & 0x4f) << 8);
    if (i % 3 === 0) state[Register.EDX] = (state[Register.EDX] & ~0xff) | 0x80;
    // Half of the disk calls begin on the disk; some end beyond it.
    if (i % 4 === 0) state[Register.ECX] = next.next().value & 0x3f;
    if (i % 8 === 0) state[Register.EAX] = ((2 + (next.next().value & 1)) << 8) | (next.next().value & 0x7f);
    if (i % 12 === 0) state[Register.EDX] = 0x80;
    state[Register.ESP] = STACK;
    for (const segment of [Segment.DS, Segment.ES]) state[Word.SELECTOR + segment] = next.next().value & 0xffff;
    const service = SERVICES[(next.next().value >>> 8) % SERVICES.length];
    host.writePhysical(STACK, Uint8Array.of(service, 0, 0, 0, 0, 0, 2, 0));
    host.bus.writeByte(FIRMWARE_PORT, next.next().value & 0xff);
  }
  expect(image.every((byte) => byte === 0x5a)).toBe(true);
});

it('serves nobody but its own stubs in real mode', () => {
  const { host } = makeBios();
  const { state } = host;
  state[Register.ESP] = STACK;
  host.writePhysical(STACK, Uint8Array.of(0x12, 0));
  const asked = (): number => {
    state[Register.EAX] = 0;
    host.bus.writeByte(FIRMWARE_PORT, 0);
    return state[Register.EAX];
  };
  expect(asked()).toBe(639);
  host.writePhysical(STACK, Uint8Array.of(0x12, 0));
  state[Word.SELECTOR + Segment.CS] = 0x1000;
  expect(asked()).toBe(0);
  state[Word.SELECTOR + Segment.CS] = 0xf000;
  state[Word.CR0] |= CR0.PE;
  expect(asked()).toBe(0);
});
