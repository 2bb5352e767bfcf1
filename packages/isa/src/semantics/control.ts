import { Register } from '../state.js';
import type { Expression } from '../ir/expression.js';
import type { OperandSource, Recorder } from '../ir/recorder.js';
import { CONDITIONS } from '../encoding/rows/conditions.js';
import type { Semantic, Semantics } from './semantics.js';

/** `immediate` holds the target EIP of a direct transfer, `next` the EIP behind the instruction. */
const target = (o: Recorder): Expression => o.let(o.parameter('immediate'));

const branchIf = (o: Recorder, condition: Expression): void => {
  const taken = o.let(condition);
  o.checkTarget(o.parameter('immediate'), taken);
  o.branch(taken);
};

const loop = (zeroFlag: 'any' | 'set' | 'clear') => (o: Recorder): void => {
  const count = o.let(o.truncate(o.sub(o.register(Register.ECX, o.addressSize), 1), o.addressSize));
  const more = o.ne(count, 0);
  const taken = o.let(zeroFlag === 'any' ? more : o.and(more, o.condition(zeroFlag === 'set' ? 4 : 5)));
  o.checkTarget(o.parameter('immediate'), taken);
  o.setRegister(Register.ECX, count, o.addressSize);
  o.branch(taken);
};

const jumps: Record<string, Semantic> = {};
for (const [code, { name }] of CONDITIONS.entries()) jumps[`j${name}`] = (o) => branchIf(o, o.condition(code));

export const control: Semantics = {
  ...jumps,
  jmp: (o) => {
    o.checkTarget(o.parameter('immediate'));
    o.jump();
  },
  'jmp-indirect': (o, source) => {
    const destination = o.read(source);
    o.checkTarget(destination);
    o.jumpTo(destination);
  },
  call: (o) => {
    o.checkTarget(target(o));
    o.push(o.parameter('next'));
    o.jump();
  },
  'call-indirect': (o, source) => {
    const destination = o.read(source);
    o.checkTarget(destination);
    o.push(o.parameter('next'));
    o.jumpTo(destination);
  },
  ret: (o, ...released: OperandSource[]) => {
    const { value, commit } = o.pop();
    o.checkTarget(value);
    commit(released.length > 0 ? o.parameter('immediate') : undefined);
    o.jumpTo(value);
  },
  loop: loop('any'),
  loope: loop('set'),
  loopne: loop('clear'),
  jcxz: (o) => branchIf(o, o.isZero(o.register(Register.ECX, o.addressSize))),
};
