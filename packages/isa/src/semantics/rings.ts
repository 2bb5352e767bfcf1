import { Access, CR0, Flag, Register, Segment } from '../state.js';
import { eventIndex } from '../events.js';
import type { Expression } from '../ir/expression.js';
import type { Recorder } from '../ir/recorder.js';
import type { Semantics } from './semantics.js';

/**
 * INT n and IRET between flat 32-bit segments of ring 0 and ring 3, the transitions that every kernel of the last decades makes. Each descriptor is read and
 * compared anew at each transition, so nothing need be watched; whatever is not exactly the common case leaves to the procedures in ../system,
 * which have all the checks and decide alone. Same-level and inter-level forms are one straight line: what a same-level transition does not
 * have is read from, or written to, a place where it does no harm.
 */

const USER_LEVEL = 3;
const SELECTOR_LOCAL = 4;
const SELECTOR_LEVEL = 3;
const FLAT_LOW = 0x0000ffff;
/** Flat, 32-bit, present, accessed, DPL 0: code that may be read, data that may be written. The DPL goes into bits 13-14. */
const FLAT_CODE_HIGH = 0x00cf9b00;
const FLAT_DATA_HIGH = 0x00cf9300;
const DPL_SHIFT = 13;
const CODE_ACCESS = 0xc09b;
const DATA_ACCESS = 0xc093;
/** Bits of a gate's second doubleword: present, not a storage segment, 32-bit interrupt or trap gate (SDM vol. 3, figure 6-2). */
const GATE_MASK = 0x9e00;
const GATE_VALUE = 0x8e00;
const GATE_IS_TRAP = 0x100;
const TSS_TYPE = 0x1f;
const TSS32_BUSY = 0x0b;
const TSS_ESP0 = 4;
const TSS_SS0 = 8;
const TSS_STACK_LIMIT = 9;
/** Set in an image they leave: modes, TF, and what not every model has. */
const RARE_FLAGS = Flag.VM | Flag.V386 | Flag.TF | Flag.AC | Flag.ID;
const IRET_FLAGS = Flag.IF | Flag.DF | Flag.IOPL | Flag.NT | Flag.RF | Flag.AC | Flag.ID;
const DATA_SEGMENTS = [Segment.ES, Segment.DS, Segment.FS, Segment.GS] as const;

/** Leaves unless a selector names a descriptor of the GDT with these contents. */
function requireDescriptor(o: Recorder, selector: Expression, high: Expression): void {
  o.leaveIf(o.or(o.and(selector, SELECTOR_LOCAL), o.or(o.lessUnsigned(selector, SELECTOR_LEVEL + 1), o.lessUnsigned(o.word('GDTR_LIMIT'), o.or(selector, 7)))));
  const address = o.let(o.add(o.word('GDTR_BASE'), o.and(selector, ~7)));
  const low = o.loadAsSystem(address, 32);
  o.leaveIf(o.or(o.ne(low, FLAT_LOW), o.ne(o.loadAsSystem(o.add(address, 4), 32), high)));
}

/** Leaves in real and virtual-8086 mode, in a nested task, with alignment checks wanted (an IRET may end them), on the `sensitiveTraps` machine in user mode, and at the levels that systems do not use. */
function requireCommonState(o: Recorder, sensitive: boolean): void {
  o.leaveIf(o.size !== 32 || !o.flat ? 1 : sensitive ? o.word('TRAP_SENSITIVE') : 0);
  o.leaveIf(o.or(o.isZero(o.and(o.word('CR0'), CR0.PE)), o.and(o.word('FLAG_SYSTEM'), Flag.VM | Flag.NT | Flag.TF | Flag.AC)));
}

function setSegment(o: Recorder, segment: number, selector: Expression, access: Expression): void {
  o.setWordAt('SELECTOR', segment, selector);
  o.setWordAt('ACCESS', segment, access);
}

/** What enters a handler: INT n, whose EFLAGS image has RF clear, or a fault, whose image has it set (SDM vol. 3, 17.3.1.1), with or without an error code (in `source`). */
type Entry = 'software' | 'fault' | 'fault-with-code';

