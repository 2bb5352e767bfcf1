import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CopyOnWriteDisk, Region, REQUEST_BYTES, RequestPort, RequestRegister } from '@ringbench/machine';
import { VmFixture } from '../support.js';

const PAGE_BYTES = 4096;
const GUEST_BYTES = 32 * PAGE_BYTES;
const SECTORS = 16;
const FIRST_BLOCK = 0x2000;
const BLOCKS = 8;
const SEED = 4711;

/** Values that a hostile driver would try: sound ones, ends of memory, wraps, huge ones. */
const address = fc.oneof(fc.nat(BLOCKS - 1).map((block) => FIRST_BLOCK + block * REQUEST_BYTES), fc.constantFrom(0, 1, GUEST_BYTES - REQUEST_BYTES, GUEST_BYTES - 1, GUEST_BYTES, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffe0), fc.nat(0xffffffff));
const amount = fc.oneof(fc.constantFrom(0, 1, 511, 512, 4096, 0x10000, 0x20000, 0x20200, 0x80000000, 0xfffffe00, 0xffffffff), fc.nat(0x3000));
const small = fc.oneof(fc.nat(8), fc.constantFrom(0xff, 0x80000000, 0xffffffff));
const block = fc.tuple(address, small, fc.constantFrom(0, 0, 0, 1, 0xffffffff), small, fc.oneof(small, amount), amount, address, small);
const kick = fc.record({ device: fc.constantFrom(...Object.values(RequestPort)), address, register: fc.constantFrom(...Object.values(RequestRegister)), time: fc.nat(20_000) });

/** All of the machine's memory that is not the guest's. */
function outsideOf({ machine, host }: VmFixture): Uint8Array {
  return machine.memory.bytes.slice(Region.RAM, Region.RAM + host.trapAddress + PAGE_BYTES);
}

describe.each([['request', 'request'], ['service', 'service']] as const)('devices with the interface %s', (diskInterface, consoleInterface) => {
  it('survive any request blocks: nothing throws, nothing hangs, and only the guest\'s memory changes', () => {
    const fixture = new VmFixture({ diskInterface, consoleInterface });
    const { vm, memory, clock } = fixture;
    vm.pc.connectDisks([new CopyOnWriteDisk(new Uint8Array(SECTORS * 512).fill(0x5a))]);
    fc.assert(fc.property(fc.array(block, { minLength: BLOCKS, maxLength: BLOCKS }), fc.array(kick, { minLength: 1, maxLength: 12 }), (blocks, kicks) => {
      vm.pc.reset();
      blocks.forEach((fields, index) => memory.writeBytes(FIRST_BLOCK + index * REQUEST_BYTES, new Uint8Array(Uint32Array.from(fields).buffer)));
      const before = outsideOf(fixture);
      for (const { device, address: first, register, time } of kicks) {
        vm.pc.bus.write(device + register, 4, first | 0);
        vm.pc.offerInput(time & 0xff);
        clock.sleepUntil(clock.now() + time);
        vm.pc.clock.fireDue(clock.now());
        vm.pc.bus.read(device + register, 4);
      }
      expect(outsideOf(fixture)).toEqual(before);
    }), { seed: SEED, numRuns: 500 });
  });
});

describe('what virtual devices write', () => {
  it('is told to the monitor, page by page', () => {
    const stores: [number, number, number][] = [];
    const { vm, memory } = new VmFixture({ diskInterface: 'service', consoleInterface: 'uart' }, (page, offset, bytes) => stores.push([page, offset, bytes]));
    vm.pc.connectDisks([new CopyOnWriteDisk(new Uint8Array(SECTORS * 512).fill(0x5a))]);
    // READ of 1,024 bytes at sector 0 to an address 512 bytes before the end of a page, from the first service.
    memory.writeBytes(FIRST_BLOCK, new Uint8Array(Uint32Array.of(0, 1, 0, 0, 0, 1024, 0x4e00, 1).buffer));
    vm.pc.bus.write(RequestPort.SERVICES + RequestRegister.KICK, 4, FIRST_BLOCK);
    expect(stores).toEqual([[4, 0xe00, 0x200], [5, 0, 0x200], [2, 8, 8]]);
    expect(memory.readBytes(0x4e00, 2)).toEqual(Uint8Array.of(0x5a, 0x5a));
  });
});
