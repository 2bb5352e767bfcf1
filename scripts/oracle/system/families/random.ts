import { EAX, EBX } from '../../../../packages/engine/dist/conformance/operands.js';
import { Access, atLevel, BIG, CODE, codeSelector, Cr0, DATA, dataSelector, descriptor, FLAT_LIMIT, Flags, gate, iopl, LANDING_OFFSET, OTHER_TSS, OWN_VECTOR, PAGES, Selector, STACK_TOPS, Task, testSelector, TSS } from '../layout.ts';
import { Random } from '../../../../packages/engine/dist/conformance/random.js';
import type { Scenario } from '../scenario.ts';
import { Family } from './family.ts';

const ENTRIES = 6;
const SYSTEM_TYPES = [Access.TSS16, Access.LDT, Access.TSS16_BUSY, Access.CALL16, Access.TASK_GATE, Access.TSS32, Access.TSS32_BUSY, Access.CALL32] as const;
const VECTOR_TYPES = [Access.TASK_GATE, Access.INTERRUPT16, Access.TRAP16, Access.INTERRUPT32, Access.TRAP32] as const;

/** Choices of one scenario. */
class Chooser {
  private readonly random: Random;
  constructor(seed: number) {
    this.random = new Random(seed);
    // Neighbouring seeds begin alike.
    for (let turn = 0; turn < 8; turn++) this.random.next();
  }
  below(limit: number): number { return (this.random.next() >>> 7) % limit; }
  of<T>(...choices: readonly T[]): T { return choices[this.below(choices.length)]; }
  /** Rarely false. */
  present(): number { return this.below(8) === 0 ? 0 : Access.PRESENT; }
  selector(): number { return this.of(testSelector(this.below(ENTRIES), this.below(4)), testSelector(this.below(ENTRIES), this.below(4)), testSelector(this.below(ENTRIES), this.below(4)), codeSelector(this.below(4)), dataSelector(this.below(4)), Selector.OTHER_TSS, 0, this.below(4), 0x800); }
}

/** A table of random descriptors and gates around valid bases, random stacks in the TSS, and one transfer or load from a random ring. */
function compose(s: Scenario, choose: Chooser): void {
  for (let entry = 0; entry < ENTRIES; entry++) s.table(testSelector(entry), randomDescriptor(choose));
  s.vector(OWN_VECTOR, gate(choose.selector(), LANDING_OFFSET, atLevel((choose.of(...VECTOR_TYPES) & ~Access.PRESENT) | choose.present(), choose.of(3, 3, choose.below(4)))));
  if (choose.below(3) === 0) s.putWord(TSS + Task.SS0 + choose.below(3) * 8, choose.selector());
  if (choose.below(3) === 0) s.putWord(OTHER_TSS + choose.of(Task.CS, Task.SS, Task.DS, Task.ES, Task.FS, Task.GS, Task.LDTR), choose.selector());
  if (choose.below(3) === 0) s.paging();
  if (choose.below(4) === 0) s.header.cr0 |= Cr0.WP;
  s.enter(choose.below(4), Flags.FIXED | iopl(choose.below(4)));
  action(s, choose);
  s.done();
}

function randomDescriptor(choose: Chooser): number[] {
  const dpl = choose.below(4);
  const present = choose.present();
  switch (choose.below(4)) {
    case 0: return gate(choose.selector(), LANDING_OFFSET, atLevel((choose.of(Access.CALL16, Access.CALL32) & ~Access.PRESENT) | present, dpl), choose.below(4));
    case 1: return descriptor(OTHER_TSS, choose.of(0x67, 0x67, 0x2b, 0x66), atLevel((choose.of(...SYSTEM_TYPES) & ~Access.PRESENT) | present, dpl), 0);
    case 2: return descriptor(CODE, 0x1fff, atLevel(0x19 | (choose.below(4) << 1) | present, dpl), BIG);
    default: return descriptor(0, FLAT_LIMIT, atLevel(0x11 | (choose.below(2) << 1) | present, dpl), BIG | PAGES);
  }
}

function action(s: Scenario, choose: Chooser): void {
  const selector = choose.selector();
  switch (choose.below(8)) {
    case 0: s.callFar(selector, LANDING_OFFSET); break;
    case 1: s.jmpFar(selector, LANDING_OFFSET); break;
    case 2: s.int(OWN_VECTOR); break;
    case 3: s.pushes(32, choose.selector(), STACK_TOPS[3], Flags.FIXED, selector, LANDING_OFFSET).iret(); break;
    case 4: s.pushes(32, choose.selector(), STACK_TOPS[3], selector, LANDING_OFFSET).retFar(); break;
    case 5: s.mov(EAX, selector).raw(0x8e, 0xc0 | (choose.of(0, 2, 3, 4, 5) << 3)).touch(DATA); break;
    case 6: s.mov(EAX, selector).lar(EBX, EAX).pushfd().verr(EAX).pushfd().verw(EAX).pushfd().lsl(EBX, EAX).pushfd(); break;
    default: s.vector(6, gate(choose.selector(), LANDING_OFFSET, choose.of(...VECTOR_TYPES))).ud2();
  }
}

/** `count` scenarios that follow from `seed`. */
export function randomScenarios(seed: number, count: number): Family {
  const family = new Family('random');
  for (let index = 0; index < count; index++) family.add(`${seed}.${index}`, (s) => compose(s, new Chooser(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b))));
  return family;
}
