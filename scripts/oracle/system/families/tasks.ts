import { EAX } from '../../../../packages/engine/dist/conformance/operands.js';
import {
  Access, atLevel, BIG, CODE, codeSelector, dataSelector, descriptor, FLAT_LIMIT, Flags, gate, iopl, LANDING, LDT, long, OTHER_DIRECTORY, OTHER_TSS, Page, PAGES, Selector, STACK_TOPS, Task, Task16, testSelector, TSS, TSS16, V86_TSS, word,
} from '../layout.ts';
import type { Scenario } from '../scenario.ts';
import { Family, hex, LEVELS } from './family.ts';

const GATE = testSelector(0);
const OWN = testSelector(1);
const LIMIT = 0xf7;
const DEBUG = 1;

/** Ways to another task. */
const switches: Readonly<Record<string, (s: Scenario, selector: number) => Scenario>> = {
  'jmp tss': (s, selector) => s.jmpFar(selector, 0),
  'call tss': (s, selector) => s.callFar(selector, 0),
  'jmp gate': (s, selector) => s.table(GATE, gate(selector, 0, atLevel(Access.TASK_GATE, 3))).jmpFar(GATE, 0),
  'call gate': (s, selector) => s.table(GATE, gate(selector, 0, atLevel(Access.TASK_GATE, 3))).callFar(GATE, 0),
};
const inRing3 = (s: Scenario, base: number): Scenario => {
  s.putWord(base + Task.CS, codeSelector(3)).putWord(base + Task.SS, dataSelector(3)).putLong(base + Task.ESP, STACK_TOPS[3]);
  for (const field of [Task.ES, Task.DS, Task.FS, Task.GS]) s.putWord(base + field, dataSelector(3));
  return s;
};

