import { describe, expect, it } from 'vitest';
import { Region } from '@ringbench/machine';
import { BOARD_DEVICES, DeviceAllocator, Owner, PortMap, StaticDevices } from '../../src/index.js';
import { VmFixture } from '../support.js';

const { disk, console: serial } = BOARD_DEVICES;
const SCRATCH = 0x3f8 + 7;
const SECOND_VM = Owner.FIRST_VM + 1;

describe('DeviceAllocator', () => {
  it('gives a device, with its ports and its line, to one owner', () => {
    const allocator = new DeviceAllocator();
    expect(allocator.allocate(disk, Owner.FIRST_VM)).toBe(true);
    expect([0x1f0, 0x1f7, 0x3f6].map((port) => allocator.ownerOfPort(port))).toEqual([Owner.FIRST_VM, Owner.FIRST_VM, Owner.FIRST_VM]);
    expect([allocator.ownerOfPort(0x1f8), allocator.ownerOfPort(-1), allocator.ownerOfLine(14)]).toEqual([Owner.NOBODY, Owner.NOBODY, Owner.FIRST_VM]);
    expect([allocator.allocate(disk, SECOND_VM), allocator.allocate(disk, Owner.FIRST_VM), allocator.allocate(serial, SECOND_VM)]).toEqual([false, false, true]);
  });

  it('gives nothing of a device of which something is taken', () => {
    const allocator = new DeviceAllocator();
    allocator.allocate(disk, Owner.FIRST_VM);
    expect(allocator.allocate({ name: 'overlapping', ports: [{ first: 0x100, count: 8 }, { first: 0x3f0, count: 7 }], line: 6 }, SECOND_VM)).toBe(false);
    expect(allocator.allocate({ name: 'same line', ports: [{ first: 0x100, count: 8 }], line: 14 }, SECOND_VM)).toBe(false);
    expect([allocator.ownerOfPort(0x100), allocator.ownerOfLine(6)]).toEqual([Owner.NOBODY, Owner.NOBODY]);
  });

  it('takes a device back from who has it', () => {
    const allocator = new DeviceAllocator();
    allocator.allocate(disk, Owner.FIRST_VM);
    expect(() => allocator.release(disk, SECOND_VM)).toThrow('does not have the disk');
    allocator.release(disk, Owner.FIRST_VM);
    expect(allocator.allocate(disk, SECOND_VM)).toBe(true);
  });
});

describe('PortMap', () => {
  it('opens the ports that it is told, and no others', () => {
    const { machine } = new VmFixture();
    const map = new PortMap(machine.memory, 0x1000, 0x80);
    map.closeAll();
    map.allow({ first: 0x3f6, count: 3 });
    const bytes = machine.memory.bytes.subarray(Region.RAM + 0x1000, Region.RAM + 0x1000 + 0x80);
    expect([bytes[0x7d], bytes[0x7e], bytes[0x7f]]).toEqual([0xff, 0b0011_1111, 0b1111_1110]);
    expect(() => map.allow({ first: 0x3ff, count: 2 })).toThrow('ends before port 400');
  });
});

describe('StaticDevices', () => {
  it('leads the machine\'s ports to the guest that has the device, and never to a second one', () => {
    const { machine, host, vm } = new VmFixture();
    const other = new VmFixture();
    const allocator = new DeviceAllocator();
    const [first, second] = [new StaticDevices(machine.pc.bus, vm.pc.bus, allocator, host, Owner.FIRST_VM), new StaticDevices(machine.pc.bus, other.vm.pc.bus, allocator, host, SECOND_VM)];
    expect(first.isEmpty).toBe(true);
    expect([first.allocate(serial), second.allocate(serial)]).toEqual([true, false]);
    expect([first.isEmpty, second.isEmpty]).toEqual([false, true]);
    second.connect();
    machine.pc.bus.write(SCRATCH, 1, 0x77);
    expect([vm.pc.bus.read(SCRATCH, 1), other.vm.pc.bus.read(SCRATCH, 1)]).toEqual([0x77, 0]);
    expect(() => second.allocateChosen({ disk: 'static', console: 'static' })).toThrow('the console belongs to another guest');
  });

  it('gives what the settings choose', () => {
    const { machine, host, vm } = new VmFixture();
    const allocator = new DeviceAllocator();
    new StaticDevices(machine.pc.bus, vm.pc.bus, allocator, host, Owner.FIRST_VM).allocateChosen({ disk: 'static', console: 'virtual' });
    expect([allocator.ownerOfLine(disk.line), allocator.ownerOfLine(serial.line)]).toEqual([Owner.FIRST_VM, Owner.NOBODY]);
  });
});
