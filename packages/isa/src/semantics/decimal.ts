import { Flag, Register, Vector } from '../state.js';
import type { Expression } from '../ir/expression.js';
import type { Recorder } from '../ir/recorder.js';
import type { Semantics } from './semantics.js';

/** SF, ZF and PF of a byte, as an EFLAGS image. */
function resultFlags(o: Recorder, byte: Expression): Expression {
  const even = o.and(o.shr(0x9669, o.and(o.xor(byte, o.shr(byte, 4)), 15)), 1);
  return o.or(o.shl(even, 2), o.or(o.shl(o.isZero(byte), 6), o.and(byte, Flag.SF)));
}

/** DAA and DAS (SDM vol. 2): adjust the low, then the high digit; OF is undefined and cleared. */
const adjustPacked = (subtract: boolean) => (o: Recorder): void => {
  const before = o.let(o.register(Register.EAX, 8));
  const carryBefore = o.let(o.carry());
  const low = o.let(o.or(o.lessUnsigned(9, o.and(before, 15)), o.adjust()));
  const high = o.let(o.or(o.lessUnsigned(0x99, before), carryBefore));
  const correction = o.add(o.mul(low, 6), o.mul(high, 0x60));
  const result = o.let(o.truncate(subtract ? o.sub(before, correction) : o.add(before, correction), 8));
  // DAS also carries when the low digit's correction borrows out of the byte.
  const borrow = subtract ? o.and(low, o.lessUnsigned(before, 6)) : o.and(low, 0);
  o.setRegister(Register.EAX, result, 8);
  o.setAllFlags(o.or(o.or(resultFlags(o, result), o.shl(low, 4)), o.or(high, borrow)));
};

/** AAA and AAS: only CF and AF are defined. */
const adjustUnpacked = (subtract: boolean) => (o: Recorder): void => {
  const before = o.let(o.register(Register.EAX, 16));
  const needed = o.let(o.or(o.lessUnsigned(9, o.and(before, 15)), o.adjust()));
  const correction = o.mul(needed, 0x106);
  const adjusted = subtract ? o.sub(before, correction) : o.add(before, correction);
  const result = o.let(o.and(adjusted, 0xff0f));
  o.setRegister(Register.EAX, result, 16);
  o.setAllFlags(o.or(resultFlags(o, o.let(o.and(result, 0xff))), o.or(o.shl(needed, 4), needed)));
};

export const decimal: Semantics = {
  daa: adjustPacked(false),
  das: adjustPacked(true),
  aaa: adjustUnpacked(false),
  aas: adjustUnpacked(true),
  aam: (o, base) => {
    const divisor = o.read(base);
    o.raiseIf(o.isZero(divisor), Vector.DE);
    const value = o.let(o.register(Register.EAX, 8));
    const quotient = o.let(o.divide('quotientUnsigned', 0, value, divisor));
    const remainder = o.let(o.divide('remainderUnsigned', 0, value, divisor));
    o.setRegister(Register.EAX, o.or(o.shl(quotient, 8), remainder), 16);
    o.setAllFlags(resultFlags(o, remainder));
  },
  aad: (o, base) => {
    const factor = o.read(base);
    const value = o.let(o.register(Register.EAX, 16));
    const result = o.let(o.truncate(o.add(o.and(value, 0xff), o.mul(o.shr(value, 8), factor)), 8));
    o.setRegister(Register.EAX, result, 16);
    o.setAllFlags(resultFlags(o, result));
  },
};
