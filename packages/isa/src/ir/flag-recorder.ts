import { Carry, EVEN_PARITY_TABLE } from '../flags.js';
import type { WordName } from '../state.js';
import { ExpressionBuilder, type Value } from './builder.js';
import { constant, type AccessSize, type Expression } from './expression.js';

/** Flags of the last recorded instruction, while its operands are still known: conditions are then formed from them directly. */
interface KnownFlags {
  readonly kind: 'add' | 'sub' | 'logic' | 'result';
  readonly left: Expression;
  readonly right: Expression;
  readonly result: Expression;
  readonly size: AccessSize;
}

/** The recorder's part that knows the arithmetic flags (representation in flags.ts): setting them, reading them, conditions. */
export abstract class FlagRecorder extends ExpressionBuilder {
  private known: KnownFlags | undefined;

  /** Evaluates now, so that later writes do not change the value. */
  abstract let(value: Expression): Expression;
  abstract setWord(word: WordName, value: Value): void;

  /** Flags of an addition or subtraction (with or without carry-in): `result` = truncated result. */
  flagsOfAdd(left: Expression, right: Expression, result: Expression): void {
    const differ = this.let(this.xor(left, right));
    this.setFlagWords(result, this.packCarries(this.xor(left, this.and(differ, this.not(this.xor(left, result))))));
    this.known = { kind: 'add', left, right, result, size: this.size };
  }
  flagsOfSub(left: Expression, right: Expression, result: Expression, usable = true): void {
    this.setFlagWords(result, this.packCarries(this.xor(result, this.and(this.xor(left, right), this.xor(right, result)))));
    this.known = usable ? { kind: 'sub', left, right, result, size: this.size } : undefined;
  }
  /** CF = OF = 0; AF is cleared too, as on real silicon. */
  flagsOfLogic(result: Expression): void {
    this.setFlagWords(result, constant(0));
    this.known = { kind: 'logic', left: result, right: constant(0), result, size: this.size };
  }
  /** INC, DEC: CF stays; OF and AF given. */
  flagsKeepingCarry(result: Expression, overflow: Expression, adjust: Expression): void {
    const carry = this.let(this.carry());
    this.setFlagWords(result, this.or(this.or(this.shl(carry, 31), this.shl(this.xor(carry, overflow), 30)), adjust));
    this.known = { kind: 'result', left: result, right: result, result, size: this.size };
  }
  /**
   * Explicit CF and OF (each 0 or 1) with ZF SF PF of a result, AF cleared. With `unless`, nothing changes when that is zero (shift by a count of 0).
   */
  flagsExplicit(result: Expression, carry: Expression, overflow: Expression, unless?: Expression): void {
    const word = this.or(this.shl(carry, 31), this.shl(this.xor(carry, overflow), 30));
    if (unless === undefined) this.setFlagWords(result, word);
    else {
      const kept = this.let(unless);
      const carryWord = this.let(this.select(kept, word, this.word('FLAG_CARRY')));
      this.setWord('FLAG_RESULT', this.select(kept, this.signExtend(result), this.word('FLAG_RESULT')));
      this.setWord('FLAG_CARRY', carryWord);
    }
    this.known = undefined;
  }
  /** CF and OF only (rotates); the others stay. */
  setCarryAndOverflow(carry: Expression, overflow: Expression, unless?: Expression): void {
    const kept = this.and(this.word('FLAG_CARRY'), ~(Carry.CF | Carry.CF_XOR_OF));
    const word = this.let(this.or(kept, this.or(this.shl(carry, 31), this.shl(this.xor(carry, overflow), 30))));
    this.setWord('FLAG_CARRY', unless === undefined ? word : this.select(unless, word, this.word('FLAG_CARRY')));
    this.known = undefined;
  }
  /** CF only. */
  setCarry(carry: Expression): void { this.setCarryAndOverflow(this.let(carry), this.let(this.overflow())); }
  /** ZF alone changes (BSF, CMPXCHG8B…): the other five are kept. */
  setZero(zero: Expression): void { this.setAllFlags(this.or(this.and(this.flags(), ~0x40), this.shl(zero, 6))); }
  /** All six from an EFLAGS image (POPF, SAHF, BCD): see storeArithmeticFlags. */
  setAllFlags(image: Expression): void {
    const flags = this.let(image);
    const zero = this.let(this.and(this.shr(flags, 6), 1));
    const carry = this.let(this.and(flags, 1));
    const overflow = this.and(this.shr(flags, 11), 1);
    const parityFlip = this.shl(this.xor(this.and(this.shr(flags, 2), 1), zero), 2);
    const sign = this.and(this.shr(flags, 7), 1);
    const word = this.or(this.or(this.shl(carry, 31), this.shl(this.xor(carry, overflow), 30)), this.or(this.or(this.and(this.shr(flags, 1), Carry.AF), parityFlip), sign));
    this.setWord('FLAG_RESULT', this.xor(zero, 1));
    this.setWord('FLAG_CARRY', word);
    this.known = undefined;
  }
  private setFlagWords(result: Expression, carryWord: Expression): void {
    this.setWord('FLAG_RESULT', this.signExtend(result));
    this.setWord('FLAG_CARRY', carryWord);
  }
  /** Moves the carries of bits size-1 and size-2 to bits 31 and 30 and keeps the one of bit 3. */
  private packCarries(carries: Expression): Expression {
    if (this.size === 32) return this.and(carries, Carry.ARITHMETIC);
    const vector = this.let(carries);
    return this.or(this.and(this.shl(vector, 32 - this.size), Carry.CF | Carry.CF_XOR_OF), this.and(vector, Carry.AF));
  }