/** Changes to the TSS of the new task, or to what its selectors name: [name, change]. */
const changes: readonly (readonly [string, (s: Scenario) => unknown])[] = [
  ['plain', () => {}], ['ring 3', (s) => inRing3(s, OTHER_TSS)], ['flags', (s) => s.putLong(OTHER_TSS + Task.EFLAGS, 0x240ad7 | iopl(2))], ['nt set', (s) => s.putLong(OTHER_TSS + Task.EFLAGS, Flags.NT | 2)],
  ['T bit', (s) => s.putWord(OTHER_TSS + Task.TRAP, 1)], ['T bit and fault', (s) => s.putWord(OTHER_TSS + Task.TRAP, 1).putWord(OTHER_TSS + Task.SS, 0)], ['TF', (s) => s.putLong(OTHER_TSS + Task.EFLAGS, Flags.TF | 2)],
  ['null cs', (s) => s.putWord(OTHER_TSS + Task.CS, 0)], ['cs is data', (s) => s.putWord(OTHER_TSS + Task.CS, Selector.DATA0)], ['cs rpl 3', (s) => s.putWord(OTHER_TSS + Task.CS, Selector.CODE0 | 3)], ['cs beyond table', (s) => s.putWord(OTHER_TSS + Task.CS, 0x800)],
  ['cs absent', (s) => s.table(OWN, descriptor(0, FLAT_LIMIT, Access.CODE & ~Access.PRESENT, BIG | PAGES)).putWord(OTHER_TSS + Task.CS, OWN)], ['cs conforming', (s) => inRing3(s.table(OWN, descriptor(0, FLAT_LIMIT, Access.CONFORMING, BIG | PAGES)), OTHER_TSS).putWord(OTHER_TSS + Task.CS, OWN | 3)],
  ['cs conforming of dpl 3', (s) => s.table(OWN, descriptor(0, FLAT_LIMIT, atLevel(Access.CONFORMING, 3), BIG | PAGES)).putWord(OTHER_TSS + Task.CS, OWN)],
  ['null ss', (s) => s.putWord(OTHER_TSS + Task.SS, 0)], ['ss rpl', (s) => s.putWord(OTHER_TSS + Task.SS, Selector.DATA0 | 3)], ['ss dpl', (s) => s.putWord(OTHER_TSS + Task.SS, dataSelector(3) & ~3)], ['ss beyond table', (s) => s.putWord(OTHER_TSS + Task.SS, 0x800)],
  ['ss read-only', (s) => s.table(OWN, descriptor(0, FLAT_LIMIT, Access.READ_ONLY, BIG | PAGES)).putWord(OTHER_TSS + Task.SS, OWN)], ['ss absent', (s) => s.table(OWN, descriptor(0, FLAT_LIMIT, Access.DATA & ~Access.PRESENT, BIG | PAGES)).putWord(OTHER_TSS + Task.SS, OWN)],
  ['null ds', (s) => s.putWord(OTHER_TSS + Task.DS, 0)], ['null ds rpl 3', (s) => s.putWord(OTHER_TSS + Task.DS, 3)], ['ds is execute-only', (s) => s.table(OWN, descriptor(0, FLAT_LIMIT, Access.EXECUTE_ONLY, BIG | PAGES)).putWord(OTHER_TSS + Task.DS, OWN)],
  ['es absent', (s) => s.table(OWN, descriptor(0, FLAT_LIMIT, Access.DATA & ~Access.PRESENT, BIG | PAGES)).putWord(OTHER_TSS + Task.ES, OWN)], ['fs beyond table', (s) => s.putWord(OTHER_TSS + Task.FS, 0x800)], ['gs of ring 0 in ring 3', (s) => inRing3(s, OTHER_TSS).putWord(OTHER_TSS + Task.GS, Selector.DATA0)],
  ['gs is a system segment', (s) => s.putWord(OTHER_TSS + Task.GS, Selector.LDT)], ['eip beyond limit', (s) => s.table(OWN, descriptor(CODE, 0x8ff, Access.CODE, BIG)).putWord(OTHER_TSS + Task.CS, OWN).putLong(OTHER_TSS + Task.EIP, 0x900)],
  ['null ldt', (s) => s.putWord(OTHER_TSS + Task.LDTR, 0)], ['ldt missing', (s) => s.putWord(OTHER_TSS + Task.LDTR, 0x800)], ['ldt is data', (s) => s.putWord(OTHER_TSS + Task.LDTR, Selector.DATA0)], ['ldt in ldt', (s) => s.putWord(OTHER_TSS + Task.LDTR, 0xc)],
  ['ldt absent', (s) => s.table(OWN, descriptor(LDT, 0xff, Access.LDT & ~Access.PRESENT, 0)).putWord(OTHER_TSS + Task.LDTR, OWN)], ['ds in the new ldt', (s) => s.table(OWN, descriptor(LDT + 0x200, 0xff, Access.LDT, 0)).put(LDT + 0x208, descriptor(0, FLAT_LIMIT, Access.DATA, BIG | PAGES)).putWord(OTHER_TSS + Task.LDTR, OWN).putWord(OTHER_TSS + Task.DS, 0xc)],
  ['16-bit code', (s) => s.table(OWN, descriptor(CODE, 0xffff, Access.CODE, 0)).putWord(OTHER_TSS + Task.CS, OWN).putLong(OTHER_TSS + Task.EIP, LANDING - CODE)], ['virtual 8086', (s) => s.putLong(OTHER_TSS + Task.EFLAGS, Flags.VM | 2 | iopl(3)).putWord(OTHER_TSS + Task.CS, CODE >>> 4).putLong(OTHER_TSS + Task.EIP, LANDING - CODE)],
  ['other page tables', (s) => s.paging().putLong(OTHER_TSS + Task.CR3, OTHER_DIRECTORY)], ['cr3 with low bits', (s) => s.paging().putLong(OTHER_TSS + Task.CR3, OTHER_DIRECTORY | 0x18)],
  ['descriptor absent', (s) => s.table(Selector.OTHER_TSS, descriptor(OTHER_TSS, LIMIT, Access.TSS32 & ~Access.PRESENT, 0))], ['busy', (s) => s.table(Selector.OTHER_TSS, descriptor(OTHER_TSS, LIMIT, Access.TSS32_BUSY, 0))],
  ['limit 66', (s) => s.table(Selector.OTHER_TSS, descriptor(OTHER_TSS, 0x66, Access.TSS32, 0))], ['limit 67', (s) => s.table(Selector.OTHER_TSS, descriptor(OTHER_TSS, 0x67, Access.TSS32, 0))], ['old tss limit 66', (s) => s.table(Selector.TSS, descriptor(TSS, 0x66, Access.TSS32, 0))],
];

