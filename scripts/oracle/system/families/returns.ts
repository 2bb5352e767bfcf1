import { EAX, ESP, at } from '../../../../packages/engine/dist/conformance/operands.js';
import {
  Access, atLevel, BIG, CODE, codeSelector, dataSelector, descriptor, FLAT_LIMIT, Flags, iopl, LANDING, LANDING_OFFSET, OTHER_TSS, PAGES, Selector, STACK_TOPS, testSelector, TSS, Task,
} from '../layout.ts';
import type { Scenario } from '../scenario.ts';
import { Family, LEVELS, hex } from './family.ts';

const TARGET = testSelector(0);
const STACK = testSelector(1);
const CODE_LIMIT = 0x1fff;
const codeAt = (level: number, access: number = Access.CODE): number[] => descriptor(CODE, CODE_LIMIT, atLevel(access, level), BIG);
const stackAt = (level: number, access: number = Access.DATA): number[] => descriptor(0, FLAT_LIMIT, atLevel(access, level), BIG | PAGES);
const sizes = [16, 32] as const;
const OPERAND_SIZE = 0x66;
const ALL_FLAGS = 0x3f7fd5;

const iret = (s: Scenario, size: 16 | 32): Scenario => (size === 16 ? s.raw(OPERAND_SIZE, 0xcf) : s.iret());
const retf = (s: Scenario, size: 16 | 32, release: number): Scenario => s.raw(...(size === 16 ? [OPERAND_SIZE] : []), ...(release === 0 ? [0xcb] : [0xca, release & 0xff, release >>> 8]));

/** Code and stack selectors that a return may find: [name, CS, its descriptor, SS, its descriptor]. */
function outerFrames(level: number): readonly (readonly [string, number, number[], number, number[]])[] {
  const good = [TARGET | level, codeAt(level), STACK | level, stackAt(level)] as const;
  return [
    ['good', ...good], ['conforming code', good[0], codeAt(Math.max(level - 1, 0), Access.CONFORMING), good[2], good[3]], ['conforming code of an outer ring', good[0], codeAt(3, Access.CONFORMING), good[2], good[3]],
    ['code dpl', good[0], codeAt((level + 1) & 3), good[2], good[3]], ['code absent', good[0], codeAt(level, Access.CODE & ~Access.PRESENT), good[2], good[3]], ['code is data', good[0], stackAt(level), good[2], good[3]],
    ['null code', level, [], good[2], good[3]], ['code beyond table', 0x800 | level, [], good[2], good[3]], ['eip beyond limit', good[0], descriptor(CODE, 0x800, atLevel(Access.CODE, level), BIG), good[2], good[3]],
    ['null stack', good[0], good[1], level, []], ['stack rpl', good[0], good[1], STACK | ((level + 1) & 3), good[3]], ['stack dpl', good[0], good[1], good[2], stackAt((level + 1) & 3)],
    ['stack read-only', good[0], good[1], good[2], stackAt(level, Access.READ_ONLY)], ['stack absent', good[0], good[1], good[2], stackAt(level, Access.DATA & ~Access.PRESENT)], ['stack is code', good[0], good[1], good[2], stackAt(level, Access.CODE)],
    ['stack beyond table', good[0], good[1], 0x800 | level, []], ['16-bit stack', good[0], good[1], good[2], descriptor(STACK_TOPS[level] & -0x1000, 0xfff, atLevel(Access.DATA, level), 0)],
  ];
}

function build(s: Scenario, cs: number, code: number[], ss: number, stack: number[]): void {
  if (code.length > 0) s.table(cs, code);
  if (stack.length > 0) s.table(ss, stack);
}

/** IRET within a ring, to outer rings, to virtual-8086 mode and from nested tasks (SDM vol. 2, IRET/IRETD: Operation). */
export function interruptReturns(): Family {
  const family = new Family('iret');
  for (const level of LEVELS) for (const [what, cs, code, ss, stack] of outerFrames(level)) {
    const size = sizes[(level + what.length) & 1];
    family.add(`${what} to ring ${level} size ${size}`, (s) => {
      build(s, cs, code, ss, stack);
      iret(s.pushes(size, ss, 0x800 + (STACK_TOPS[level] & -0x1000), Flags.FIXED | Flags.IF, cs, LANDING_OFFSET), size).done();
    });
  }
  for (const cpl of LEVELS) for (const ioplNow of [0, 1, 3]) for (const size of sizes) family.add(`flags cpl${cpl} iopl${ioplNow} size ${size}`, (s) => {
    s.table(TARGET, codeAt(cpl)).enter(cpl, Flags.FIXED | iopl(ioplNow));
    iret(s.pushes(size, ALL_FLAGS & ~(Flags.VM | Flags.TF | Flags.NT), TARGET | cpl, LANDING_OFFSET), size).done();
  });
  for (const cpl of [1, 2, 3] as const) for (const rpl of LEVELS) family.add(`from ring ${cpl} to rpl ${rpl}`, (s) => void s.enter(cpl).pushes(32, dataSelector(rpl), STACK_TOPS[rpl], 2, codeSelector(rpl), LANDING).iret().done());
  for (const cpl of [1, 3] as const) family.add(`VM in the image from ring ${cpl}`, (s) => void s.enter(cpl).pushes(32, Flags.FIXED | Flags.VM, codeSelector(cpl), LANDING).iret().done());
  dataSegmentsOnReturn(family);
  nestedTasks(family);
  virtual8086(family);
  shortFrames(family);
  return family;
}

