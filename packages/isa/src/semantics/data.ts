import { Status } from '../x87/words.js';
import { CR0, Flag, Register, Vector } from '../state.js';
import type { Semantics } from './semantics.js';
import { CONDITIONS } from '../encoding/rows/conditions.js';

/** Moves, exchanges, conversions, stack, flag images. */
const moves: Semantics = {
  mov: (o, destination, source) => o.write(destination, o.read(source)),
  movzx: (o, destination, source) => o.write(destination, o.read(source)),
  movsx: (o, destination, source) => {
    const value = o.read(source);
    o.write(destination, o.let(o.truncate(o.signExtend(value, source.kind === 'register' || source.kind === 'memory' ? (source.size as 8 | 16) : o.size))));
  },
  lea: (o, destination, source) => o.write(destination, o.effectiveAddress(source)),
  xchg: (o, destination, source) => {
    const right = o.read(source);
    const left = o.readForWrite(destination);
    o.write(destination, right);
    o.write(source, left);
  },
  xadd: (o, destination, source) => {
    const right = o.read(source);
    const left = o.readForWrite(destination);
    const sum = o.let(o.truncate(o.add(left, right)));
    o.write(source, left);
    o.write(destination, sum);
    o.flagsOfAdd(left, right, sum);
  },
  cmpxchg: (o, destination, source) => {
    const accumulator = o.let(o.register(Register.EAX, o.size));
    const replacement = o.read(source);
    const before = o.readForWrite(destination);
    const equal = o.let(o.eq(accumulator, before));
    o.setRegister(Register.EAX, o.select(equal, accumulator, before), o.size);
    o.write(destination, o.let(o.select(equal, replacement, before)));
    o.flagsOfSub(accumulator, before, o.let(o.truncate(o.sub(accumulator, before))));
  },
  cmpxchg8b: (o, destination) => {
    const host = o.translateOperandForWrite(destination, 64);
    const low = o.loadHost(host, 32);
    const high = o.loadHost(o.add(host, 4), 32);
    const equal = o.let(o.and(o.eq(low, o.register(Register.EAX)), o.eq(high, o.register(Register.EDX))));
    o.storeHost(host, o.select(equal, o.register(Register.EBX), low), 32, false);
    o.storeHost(o.add(host, 4), o.select(equal, o.register(Register.ECX), high), 32, true);
    o.setRegister(Register.EAX, o.select(equal, o.register(Register.EAX), low));
    o.setRegister(Register.EDX, o.select(equal, o.register(Register.EDX), high));
    o.setZero(equal);
  },
  // CBW, CWDE: AL -> AX, AX -> EAX. CWD, CDQ: the sign of the accumulator fills DX, EDX.
  cbw: (o) => {
    const half = o.size === 32 ? 16 : 8;
    o.setRegister(Register.EAX, o.signExtend(o.register(Register.EAX, half), half), o.size);
  },
  cwd: (o) => o.setRegister(Register.EDX, o.sar(o.signExtend(o.register(Register.EAX, o.size)), 31), o.size),
  xlat: (o) => {
    const offset = o.truncate(o.add(o.register(Register.EBX), o.register(Register.EAX, 8)), o.addressSize);
    o.setRegister(Register.EAX, o.tableByte(offset), 8);
  },
  nop: () => {},
  // FWAIT obeys TS only while MP is set (SDM vol. 3, 2.5).
  fwait: (o) => {
    const waits = CR0.MP | CR0.TS;
    o.raiseIf(o.eq(o.and(o.word('CR0'), waits), waits), Vector.NM);
    // A pending exception is the procedure's to report.
    o.leaveIf(o.and(o.word('X87_STATUS'), Status.ERROR_SUMMARY));
  },
};