/** Task switches by JMP and CALL, directly and through gates (SDM vol. 3, 7.3, tables 7-1 and 7-2). */
export function taskSwitches(): Family {
  const family = new Family('task');
  changes.forEach(([what, change], index) => {
    Object.entries(switches).forEach(([way, go], number) => {
      if (index > 6 && (index + number) % 2 === 0) return;
      family.add(`${way} ${what}`, (s) => {
        change(s);
        go(s, Selector.OTHER_TSS).done();
      });
    });
  });
  for (const cpl of LEVELS) for (const dpl of LEVELS) for (const kind of ['tss', 'gate'] as const) family.add(`call ${kind} cpl${cpl} dpl${dpl}`, (s) => {
    if (kind === 'tss') s.table(OWN, descriptor(OTHER_TSS, LIMIT, atLevel(Access.TSS32, dpl), 0)).enter(cpl).callFar(OWN | cpl, 0).done();
    else s.table(GATE, gate(Selector.OTHER_TSS, 0, atLevel(Access.TASK_GATE, dpl))).enter(cpl).callFar(GATE | cpl, 0).done();
  });
  sixteenBit(family);
  roundTrips(family);
  faultsInTables(family);
  return family;
}

function sixteenBit(family: Family): void {
  for (const [way, go] of Object.entries(switches)) {
    family.add(`${way} to a 16-bit task`, (s) => void go(s, Selector.TSS16).done());
    family.add(`${way} from a 16-bit task`, (s) => {
      s.header.tr = Selector.TSS16;
      go(s.pushes(32, 0xad7).popfd(), Selector.OTHER_TSS).done();
    });
    family.add(`${way} between 16-bit tasks`, (s) => {
      s.header.tr = OWN;
      go(s.table(OWN, descriptor(TSS16 + 0x800, 43, Access.TSS16, 0)), Selector.TSS16).done();
    });
  }
  for (const limit of [42, 43]) family.add(`16-bit task with limit ${limit}`, (s) => void s.table(Selector.TSS16, descriptor(TSS16, limit, Access.TSS16, 0)).jmpFar(Selector.TSS16, 0).done());
  family.add('16-bit task in ring 3', (s) => void s.putWord(TSS16 + Task16.CS, 0x3b).putWord(TSS16 + Task16.SS, 0x43).putWord(TSS16 + Task16.DS, 0).putWord(TSS16 + Task16.ES, 0x43).jmpFar(Selector.TSS16, 0));
}

/** There and back: the nested task returns by IRET or jumps. */
function roundTrips(family: Family): void {
  const backs: Readonly<Record<string, number[]>> = { iret: [0xcf], 'jmp to the busy caller': [0xea, 0, 0, 0, 0, Selector.TSS, 0], 'nt cleared then iret': [0x9c, 0x80, 0x64, 0x24, 1, 0xbf, 0x9d, 0xcf] };
  for (const [back, code] of Object.entries(backs)) for (const way of ['call tss', 'jmp tss', 'call gate'] as const) family.add(`${way} and back by ${back}`, (s) => {
    s.put(LANDING + 0x800, code).putLong(OTHER_TSS + Task.EIP, LANDING + 0x800);
    switches[way](s, Selector.OTHER_TSS).mov(EAX, 0x600d).done();
  });
  family.add('debug trap of T, then on', (s) => void s.continues(DEBUG).putWord(OTHER_TSS + Task.TRAP, 1).jmpFar(Selector.OTHER_TSS, 0));
  family.add('single step over a task switch', (s) => void s.continues(DEBUG).pushes(32, Flags.TF | 2).popfd().jmpFar(Selector.OTHER_TSS, 0));
  family.add('local breakpoints end with a task', (s) => {
    s.header.dr7 = 0x3;
    s.header.dr0 = LANDING;
    s.jmpFar(Selector.OTHER_TSS, 0);
  });
  family.add('into V86 and out by a fault', (s) => {
    s.putLong(V86_TSS + Task.EFLAGS, Flags.VM | 2).putWord(V86_TSS + Task.CS, CODE >>> 4).putLong(V86_TSS + Task.EIP, 0x900).put(CODE + 0x900, [0xfa]).putWord(V86_TSS + Task.SS, 0x2200).putLong(V86_TSS + Task.ESP, 0x1000);
    s.jmpFar(Selector.V86_TSS, 0);
  });
}