const enterHandler = (kind: Entry) => (o: Recorder): void => {
  requireCommonState(o, kind === 'software');
  const level = o.let(o.word('CPL'));
  const isInner = o.let(o.eq(level, USER_LEVEL));
  o.leaveIf(o.isZero(o.or(isInner, o.isZero(level))));
  const entry = o.let(o.shl(o.parameter('immediate'), 3));
  o.leaveIf(o.lessUnsigned(o.word('IDTR_LIMIT'), o.add(entry, 7)));
  const gate = o.let(o.add(o.word('IDTR_BASE'), entry));
  const gateLow = o.loadAsSystem(gate, 32);
  const gateHigh = o.loadAsSystem(o.add(gate, 4), 32);
  o.leaveIf(o.ne(o.and(gateHigh, GATE_MASK), GATE_VALUE));
  if (kind === 'software') o.leaveIf(o.lessUnsigned(o.and(o.shr(gateHigh, DPL_SHIFT), 3), level));
  const code = o.let(o.shr(gateLow, 16));
  o.leaveIf(o.and(code, SELECTOR_LEVEL));
  requireDescriptor(o, code, o.let(o.or(o.and(code, 0), FLAT_CODE_HIGH)));
  const { pointer, selector } = innerStack(o, isInner, gate);
  const bottom = pushFrame(o, kind, pointer, isInner);
  const cleared = o.select(o.and(gateHigh, GATE_IS_TRAP), 0, Flag.IF);
  o.setWord('FLAG_SYSTEM', o.and(o.word('FLAG_SYSTEM'), o.not(o.or(cleared, Flag.RF))));
  if (kind !== 'software') o.setWord('REPEATING', 0);
  o.setRegister(Register.ESP, bottom);
  setSegment(o, Segment.SS, o.let(o.select(isInner, selector, o.wordAt('SELECTOR', Segment.SS))), o.let(o.select(isInner, DATA_ACCESS, o.wordAt('ACCESS', Segment.SS))));
  setSegment(o, Segment.CS, code, o.let(o.or(o.and(code, 0), CODE_ACCESS)));
  o.setPrivilege(o.and(level, 0));
  o.count(eventIndex('ring.in'), isInner);
  if (kind === 'software') o.count(eventIndex('interrupt.software'));
  o.jumpTo(o.or(o.and(gateHigh, ~0xffff), o.and(gateLow, 0xffff)));
};

/** Writes the frame and returns its address. */
function pushFrame(o: Recorder, kind: Entry, pointer: Expression, isInner: Expression): Expression {
  const top = o.let(o.sub(pointer, o.shl(isInner, 3)));
  // Nothing may be written unless all of it will be: the frame lies in one page or two, and aligned words cross none.
  o.leaveIf(o.and(pointer, 3));
  o.probeAsSystem(o.sub(pointer, 4), 32);
  o.probeAsSystem(o.sub(top, kind === 'fault-with-code' ? 16 : 12), 32);
  // Without a change of level SS and ESP land where EFLAGS is written next.
  o.storeAsSystem(o.sub(o.add(top, o.shl(isInner, 3)), 4), o.wordAt('SELECTOR', Segment.SS), 32);
  o.storeAsSystem(o.sub(o.add(top, o.shl(isInner, 2)), 4), o.register(Register.ESP), 32);
  o.storeAsSystem(o.sub(top, 4), kind === 'software' ? o.and(o.flags(), ~Flag.RF) : o.or(o.flags(), Flag.RF), 32);
  o.storeAsSystem(o.sub(top, 8), o.wordAt('SELECTOR', Segment.CS), 32);
  o.storeAsSystem(o.sub(top, 12), o.parameter('next'), 32);
  if (kind !== 'fault-with-code') return o.let(o.sub(top, 12));
  o.storeAsSystem(o.sub(top, 16), o.parameter('source'), 32);
  return o.let(o.sub(top, 16));
}