  carry(): Expression { return this.shr(this.word('FLAG_CARRY'), 31); }
  overflow(): Expression { return this.shr(this.xor(this.word('FLAG_CARRY'), this.shl(this.word('FLAG_CARRY'), 1)), 31); }
  zero(): Expression { return this.isZero(this.word('FLAG_RESULT')); }
  sign(): Expression { return this.xor(this.shr(this.word('FLAG_RESULT'), 31), this.and(this.word('FLAG_CARRY'), Carry.SIGN_FLIP)); }
  parity(): Expression {
    const result = this.word('FLAG_RESULT');
    const even = this.shr(EVEN_PARITY_TABLE, this.and(this.xor(result, this.shr(result, 4)), 15));
    return this.and(this.xor(even, this.shr(this.word('FLAG_CARRY'), 2)), 1);
  }
  adjust(): Expression { return this.and(this.shr(this.word('FLAG_CARRY'), 3), 1); }
  /** The whole EFLAGS image. */
  flags(): Expression {
    const low = this.or(this.carry(), this.or(this.shl(this.parity(), 2), this.shl(this.adjust(), 4)));
    const high = this.or(this.shl(this.zero(), 6), this.or(this.shl(this.sign(), 7), this.shl(this.overflow(), 11)));
    return this.or(this.word('FLAG_SYSTEM'), this.or(low, high));
  }
  /** Forgets the operands of the last flags: the instruction changed flags in a way that conditions cannot be formed from. */
  forgetFlags(): void { this.known = undefined; }

  /** Condition 0-15 of Jcc, SETcc, CMOVcc (SDM vol. 1, appendix B): 1 or 0. */
  condition(code: number): Expression {
    const negate = (code & 1) === 1;
    const direct = this.known === undefined ? undefined : this.knownCondition(this.known, code >> 1, negate);
    if (direct !== undefined) return direct;
    const value = this.flagCondition(code >> 1);
    return negate ? this.isZero(value) : value;
  }
  private flagCondition(condition: number): Expression {
    switch (condition) {
      case 0: return this.overflow();
      case 1: return this.carry();
      case 2: return this.zero();
      case 3: return this.or(this.carry(), this.zero());
      case 4: return this.sign();
      case 5: return this.parity();
      case 6: return this.xor(this.sign(), this.overflow());
      default: return this.or(this.zero(), this.xor(this.sign(), this.overflow()));
    }
  }
  private knownCondition(known: KnownFlags, condition: number, negate: boolean): Expression | undefined {
    const { left, right, result, size } = known;
    const signed = (value: Expression): Expression => this.signExtend(value, size);
    const not = (value: Expression): Expression => (negate ? this.isZero(value) : value);
    if (condition === 2) {
      if (known.kind === 'sub') return negate ? this.ne(left, right) : this.eq(left, right);
      return negate ? this.ne(result, 0) : this.isZero(result);
    }
    if (condition === 4) return not(this.lessSigned(signed(result), 0));
    if (known.kind === 'sub') {
      switch (condition) {
        case 1: return negate ? this.lessOrEqualUnsigned(right, left) : this.lessUnsigned(left, right);
        case 3: return negate ? this.lessUnsigned(right, left) : this.lessOrEqualUnsigned(left, right);
        case 6: return negate ? this.lessOrEqualSigned(signed(right), signed(left)) : this.lessSigned(signed(left), signed(right));
        case 7: return negate ? this.lessSigned(signed(right), signed(left)) : this.lessOrEqualSigned(signed(left), signed(right));
        default: return undefined;
      }
    }
    if (known.kind === 'logic') {
      switch (condition) {
        case 0: case 1: return constant(negate ? 1 : 0);
        case 3: return negate ? this.ne(result, 0) : this.isZero(result);
        case 6: return not(this.lessSigned(signed(result), 0));
        case 7: return negate ? this.lessSigned(0, signed(result)) : this.lessOrEqualSigned(signed(result), 0);
        default: return undefined;
      }
    }
    return undefined;
  }
}