/** Page faults while the processor reads and writes TSSs and tables. */
function faultsInTables(family: Family): void {
  const readable = Page.PRESENT | Page.USER;
  const pages: Readonly<Record<string, (s: Scenario) => unknown>> = {
    'new tss absent': (s) => s.permissions(OTHER_TSS, 0), 'new tss read-only': (s) => s.permissions(OTHER_TSS, readable), 'new tss of the supervisor': (s) => s.permissions(OTHER_TSS, Page.PRESENT | Page.WRITABLE), 'old tss absent': (s) => s.permissions(TSS, 0), 'old tss read-only': (s) => s.permissions(TSS, readable),
  };
  for (const [what, change] of Object.entries(pages)) for (const way of ['call tss', 'jmp gate'] as const) for (const wp of [0, 1 << 16]) family.add(`${way} with ${what} wp${wp === 0 ? 0 : 1}`, (s) => {
    change(s.paging());
    s.header.cr0 |= wp;
    switches[way](s, Selector.OTHER_TSS).done();
  });
}

/** LTR, LLDT and the direct load of table registers (SDM vol. 2). */
export function tableRegisters(): Family {
  const family = new Family('table-register');
  const values: readonly (readonly [string, number, number[]])[] = [
    ['null', 0, []], ['null rpl 3', 3, []], ['beyond table', 0x800, []], ['local', Selector.LOCAL_TEST, descriptor(OTHER_TSS, LIMIT, Access.TSS32, 0)], ['rpl 3', Selector.OTHER_TSS | 3, []],
    ...Array.from({ length: 32 }, (_, type) => [`type ${hex(type)}`, OWN, descriptor(OTHER_TSS, LIMIT, 0x80 | type, 0)] as const),
    ['absent ldt', OWN, descriptor(LDT, 0xff, Access.LDT & ~Access.PRESENT, 0)], ['absent tss', OWN, descriptor(OTHER_TSS, LIMIT, Access.TSS32 & ~Access.PRESENT, 0)],
  ];
  for (const [what, selector, bytes] of values) for (const instruction of ['ltr', 'lldt'] as const) family.add(`${instruction} ${what}`, (s) => {
    if (bytes.length > 0) s.table(selector, bytes);
    s.mov(EAX, selector)[instruction](EAX).done();
  });
  for (const cpl of [1, 3]) for (const instruction of ['ltr', 'lldt'] as const) family.add(`${instruction} cpl${cpl}`, (s) => void s.enter(cpl).mov(EAX, 0)[instruction](EAX).done());
  for (const size of [16, 32]) family.add(`sgdt and sidt after ${size}-bit loads`, (s) => {
    const pointer = CODE + 0xfe0;
    s.put(pointer, [...word(0x7ff), ...long(0xff010000)]).put(pointer + 8, [...word(0x2ff), ...long(0xff012000)]);
    const prefix = size === 16 ? [0x66] : [];
    s.raw(...prefix, 0x0f, 0x01, 0x15, ...long(pointer), ...(size === 16 ? [] : [0x90])).raw(...prefix, 0x0f, 0x01, 0x1d, ...long(pointer + 8));
    s.raw(0x0f, 0x01, 0x05, ...long(pointer + 16)).raw(0x0f, 0x01, 0x0d, ...long(pointer + 24));
    s.put(pointer, [...word(0x7ff), ...long(size === 16 ? 0xff010000 : 0x10000)]).put(pointer + 8, [...word(0x2ff), ...long(size === 16 ? 0xff012000 : 0x12000)]).done();
  });
  return family;
}