/** Pointer and selector of the stack to push on: the TSS's for ring 0, or the current one. `harmless` is an address that was just read. */
function innerStack(o: Recorder, isInner: Expression, harmless: Expression): { pointer: Expression; selector: Expression } {
  const isTss = o.and(o.eq(o.and(o.wordAt('ACCESS', Segment.TR), TSS_TYPE | Access.UNUSABLE), TSS32_BUSY), o.lessOrEqualUnsigned(TSS_STACK_LIMIT, o.wordAt('LIMIT', Segment.TR)));
  o.leaveIf(o.and(isInner, o.isZero(isTss)));
  const task = o.wordAt('BASE', Segment.TR);
  const fromTask = o.loadAsSystem(o.select(isInner, o.add(task, TSS_ESP0), harmless), 32);
  const selector = o.loadAsSystem(o.select(isInner, o.add(task, TSS_SS0), harmless), 16);
  o.leaveIf(o.and(isInner, o.or(o.ne(o.and(selector, SELECTOR_LOCAL | SELECTOR_LEVEL), 0), o.or(o.isZero(selector), o.lessUnsigned(o.word('GDTR_LIMIT'), o.or(selector, 7))))));
  const address = o.let(o.select(isInner, o.add(o.word('GDTR_BASE'), selector), harmless));
  const low = o.loadAsSystem(address, 32);
  const high = o.loadAsSystem(o.add(address, 4), 32);
  o.leaveIf(o.and(isInner, o.or(o.ne(low, FLAT_LOW), o.ne(high, FLAT_DATA_HIGH))));
  return { pointer: o.let(o.select(isInner, fromTask, o.register(Register.ESP))), selector };
}

const interruptReturn = (o: Recorder): void => {
  requireCommonState(o, true);
  o.leaveIf(o.word('CPL'));
  const frame = o.let(o.register(Register.ESP));
  const eip = o.load(frame, 32);
  const code = o.let(o.and(o.load(o.add(frame, 4), 32), 0xffff));
  const flags = o.load(o.add(frame, 8), 32);
  o.leaveIf(o.or(o.or(o.word('NMI_BLOCKED'), o.and(flags, RARE_FLAGS)), o.and(o.sub(0, o.and(o.shr(flags, 9), 1)), o.word('INTERRUPT_PIN'))));
  const level = o.let(o.and(code, SELECTOR_LEVEL));
  const isOuter = o.let(o.eq(level, USER_LEVEL));
  o.leaveIf(o.isZero(o.or(isOuter, o.isZero(level))));
  requireDescriptor(o, code, o.let(o.or(o.shl(level, DPL_SHIFT), FLAT_CODE_HIGH)));
  // Without a change of level the frame has no stack pointer: read parts of it that are there.
  const pointer = o.load(o.add(frame, o.mul(isOuter, 12)), 32);
  const stack = o.let(o.and(o.load(o.add(o.add(frame, 4), o.mul(isOuter, 12)), 32), 0xffff));
  o.leaveIf(o.and(isOuter, o.ne(o.and(stack, SELECTOR_LEVEL), USER_LEVEL)));
  requireDescriptor(o, stack, o.let(o.select(isOuter, FLAT_DATA_HIGH | (USER_LEVEL << DPL_SHIFT), o.or(o.shl(level, DPL_SHIFT), FLAT_CODE_HIGH))));
  for (const segment of DATA_SEGMENTS) {
    const access = o.wordAt('ACCESS', segment);
    const stays = o.or(o.ne(o.and(access, Access.UNUSABLE), 0), o.eq(o.and(access, Access.DPL_MASK), Access.DPL_MASK));
    o.leaveIf(o.and(isOuter, o.isZero(stays)));
  }
  o.setRegister(Register.ESP, o.let(o.select(isOuter, pointer, o.add(frame, 12))));
  setSegment(o, Segment.SS, o.let(o.select(isOuter, stack, o.wordAt('SELECTOR', Segment.SS))), o.let(o.select(isOuter, DATA_ACCESS | Access.DPL_MASK, o.wordAt('ACCESS', Segment.SS))));
  setSegment(o, Segment.CS, code, o.let(o.or(o.shl(level, Access.DPL_SHIFT), CODE_ACCESS)));
  o.setWord('FLAG_SYSTEM', o.or(o.and(o.word('FLAG_SYSTEM'), ~IRET_FLAGS), o.and(flags, IRET_FLAGS)));
  o.setWord('RESUMED_AT', o.word('BUDGET'));
  o.setAllFlags(flags);
  o.setPrivilege(level);
  o.count(eventIndex('ring.out'), isOuter);
  o.jumpTo(eip);
};

/** `enter-fault` and its kin are no instructions: an executor uses them to deliver a fault the quick way (vector in `immediate`, EIP in `next`). */
export const rings: Semantics = { int: enterHandler('software'), iret: interruptReturn, 'enter-fault': enterHandler('fault'), 'enter-fault-with-code': enterHandler('fault-with-code') };