const stack: Semantics = {
  push: (o, source) => o.push(o.read(source)),
  pop: (o, destination) => {
    // POP m computes the address with ESP already incremented (SDM vol. 2, POP); POP ESP loads the popped value.
    const { value, commit } = o.pop();
    if (destination.kind === 'memory') {
      const host = o.translatePoppedOperand(destination);
      commit();
      o.storeHost(host, value, o.size, true);
    } else {
      commit();
      o.write(destination, value);
    }
  },
  leave: (o) => {
    const frame = o.let(o.register(Register.EBP, o.stackSize));
    const saved = o.loadFromStackSegment(frame, o.size);
    o.setStackPointer(o.add(frame, o.size / 8));
    o.setRegister(Register.EBP, saved, o.size);
  },
};

/** EFLAGS bits that PUSHF never shows: RF, VM and the V386 mode's own bit. */
const HIDDEN_FLAGS = Flag.RF | Flag.VM | Flag.V386;
/** Set in an image they go the slow way: TF, and what not every model has. */
const RARE_FLAGS = Flag.TF | Flag.AC | Flag.ID;
/** What POPF may change at CPL 0 outside virtual-8086 mode, TF apart. */
const SUPERVISOR_FLAGS = Flag.IF | Flag.DF | Flag.IOPL | Flag.NT | Flag.AC | Flag.ID;

const flagImages: Semantics = {
  pushf: (o) => {
    o.leaveIf(o.or(o.word('TRAP_SENSITIVE'), o.and(o.word('FLAG_SYSTEM'), Flag.VM)));
    o.push(o.let(o.and(o.flags(), ~HIDDEN_FLAGS)));
  },
  popf: (o) => {
    o.leaveIf(o.size === 32 ? o.or(o.word('CPL'), o.and(o.word('FLAG_SYSTEM'), Flag.VM | Flag.TF | Flag.AC)) : 1);
    const { value, commit } = o.pop();
    // An interrupt that waits for IF, or a single-step trap, must be seen before the next instruction.
    o.leaveIf(o.or(o.and(value, RARE_FLAGS), o.and(o.sub(0, o.and(o.shr(value, 9), 1)), o.word('INTERRUPT_PIN'))));
    commit();
    const kept = o.and(o.word('FLAG_SYSTEM'), ~(SUPERVISOR_FLAGS | Flag.RF));
    o.setWord('FLAG_SYSTEM', o.or(kept, o.and(value, SUPERVISOR_FLAGS)));
    o.setAllFlags(value);
  },
  lahf: (o) => o.setHighByteOfAccumulator(o.flags()),
  sahf: (o) => {
    const image = o.let(o.and(o.highByteOfAccumulator(), 0xd5));
    o.setAllFlags(o.or(image, o.shl(o.overflow(), 11)));
  },
  clc: (o) => o.setCarry(o.and(o.word('FLAG_CARRY'), 0)),
  stc: (o) => o.setCarry(o.or(o.and(o.word('FLAG_CARRY'), 0), 1)),
  cmc: (o) => o.setCarry(o.xor(o.carry(), 1)),
  cld: (o) => o.setWord('FLAG_SYSTEM', o.and(o.word('FLAG_SYSTEM'), ~Flag.DF)),
  std: (o) => o.setWord('FLAG_SYSTEM', o.or(o.word('FLAG_SYSTEM'), Flag.DF)),
  cli: (o) => {
    o.leaveIf(o.or(o.word('CPL'), o.and(o.word('FLAG_SYSTEM'), Flag.VM)));
    o.setWord('FLAG_SYSTEM', o.and(o.word('FLAG_SYSTEM'), ~Flag.IF));
  },
};

const conditional: Record<string, Semantics[string]> = {};
for (const [code, { name }] of CONDITIONS.entries()) {
  conditional[`set${name}`] = (o, destination) => o.write(destination, o.let(o.condition(code)));
  conditional[`cmov${name}`] = (o, destination, source) => {
    const replacement = o.read(source);
    const before = o.read(destination);
    o.write(destination, o.let(o.select(o.condition(code), replacement, before)));
  };
}

export const data: Semantics = { ...moves, ...stack, ...flagImages, ...conditional };
