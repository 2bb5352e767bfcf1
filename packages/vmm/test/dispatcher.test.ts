import { describe, expect, it } from 'vitest';
import { Segment, Word } from '@ringbench/isa';
import { Region } from '@ringbench/machine';
import { Allocator, Dispatcher, HostContext, Owner } from '../src/index.js';
import { VmFixture } from './support.js';

const UD2 = [0x0f, 0x0b];

describe('HostContext and Dispatcher', () => {
  it('a fault of the machine’s really goes through the IDT in its memory to the trap page', () => {
    const fixture = new VmFixture();
    const { machine, host } = fixture;
    // Host code that faults, in the guest's first page for want of another.
    const code = (fixture.memory.machinePage(0) ?? 0) * 4096;
    machine.processor.mmu.writePhysical(code, Uint8Array.from(UD2));
    machine.processor.state[Word.EIP] = code;
    expect(machine.run(10)).toEqual({ kind: 'trap-page' });
    expect(host.trappedVector()).toBe(6);
    expect(machine.memory.view.getInt32(Region.RAM + host.frameAddress(3), true)).toBe(code);
    expect(machine.processor.state[Word.SELECTOR + Segment.CS]).toBe(8);
  });

  it('every vector has an entry point of its own', () => {
    const { machine, host } = new VmFixture();
    const { state } = machine.processor;
    const { view } = machine.memory;
    const idt = Region.RAM + state[Word.IDTR_BASE];
    expect(state[Word.IDTR_LIMIT]).toBe(256 * 8 - 1);
    for (let vector = 0; vector < 256; vector++) {
      state[Word.EIP] = view.getUint16(idt + vector * 8, true) | (view.getUint16(idt + vector * 8 + 6, true) << 16);
      expect(host.trappedVector()).toBe(vector);
    }
  });

  it('calls who handles the vector, counts, and throws for one that nobody does', () => {
    const { machine, host, counters } = new VmFixture();
    const dispatcher = new Dispatcher(host, counters);
    const seen: number[] = [];
    dispatcher.handle(20, () => seen.push(20));
    expect(() => dispatcher.handle(20, () => {})).toThrow('already');
    machine.processor.state[Word.EIP] = machine.executor.trapPage * 4096 + 20;
    dispatcher.dispatch();
    machine.processor.state[Word.EIP] = machine.executor.trapPage * 4096 + 13;
    expect(() => dispatcher.dispatch()).toThrow('vector 13');
    machine.processor.state[Word.EIP] = 0x100000;
    expect(() => dispatcher.dispatch()).toThrow('100000');
    expect([seen, counters.exits]).toEqual([[20], 1]);
  });

  it('its pages are the VMM’s, and a machine too small for them is a bug that is told', () => {
    const { allocator, machine } = new VmFixture();
    expect([0, 1].map((page) => allocator.ownerOf(page))).toEqual([Owner.VMM, Owner.VMM]);
    expect(() => new HostContext(machine, new Allocator(1))).toThrow('enough memory');
  });
});
