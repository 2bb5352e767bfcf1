import { describe, expect, it } from 'vitest';
import { Access, CR0, Flag, Register, Segment, Vector, Word, type SystemMnemonic, type SystemOperands } from '@ringbench/isa';
import { VmFixture } from './support.js';

const EIP = 0x1000;
const CONSOLE = 0xe9;

/** Interprets one instruction at EIP 1000h. */
function interpret(fixture: VmFixture, mnemonic: SystemMnemonic, fields: Partial<SystemOperands> = {}): boolean {
  Object.assign(fixture.vm.interpreter.operands, { length: 2, port: -1, width: 1, repeated: false, addressSize: 32, segment: Segment.DS }, fields);
  fixture.state[Word.EIP] = EIP;
  return fixture.vm.interpreter.interpret(mnemonic);
}

describe('Interpreter', () => {
  it('OUT reaches the virtual device, IN replaces as much of EAX as it reads', () => {
    const fixture = new VmFixture();
    fixture.state[Register.EAX] = 0x12345641;
    expect(interpret(fixture, 'out', { port: CONSOLE })).toBe(true);
    expect([fixture.console, fixture.state[Word.EIP], fixture.counters.deviceAccesses]).toEqual(['A', EIP + 2, 1]);
    fixture.state[Register.EDX] = 0x5555;
    expect(interpret(fixture, 'in', { width: 2 })).toBe(true);
    expect(fixture.state[Register.EAX]).toBe(0x1234ffff);
    expect(fixture.machine.counts()['port.read']).toBeUndefined();
  });

  it('EIP does not wrap in 16-bit code: what follows the end of the segment faults', () => {
    const fixture = new VmFixture();
    fixture.state[Word.ACCESS + Segment.CS] &= ~Access.BIG;
    interpret(fixture, 'out', { port: CONSOLE, length: 0xf000 });
    expect(fixture.state[Word.EIP]).toBe(0x10000);
  });

  it('a repeated OUTS does one iteration, stays until the last, and counts in the address size', () => {
    const fixture = new VmFixture();
    fixture.memory.writeBytes(0x5000, new TextEncoder().encode('ab'));
    Object.assign(fixture.state, { [Register.ESI]: 0x5000, [Register.ECX]: 0x70002, [Register.EDX]: CONSOLE });
    interpret(fixture, 'outs', { repeated: true, addressSize: 16 });
    expect([fixture.state[Word.EIP], fixture.state[Register.ECX], fixture.state[Register.ESI]]).toEqual([EIP, 0x70001, 0x5001]);
    interpret(fixture, 'outs', { repeated: true, addressSize: 16 });
    expect([fixture.state[Word.EIP], fixture.state[Register.ECX], fixture.console]).toEqual([EIP + 2, 0x70000, 'ab']);
  });

  it('INS writes through the guest’s page tables and sets its accessed and dirty bits', () => {
    const fixture = new VmFixture();
    fixture.page({ 5: 0x7007 });
    Object.assign(fixture.state, { [Register.EDI]: 0x5ffe, [Register.EDX]: 0x5555 });
    expect(interpret(fixture, 'ins', { width: 4 })).toBe(true);
    expect([fixture.memory.read(7, 0xffe, 2), fixture.memory.read(6, 0, 2), fixture.memory.read(5, 0xffe, 2)]).toEqual([0xffff, 0xffff, 0]);
    expect([fixture.entry(5) & 0x60, fixture.entry(6) & 0x60]).toEqual([0x60, 0x60]);
  });

  it.each([
    // The destination is read first: what is absent is a read's fault.
    ['a page that is not present', 0x5000, 0, 0],
    ['a second page that is not present', 0x4ffe, 0, 0],
    ['a read-only page under WP', 0x5000, 0x5005, 3],
  ])('INS to %s faults with the guest’s state as it was', (_what, edi, entry, error) => {
    const fixture = new VmFixture();
    fixture.page({ 5: entry });
    Object.assign(fixture.state, { [Register.EDI]: edi, [Register.EDX]: 0x60, [Register.ECX]: 9 });
    expect(interpret(fixture, 'ins', { width: 4, repeated: true })).toBe(false);
    const { processor } = fixture.vm;
    expect([processor.faultVector, processor.faultErrorCode, fixture.state[Word.CR2]]).toEqual([Vector.PF, error, 0x5000]);
    expect([fixture.state[Word.EIP], fixture.state[Register.EDI], fixture.state[Register.ECX]]).toEqual([EIP, edi, 9]);
    expect(fixture.counters.deviceAccesses).toBe(0);
  });

  it('INS beyond its segment is #GP(0)', () => {
    const fixture = new VmFixture();
    Object.assign(fixture.state, { [Word.LIMIT + Segment.ES]: 0xfff, [Register.EDI]: 0x1000 });
    expect(interpret(fixture, 'ins')).toBe(false);
    expect([fixture.vm.processor.faultVector, fixture.vm.processor.faultErrorCode]).toEqual([Vector.GP, 0]);
  });

  it.each([['SGDT', 'sgdt', Word.GDTR_BASE, Word.GDTR_LIMIT], ['SIDT', 'sidt', Word.IDTR_BASE, Word.IDTR_LIMIT]] as const)('%s checks the alignment of all that it stores, by four, and not of its parts', (_what, mnemonic, base, limit) => {
    const fixture = new VmFixture();
    Object.assign(fixture.state, { [base]: 0x12345678, [limit]: 0x1af, [Word.CPL]: 3 });
    fixture.state[Word.FLAG_SYSTEM] |= Flag.AC;
    fixture.state[Word.CR0] |= CR0.AM;
    expect(interpret(fixture, mnemonic, { memory: true, offset: 0x5002 })).toBe(false);
    expect([fixture.vm.processor.faultVector, fixture.vm.processor.faultErrorCode, fixture.memory.read(5, 0, 4)]).toEqual([Vector.AC, 0, 0]);
    fixture.vm.processor.clearFault();
    // Across two pages, too.
    for (const offset of [0x5000, 0x5ffc]) {
      expect(interpret(fixture, mnemonic, { memory: true, offset })).toBe(true);
      expect([0, 2, 4].map((at) => fixture.memory.read((offset + at) >>> 12, (offset + at) & 0xfff, 2))).toEqual([0x1af, 0x5678, 0x1234]);
    }
  });

  it('OUTS to the marker port is a marker and no access', () => {
    const fixture = new VmFixture();
    fixture.memory.writeBytes(0x5000, Uint8Array.from([1]));
    Object.assign(fixture.state, { [Register.ESI]: 0x5000, [Register.EDX]: 0xe8 });
    interpret(fixture, 'outs');
    expect([fixture.markers, fixture.counters.deviceAccesses]).toEqual([[1], 0]);
  });

  it('RDMSR and WRMSR work on the guest’s own registers and time', () => {
    const fixture = new VmFixture();
    fixture.clock.sleepUntil(5000);
    Object.assign(fixture.state, { [Register.ECX]: 0x10 });
    interpret(fixture, 'rdmsr');
    expect([fixture.state[Register.EAX], fixture.state[Register.EDX]]).toEqual([5000, 0]);
    fixture.state[Register.EAX] = 7;
    interpret(fixture, 'wrmsr');
    fixture.clock.sleepUntil(5100);
    interpret(fixture, 'rdmsr');
    expect(fixture.state[Register.EAX]).toBe(107);
    fixture.state[Register.ECX] = 0x999;
    expect(interpret(fixture, 'rdmsr')).toBe(false);
    expect(fixture.vm.processor.faultVector).toBe(Vector.GP);
  });

  it('an instruction ends the interrupt shadow, unless it faults', () => {
    const fixture = new VmFixture();
    fixture.vm.processor.interruptsInhibited = true;
    fixture.state[Register.ECX] = 0x999;
    interpret(fixture, 'rdmsr');
    expect(fixture.vm.processor.interruptsInhibited).toBe(true);
    fixture.vm.processor.clearFault();
    interpret(fixture, 'out', { port: 0x80 });
    expect(fixture.vm.processor.interruptsInhibited).toBe(false);
    fixture.state[Word.FLAG_SYSTEM] &= ~Flag.IF;
    interpret(fixture, 'sti');
    expect(fixture.vm.processor.interruptsInhibited).toBe(true);
  });
});
