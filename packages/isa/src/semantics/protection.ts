import { Access, CR0, Flag, Register, Segment, Vector, type RegisterIndex } from '../state.js';
import { UNLIMITED } from '../system/access.js';
import type { Expression } from '../ir/expression.js';
import type { OperandSource, Recorder } from '../ir/recorder.js';
import type { Semantics } from './semantics.js';

/**
 * Instructions that read or load protection state in a straight line. Most of them are sensitive (Robin & Irvine, USENIX Security 2000). Where loading
 * needs the manual's full checks, the common case is here and everything else leaves to the procedure in ../system, which decides alone.
 */

const REGISTERS = 8;
/** A flat data descriptor: base 0, limit 4 GB, 32-bit, present, writable, accessed; DPL (bits 13-14) apart. */
const FLAT_DATA_LOW = 0x0000ffff;
const FLAT_DATA_HIGH = 0x00cf9300;
const DESCRIPTOR_DPL = 3 << 13;
/** READ_TOP and WRITE_TOP of a flat segment (state.ts). */
const FLAT_TOP = -8;
const SELECTOR_LOCAL = 4;
const SELECTOR_RPL = 3;

/** The machine's `sensitiveTraps` switch (slide "x86 changes", first bullet). */
function sensitive(o: Recorder): void {
  o.raiseIf(o.word('TRAP_SENSITIVE'), Vector.GP);
}
/** 1 in real and virtual-8086 mode. */
function hasParagraphs(o: Recorder): Expression {
  return o.or(o.isZero(o.and(o.word('CR0'), CR0.PE)), o.ne(o.and(o.word('FLAG_SYSTEM'), Flag.VM), 0));
}

const storeTable = (base: 'GDTR_BASE' | 'IDTR_BASE', limit: 'GDTR_LIMIT' | 'IDTR_LIMIT') => (o: Recorder, destination: OperandSource): void => {
  sensitive(o);
  // All 32 bits of the base whatever the operand size, as the P6 does.
  const host = o.translateOperandForWrite(destination, 48);
  o.storeHost(host, o.word(limit), 16, false);
  o.storeHost(o.add(host, 2), o.word(base), 32, true);
};
const storeSelector = (segment: number) => (o: Recorder, destination: OperandSource): void => {
  sensitive(o);
  o.raiseIf(hasParagraphs(o), Vector.UD);
  o.write(destination, o.let(o.wordAt('SELECTOR', segment)));
};

/** Loads DS, ES, FS or GS with a flat descriptor of the GDT while the register is flat already, so that only selector and DPL change. */
function loadFlatSegment(o: Recorder, segment: Expression, selector: Expression): void {
  o.leaveIf(o.or(hasParagraphs(o), o.eq(segment, Segment.SS)));
  o.leaveIf(o.or(o.and(selector, SELECTOR_LOCAL), o.or(o.lessUnsigned(selector, 4), o.lessUnsigned(o.word('GDTR_LIMIT'), o.or(selector, 7)))));
  const descriptor = o.let(o.add(o.word('GDTR_BASE'), o.and(selector, ~7)));
  const low = o.loadAsSystem(descriptor, 32);
  const high = o.loadAsSystem(o.add(descriptor, 4), 32);
  o.leaveIf(o.or(o.ne(low, FLAT_DATA_LOW), o.ne(o.and(high, ~DESCRIPTOR_DPL), FLAT_DATA_HIGH)));
  const dpl = o.let(o.and(o.shr(high, 13), 3));
  o.leaveIf(o.or(o.lessUnsigned(dpl, o.word('CPL')), o.lessUnsigned(dpl, o.and(selector, SELECTOR_RPL))));
  const isFlat = o.and(o.eq(o.wordAt('READ_TOP', segment), FLAT_TOP), o.eq(o.wordAt('WRITE_TOP', segment), FLAT_TOP));
  o.leaveIf(o.or(o.isZero(isFlat), o.wordAt('BASE', segment)));
  o.setWordAt('SELECTOR', segment, selector);
  o.setWordAt('ACCESS', segment, o.or((FLAT_DATA_HIGH >>> 8) & ~(Access.DPL_MASK | 0xf00), o.shl(dpl, Access.DPL_SHIFT)));
}

