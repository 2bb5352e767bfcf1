import { Register, type RegisterIndex } from '../state.js';
import type { Expression } from '../ir/expression.js';
import type { Recorder } from '../ir/recorder.js';
import type { Semantic, Semantics } from './semantics.js';

/** Moves ESI or EDI by one element in the direction of DF. */
function step(o: Recorder, register: RegisterIndex): void {
  const bytes = o.size / 8;
  const backwards = o.and(o.shr(o.word('FLAG_SYSTEM'), 10), 1);
  o.setRegister(register, o.add(o.register(register, o.addressSize), o.sub(bytes, o.mul(backwards, 2 * bytes))), o.addressSize);
}

function compare(o: Recorder, left: Expression, right: Expression): void {
  o.flagsOfSub(left, right, o.let(o.truncate(o.sub(left, right))));
}

/** One element each; `repeated` makes the repeating forms of them. */
export const strings: Semantics = {
  movs: (o) => {
    const value = o.load(o.stringSource(), o.size);
    o.store(o.stringDestination(true), value, o.size);
    step(o, Register.ESI);
    step(o, Register.EDI);
  },
  stos: (o) => {
    o.store(o.stringDestination(true), o.register(Register.EAX, o.size), o.size);
    step(o, Register.EDI);
  },
  lods: (o) => {
    const value = o.load(o.stringSource(), o.size);
    o.setRegister(Register.EAX, value, o.size);
    step(o, Register.ESI);
  },
  scas: (o) => {
    const right = o.load(o.stringDestination(false), o.size);
    const left = o.let(o.register(Register.EAX, o.size));
    step(o, Register.EDI);
    compare(o, left, right);
  },
  cmps: (o) => {
    const left = o.load(o.stringSource(), o.size);
    const right = o.load(o.stringDestination(false), o.size);
    step(o, Register.ESI);
    step(o, Register.EDI);
    compare(o, left, right);
  },
};

/** The string instructions of which many iterations can be done at once. */
export const BULK_ACTIONS: Readonly<Record<string, 'move' | 'fill' | undefined>> = { movs: 'move', stos: 'fill' };

/**
 * The repeating form of a string instruction: one iteration, then again at the same EIP while the count lasts. So every iteration is an
 * instruction boundary, where interrupts, budgets and faults find exact state (SDM vol. 2, REP), and counts as one retired instruction.
 */
export function repeated(semantic: Semantic, condition: 'none' | 'repe' | 'repne', bulk?: 'move' | 'fill'): Semantic {
  return (o) => {
    o.doneIf(o.isZero(o.let(o.register(Register.ECX, o.addressSize))));
    if (bulk !== undefined) o.bulk(bulk);
    const count = o.let(o.register(Register.ECX, o.addressSize));
    semantic(o);
    const rest = o.let(o.truncate(o.sub(count, 1), o.addressSize));
    o.setRegister(Register.ECX, rest, o.addressSize);
    const nonZero = o.ne(rest, 0);
    const more = o.let(condition === 'none' ? nonZero : o.and(nonZero, o.condition(condition === 'repe' ? 4 : 5)));
    o.setWord('REPEATING', more);
    o.branch(more);
  };
}