/** A return to an outer ring empties data segment registers that the ring may not use (SDM vol. 3, 5.8.6). */
function dataSegmentsOnReturn(family: Family): void {
  const contents: Readonly<Record<string, number[]>> = { data: stackAt(0), 'data dpl3': stackAt(3), 'code': codeAt(0), 'conforming': codeAt(0, Access.CONFORMING), 'execute-only': codeAt(3) };
  for (const [what, bytes] of Object.entries(contents)) for (const level of [1, 3] as const) for (const kind of ['iret', 'retf'] as const) family.add(`${kind} to ring ${level} with ${what} in FS`, (s) => {
    s.table(testSelector(3), bytes).mov(EAX, testSelector(3)).raw(0x8e, 0xe0).mov(EAX, 0).raw(0x8e, 0xe8);
    if (kind === 'iret') s.pushes(32, dataSelector(level), STACK_TOPS[level], 2, codeSelector(level), LANDING).iret();
    else s.pushes(32, dataSelector(level), STACK_TOPS[level], codeSelector(level), LANDING).retFar();
    s.done();
  });
}

const nested = (s: Scenario): Scenario => s.pushes(32, Flags.FIXED | Flags.NT).popfd();
function nestedTasks(family: Family): void {
  const links: readonly (readonly [string, number, number[]])[] = [
    ['busy', Selector.OTHER_TSS, descriptor(OTHER_TSS, 0xf7, Access.TSS32_BUSY, 0)], ['available', Selector.OTHER_TSS, descriptor(OTHER_TSS, 0xf7, Access.TSS32, 0)], ['absent', Selector.OTHER_TSS, descriptor(OTHER_TSS, 0xf7, Access.TSS32_BUSY & ~Access.PRESENT, 0)],
    ['limit 66', Selector.OTHER_TSS, descriptor(OTHER_TSS, 0x66, Access.TSS32_BUSY, 0)], ['null', 0, []], ['data', Selector.DATA0, []], ['local', Selector.LOCAL_TEST, descriptor(OTHER_TSS, 0xf7, Access.TSS32_BUSY, 0)], ['beyond table', 0x800, []],
    ['16-bit busy', testSelector(4), descriptor(0x15000, 43, Access.TSS16_BUSY, 0)], ['itself', Selector.TSS, []],
  ];
  for (const [what, link, bytes] of links) for (const cpl of [0, 3] as const) family.add(`NT link ${what} cpl${cpl}`, (s) => {
    s.putWord(TSS + Task.LINK, link);
    if (bytes.length > 0) s.table(link, bytes);
    nested(s.enter(cpl)).iret().done();
  });
}

function virtual8086(family: Family): void {
  for (const [what, flags] of [['plain', 0], ['iopl 3', iopl(3) | Flags.IF], ['all', ALL_FLAGS & ~(Flags.TF | Flags.NT)]] as const) family.add(`to V86 ${what}`, (s) => void s.enterVirtual8086(flags, [0x8c, 0xc8, 0x8c, 0xd3]));
  family.add('to V86 with eip above 64K', (s) => void s.pushes(32, 0, 0, 0, 0, 0x2200, 0x1f00, Flags.VM | 2, 0x2000, 0x11000).iret().done());
  family.add('to V86 with 16-bit size', (s) => void s.table(TARGET, codeAt(0)).pushes(16, 0x2200, 0x1f00, 2, TARGET, LANDING_OFFSET).raw(OPERAND_SIZE, 0xcf).done());
}

/** A frame that the stack segment's limit cuts off (SDM: #SS(0)). */
function shortFrames(family: Family): void {
  for (const bytes of [4, 8, 11, 12, 16, 19, 20]) for (const kind of ['iret', 'retf'] as const) family.add(`${kind} with ${bytes} bytes of stack`, (s) => {
    const base = STACK_TOPS[0] & -0x1000;
    s.table(STACK, descriptor(base, 0x7ff, Access.DATA, BIG));
    s.pushes(32, dataSelector(3), STACK_TOPS[3], ...(kind === 'iret' ? [2] : []), codeSelector(3), LANDING);
    // The frame is copied to where the segment ends.
    const words = kind === 'iret' ? 5 : 4;
    for (let word = 0; word * 4 < bytes; word++) if (word < words) s.mov(EAX, at(ESP, word * 4)).mov(at(base + 0x800 - bytes + word * 4), EAX);
    s.mov(EAX, STACK).raw(0x8e, 0xd0).mov(ESP, 0x800 - bytes);
    (kind === 'iret' ? s.iret() : s.retFar()).done();
  });
}

/** RETF within a ring and outward, with and without released bytes (SDM vol. 2, RET: Operation). */
export function farReturns(): Family {
  const family = new Family('retf');
  for (const level of LEVELS) for (const [what, cs, code, ss, stack] of outerFrames(level)) {
    const size = sizes[(level + what.length) & 1];
    const release = what.length % 3 === 0 ? 8 : 0;
    family.add(`${what} to ring ${level} size ${size} release ${release}`, (s) => {
      build(s, cs, code, ss, stack);
      s.pushes(size, ss, 0x800 + (STACK_TOPS[level] & -0x1000));
      if (release > 0) s.raw(0x83, 0xec, release);
      retf(s.pushes(size, cs, LANDING_OFFSET), size, release).done();
    });
  }
  for (const cpl of [1, 2, 3] as const) for (const rpl of LEVELS) family.add(`from ring ${cpl} to rpl ${rpl}`, (s) => void s.enter(cpl).pushes(32, dataSelector(rpl), STACK_TOPS[rpl], codeSelector(rpl), LANDING).retFar().done());
  for (const release of [4, 0x10, 0x100, 0x4000]) for (const cpl of [0, 3] as const) family.add(`same ring ${cpl} release ${hex(release)}`, (s) => void retf(s.enter(cpl).pushes(32, codeSelector(cpl), LANDING), 32, release).done());
  return family;
}