/**
 * Of all pushes PUSHA alone reports a stack that an odd pointer makes wrap within a word as #GP in real and virtual-8086 mode (SDM vol. 2, PUSHA: SP of 7 to
 * 15; at 1, 3 and 5 the handler cannot be entered either, and the processor shuts down as the manual says). Any other breach of the limit is #SS. A 32-bit stack of 4 GB has no end at which one could wrap (`rangeInLimit`).
 */
function raiseIfFrameWraps(o: Recorder, bytes: number): void {
  const pointer = o.stackTop(0);
  const wraps = o.and(o.lessUnsigned(pointer, bytes * REGISTERS), o.ne(o.and(pointer, bytes - 1), 0));
  const hasEnd = o.stackSize === 16 ? 1 : o.ne(o.wordAt('LIMIT', Segment.SS), UNLIMITED);
  o.raiseIf(o.and(o.and(hasParagraphs(o), wraps), hasEnd), Vector.GP);
}

function numberOf(o: Recorder, operand: OperandSource): Expression {
  if (operand.kind !== 'numbered') throw new Error('operand is not a numbered register');
  return o.let(operand.number);
}

export const protection: Semantics = {
  sgdt: storeTable('GDTR_BASE', 'GDTR_LIMIT'),
  sidt: storeTable('IDTR_BASE', 'IDTR_LIMIT'),
  sldt: storeSelector(Segment.LDTR),
  str: storeSelector(Segment.TR),
  smsw: (o, destination) => {
    sensitive(o);
    o.write(destination, o.let(o.word('CR0')));
  },
  'mov-sreg': (o, destination, segment) => {
    sensitive(o);
    o.write(destination, o.let(o.wordAt('SELECTOR', numberOf(o, segment))));
  },
  // A 32-bit push moves ESP by four and writes the low word only, as the P6 does (SDM vol. 2, PUSH); only that word must be within the limit.
  'push-sreg': (o, segment) => {
    sensitive(o);
    const top = o.stackTop(-o.size / 8);
    o.storeToStackSegment(top, o.let(o.wordAt('SELECTOR', numberOf(o, segment))), 16);
    o.setStackPointer(top);
  },
  'pop-sreg': (o, segment) => {
    sensitive(o);
    const selector = o.loadFromStackSegment(o.stackTop(0), 16);
    loadFlatSegment(o, numberOf(o, segment), selector);
    o.setStackPointer(o.stackTop(o.size / 8));
  },
  'load-sreg': (o, segment, source) => {
    sensitive(o);
    loadFlatSegment(o, numberOf(o, segment), o.let(o.and(o.read(source), 0xffff)));
  },
  'mov-from-cr': (o, destination, control) => {
    o.leaveIf(o.word('CPL'));
    o.write(destination, o.let(o.wordAt('CR0', numberOf(o, control))));
  },
  // The whole frame is checked against the limit before the first push. What lies below the stack pointer may have been written when a page faults.
  pusha: (o) => {
    const bytes = o.size / 8;
    if (!o.flat) raiseIfFrameWraps(o, bytes);
    const slots = Array.from({ length: REGISTERS }, (_, register) => o.stackSlot(-bytes * (register + 1), o.size, true));
    slots.forEach((slot, register) => o.store(slot, o.register(register as RegisterIndex, o.size), o.size));
    o.setStackPointer(o.stackTop(-bytes * REGISTERS));
  },
  // From EDI at the top of the stack up to EAX, which silicon reads in this order; the stored ESP is read and dropped.
  popa: (o) => {
    const bytes = o.size / 8;
    const slots = Array.from({ length: REGISTERS }, (_, position) => o.stackSlot(bytes * position, o.size, false));
    const values = slots.map((slot) => o.load(slot, o.size));
    const released = o.stackTop(bytes * REGISTERS);
    values.forEach((value, position) => {
      const register = REGISTERS - 1 - position;
      if (register !== Register.ESP) o.setRegister(register as RegisterIndex, value, o.size);
    });
    o.setStackPointer(released);
  },
};
