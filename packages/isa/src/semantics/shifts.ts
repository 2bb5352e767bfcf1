import { Register } from '../state.js';
import type { Expression } from '../ir/expression.js';
import type { OperandSource, Recorder } from '../ir/recorder.js';
import type { Semantics } from './semantics.js';

/** Counts are taken modulo 32 whatever the operand size (SDM vol. 2, SAL/SAR/SHL/SHR). A count of 0 changes no flag: `guard` is the count then. */
function shiftCount(o: Recorder, operand: OperandSource): { count: Expression; guard: Expression | undefined } {
  const count = o.let(o.and(operand.kind === 'immediate' ? operand.value : o.read(operand), 31));
  return { count, guard: operand.kind === 'immediate' && operand.nonZero ? undefined : count };
}

const shiftLeft = (o: Recorder, destination: OperandSource, by: OperandSource): void => {
  const { count, guard } = shiftCount(o, by);
  const before = o.readForWrite(destination);
  const shifted = o.let(o.shl(before, count));
  const result = o.let(o.truncate(shifted));
  o.write(destination, result);
  const carry = o.let(o.and(o.size === 32 ? o.shr(before, o.sub(32, count)) : o.shr(shifted, o.size), 1));
  o.flagsExplicit(result, carry, o.xor(carry, o.signBit(result)), guard);
};

const shiftRight = (signed: boolean) => (o: Recorder, destination: OperandSource, by: OperandSource): void => {
  const { count, guard } = shiftCount(o, by);
  const before = o.readForWrite(destination);
  const value = o.let(signed ? o.signExtend(before) : before);
  const shift = (amount: Expression): Expression => (signed ? o.sar(value, amount) : o.shr(value, amount));
  const result = o.let(o.truncate(shift(count)));
  o.write(destination, result);
  const carry = o.let(o.and(shift(o.sub(count, 1)), 1));
  o.flagsExplicit(result, carry, signed ? o.and(carry, 0) : o.signBit(before), guard);
};

const rotate = (left: boolean) => (o: Recorder, destination: OperandSource, by: OperandSource): void => {
  const { count, guard } = shiftCount(o, by);
  const before = o.readForWrite(destination);
  const amount = o.let(o.and(count, o.size - 1));
  const rest = o.let(o.and(o.sub(0, amount), o.size - 1));
  const result = o.let(o.truncate(left ? o.or(o.shl(before, amount), o.shr(before, rest)) : o.or(o.shr(before, amount), o.shl(before, rest))));
  o.write(destination, result);
  const top = o.signBit(result);
  const carry = o.let(left ? o.and(result, 1) : top);
  o.setCarryAndOverflow(carry, left ? o.xor(carry, top) : o.xor(top, o.and(o.shr(result, o.size - 2), 1)), guard);
};

/** RCL and RCR rotate size + 1 bits; the count is taken modulo that. */
const rotateThroughCarry = (left: boolean) => (o: Recorder, destination: OperandSource, by: OperandSource): void => {
  const { count, guard } = shiftCount(o, by);
  const before = o.readForWrite(destination);
  const carryIn = o.let(o.carry());
  const { result, carry } = o.size === 32 ? rotate33(o, left, before, carryIn, count) : rotateNarrow(o, left, before, carryIn, count);
  o.write(destination, result);
  const top = o.signBit(result);
  o.setCarryAndOverflow(carry, left ? o.xor(carry, top) : o.xor(top, o.and(o.shr(result, o.size - 2), 1)), guard);
};

function rotateNarrow(o: Recorder, left: boolean, before: Expression, carryIn: Expression, count: Expression) {
  const width = o.size + 1;
  let amount = count;
  for (let multiple = width; multiple < 32; multiple += width) amount = o.sub(amount, o.mul(o.lessOrEqualUnsigned(multiple, count), width));
  amount = o.let(amount);
  const value = o.let(o.or(before, o.shl(carryIn, o.size)));
  const rest = o.sub(width, amount);
  const rotated = o.let(left ? o.or(o.shl(value, amount), o.shr(value, rest)) : o.or(o.shr(value, amount), o.shl(value, rest)));
  return { result: o.let(o.truncate(rotated)), carry: o.let(o.and(o.shr(rotated, o.size), 1)) };
}

function rotate33(o: Recorder, left: boolean, before: Expression, carryIn: Expression, count: Expression) {
  // Two shifts make the one by 33 - count, which may be 32.
  const rest = o.sub(32, count);
  const rotated = left
    ? o.or(o.or(o.shl(before, count), o.shl(carryIn, o.sub(count, 1))), o.shr(o.shr(before, 1), rest))
    : o.or(o.or(o.shr(before, count), o.shl(carryIn, rest)), o.shl(o.shl(before, 1), rest));
  const out = left ? o.and(o.shr(before, rest), 1) : o.and(o.shr(before, o.sub(count, 1)), 1);
  return { result: o.let(o.select(count, rotated, before)), carry: o.let(o.select(count, out, carryIn)) };
}

/** SHLD, SHRD. With 16-bit operands a count above 16 gives an undefined result (SDM vol. 2); ours then shifts in zeros. */
const doubleShift = (left: boolean) => (o: Recorder, destination: OperandSource, source: OperandSource, by: OperandSource): void => {
  const { count, guard } = shiftCount(o, by);
  const fill = o.read(source);
  const before = o.readForWrite(destination);
  let shifted: Expression;
  let carry: Expression;
  if (o.size === 32) {
    const rest = o.sub(32, count);
    shifted = left ? o.or(o.shl(before, count), o.shr(fill, rest)) : o.or(o.shr(before, count), o.shl(fill, rest));
    carry = o.and(left ? o.shr(before, rest) : o.shr(before, o.sub(count, 1)), 1);
  } else {
    const joined = o.let(left ? o.or(o.shl(before, 16), fill) : o.or(o.shl(fill, 16), before));
    shifted = left ? o.shr(o.shl(joined, count), 16) : o.and(o.shr(joined, count), 0xffff);
    carry = o.and(left ? o.shr(joined, o.sub(32, count)) : o.shr(joined, o.sub(count, 1)), 1);
  }
  const result = o.let(guard === undefined ? shifted : o.select(count, shifted, before));
  const carryOut = o.let(carry);
  o.write(destination, result);
  o.flagsExplicit(result, carryOut, o.xor(o.signBit(result), o.signBit(before)), guard);
};

type BitAction = 'test' | 'set' | 'reset' | 'complement';

/** BT family: with a register bit index and a memory operand the bit string is as long as the index reaches (SDM vol. 2, BT). */
const bitOperation = (action: BitAction) => (o: Recorder, base: OperandSource, index: OperandSource): void => {
  const position = index.kind === 'immediate' ? index.value : o.read(index);
  const bit = o.let(o.and(position, o.size - 1));
  const change = (value: Expression): Expression => {
    const mask = o.shl(1, bit);
    switch (action) {
      case 'set': return o.or(value, mask);
      case 'reset': return o.and(value, o.not(mask));
      default: return o.xor(value, mask);
    }
  };
  const carryOf = (value: Expression): Expression => o.and(o.shr(value, bit), 1);
  if (base.kind === 'memory' && index.kind !== 'immediate') {
    const bytes = o.let(o.shl(o.sar(o.signExtend(position), o.size === 32 ? 5 : 4), o.size === 32 ? 2 : 1));
    const address = o.addressWithOffset(base, bytes, o.size, action !== 'test');
    if (action === 'test') return o.setCarry(carryOf(o.load(address, o.size)));
    const host = o.translateWrite(address, o.size);
    const before = o.loadHost(host, o.size);
    o.storeHost(host, o.let(change(before)), o.size, true);
    return o.setCarry(carryOf(before));
  }
  if (action === 'test') return o.setCarry(carryOf(o.read(base)));
  const before = o.readForWrite(base);
  o.write(base, o.let(change(before)));
  o.setCarry(carryOf(before));
};

/** BSF, BSR: a zero source sets ZF and leaves the destination; the other flags are undefined. */
const bitScan = (forward: boolean) => (o: Recorder, destination: OperandSource, source: OperandSource): void => {
  const value = o.read(source);
  const before = o.read(destination);
  const found = forward ? o.trailingZeros(value) : o.sub(31, o.leadingZeros(value));
  o.write(destination, o.let(o.select(value, found, before)));
  o.flagsOfLogic(value);
};

export const shifts: Semantics = {
  shl: shiftLeft,
  shr: shiftRight(false),
  sar: shiftRight(true),
  rol: rotate(true),
  ror: rotate(false),
  rcl: rotateThroughCarry(true),
  rcr: rotateThroughCarry(false),
  shld: doubleShift(true),
  shrd: doubleShift(false),
  bt: bitOperation('test'),
  bts: bitOperation('set'),
  btr: bitOperation('reset'),
  btc: bitOperation('complement'),
  bsf: bitScan(true),
  bsr: bitScan(false),
  bswap: (o, destination) => {
    const value = o.read(destination);
    const swapped = o.or(o.or(o.shl(value, 24), o.shl(o.and(value, 0xff00), 8)), o.or(o.and(o.shr(value, 8), 0xff00), o.shr(value, 24)));
    o.write(destination, o.size === 32 ? o.let(swapped) : 0); // BSWAP r16 is undefined; silicon gives 0
  },
  salc: (o) => o.setRegister(Register.EAX, o.sub(0, o.carry()), 8),
};
