import { at, DS, EAX, EBX, ECX } from '../../../../packages/engine/dist/conformance/operands.js';
import { Access, atLevel, BIG, CODE, Cr0, Cr4, DATA, dataSelector, descriptor, FLAT_LIMIT, Flags, gate, iopl, LANDING, long, OWN_VECTOR, Page, PAGES, Selector, testSelector, TSS, TSS16, Task } from '../layout.ts';
import type { Scenario } from '../scenario.ts';
import { Family, hex } from './family.ts';

const DEBUG = 1;
const ENABLE_0 = 2;
/** DR7's condition and length of breakpoint 0 (SDM vol. 3, 17.2.4). */
const condition = (kind: number, length: number): number => ENABLE_0 | (kind << 16) | (length << 18);
const Kind = { EXECUTE: 0, WRITE: 1, IO: 2, ACCESS: 3 } as const;

/** Code that is stepped over or through: [name, bytes]. */
const STEPPED: Readonly<Record<string, readonly number[]>> = {
  nops: [0x90, 0x90, 0x90], 'mov ss shadow': [0x8c, 0xd0, 0x8e, 0xd0, 0x90, 0x90], 'pop ss shadow': [0x16, 0x17, 0x90, 0x90], 'sti': [0xfb, 0x90, 0xfa], 'popf clears tf': [0x6a, 2, 0x9d, 0x90], 'pushf': [0x9c, 0x58, 0x90], 'rep movsb': [0xbe, ...long(DATA), 0xbf, ...long(DATA + 0x100), 0xb9, 3, 0, 0, 0, 0xf3, 0xa4, 0x90], 'int': [0xcd, OWN_VECTOR],
  'icebp': [0xf1, 0x90], 'int3': [0xcc], 'ud2': [0x90, 0x0f, 0x0b], 'into not taken': [0x31, 0xc0, 0xce, 0x90], 'call and ret': [0xe8, 0, 0, 0, 0, 0x58], 'loop': [0xb9, 2, 0, 0, 0, 0xe2, 0xfe], 'mov ds': [0x8c, 0xd8, 0x8e, 0xd8, 0x90], 'cpuid': [0x31, 0xc0, 0x0f, 0xa2, 0x31, 0xc0, 0x31, 0xdb, 0x31, 0xc9, 0x31, 0xd2],
};

/** Single step, breakpoints in code and data, GD, T bit, INT1 (SDM vol. 3, 17.2 and 17.3). */
export function debugging(): Family {
  const family = new Family('debug');
  for (const [what, code] of Object.entries(STEPPED)) for (const cpl of [0, 3] as const) family.add(`step ${what} cpl${cpl}`, (s) => {
    s.continues(DEBUG).vector(OWN_VECTOR, gate(Selector.CODE0, LANDING, atLevel(Access.INTERRUPT32, 3))).enter(cpl, Flags.FIXED | iopl(3)).pushes(32, Flags.TF | Flags.FIXED | iopl(3)).popfd().raw(...code).done();
  });
  for (const cpl of [0, 3] as const) family.add(`breakpoint on an instruction cpl${cpl}`, (s) => {
    s.header.dr0 = LANDING + 0x800;
    s.header.dr7 = condition(Kind.EXECUTE, 0);
    s.continues(DEBUG).put(LANDING + 0x800, [0x40, 0x43]).enter(cpl).jmp({ kind: 'memory', base: undefined, displacement: DATA, segment: undefined }).put(DATA, long(LANDING + 0x800));
  });
  for (const [what, kind, length, address] of [['write 4', Kind.WRITE, 3, DATA], ['write 1', Kind.WRITE, 0, DATA + 2], ['write 2', Kind.WRITE, 1, DATA + 2], ['access 4', Kind.ACCESS, 3, DATA], ['access 1 outside', Kind.ACCESS, 0, DATA + 4], ['access 2 at odd', Kind.ACCESS, 1, DATA + 3], ['write 4 unaligned', Kind.WRITE, 3, DATA + 5]] as const) {
    for (const [how, code] of [['read', [0xa1, ...long(DATA)]], ['write', [0xa3, ...long(DATA)]], ['byte write', [0xa2, ...long(DATA + 2)]], ['push', [0xbc, ...long(DATA + 4), 0x50]], ['movsd', [0xbe, ...long(DATA + 0x100), 0xbf, ...long(DATA), 0xb9, 2, 0, 0, 0, 0xf3, 0xa5]], ['modify', [0xff, 0x05, ...long(DATA)]]] as const) family.add(`breakpoint ${what} by ${how}`, (s) => {
      s.header.dr0 = address;
      s.header.dr7 = condition(kind, length);
      s.continues(DEBUG).enter(3).raw(...code, 0x90).done();
    });
  }
  family.add('two conditions in one', (s) => {
    s.header.dr0 = DATA;
    s.header.dr7 = condition(Kind.WRITE, 3);
    s.continues(DEBUG).pushes(32, Flags.TF | Flags.FIXED).popfd().raw(0xa3, ...long(DATA), 0x90, 0x6a, 2, 0x9d).done();
  });
  family.add('breakpoint behind mov ss', (s) => {
    s.header.dr0 = DATA;
    s.header.dr7 = condition(Kind.ACCESS, 3);
    s.continues(DEBUG).put(DATA, long(Selector.DATA0)).raw(0x8e, 0x15, ...long(DATA), 0x90, 0x90).done();
  });
  family.add('not enabled', (s) => {
    s.header.dr0 = DATA;
    s.header.dr7 = condition(Kind.WRITE, 3) & ~ENABLE_0;
    s.continues(DEBUG).mov(at(DATA), EAX).done();
  });
  for (const de of [0, Cr4.DE]) family.add(`io breakpoint de${de === 0 ? 0 : 1}`, (s) => {
    s.header.cr4 = de;
    s.header.dr0 = 0x2f0;
    s.header.dr7 = condition(Kind.IO, 0);
    s.continues(DEBUG).raw(0x66, 0xba, 0xf0, 2, 0xec, 0x90).done();
  });
  for (const [what, code] of [['from dr7', [0x0f, 0x21, 0xf8]], ['to dr0', [0x0f, 0x23, 0xc0]], ['from dr6', [0x0f, 0x21, 0xf0]]] as const) for (const cpl of [0, 3] as const) family.add(`GD and mov ${what} cpl${cpl}`, (s) => {
    s.header.dr7 = 0x2000;
    s.enter(cpl).raw(...code).done();
  });
  family.add('dr7 reads back', (s) => void s.mov(EAX, 0xffff07ff).raw(0x0f, 0x23, 0xf8, 0x0f, 0x21, 0xfb, 0x31, 0xc0, 0x0f, 0x23, 0xf8, 0x0f, 0x21, 0xf9).done());
  family.add('dr6 reads back', (s) => void s.mov(EAX, 0).raw(0x0f, 0x23, 0xf0, 0x0f, 0x21, 0xf3).mov(EAX, 0xf00f).raw(0x0f, 0x23, 0xf0, 0x0f, 0x21, 0xf1).done());
  return family;
}

/** Exceptions during the delivery of exceptions: the three classes of SDM vol. 3, table 6-5, and shutdown. */
export function doubleFaults(): Family {
  const family = new Family('double-fault');
  const firsts: Readonly<Record<string, readonly [number, (s: Scenario) => Scenario]>> = {
    'DE': [0, (s) => s.raw(0x31, 0xc9, 0xf7, 0xf1)], 'DB': [1, (s) => s.raw(0xf1)], 'BP': [3, (s) => s.raw(0xcc)], 'OF': [4, (s) => s.raw(0xb0, 0x7f, 4, 1, 0xce)], 'BR': [5, (s) => s.raw(0x31, 0xc0, 0x48, 0x62, 0x05, ...long(CODE))], 'UD': [6, (s) => s.ud2()], 'NM': [7, (s) => s.raw(0xd9, 0xd0)], 'TS': [10, (s) => s.callFar(testSelector(1), 0)],
    'NP': [11, (s) => s.mov(EAX, testSelector(0)).mov(DS, EAX)], 'SS': [12, (s) => s.mov(EAX, testSelector(0)).raw(0x8e, 0xd0)], 'GP': [13, (s) => s.mov(EAX, 0x800).mov(DS, EAX)], 'PF': [14, (s) => s.mov(EAX, at(0x400000))], 'int': [OWN_VECTOR, (s) => s.int(OWN_VECTOR)],
  };
  const seconds: Readonly<Record<string, (s: Scenario, vector: number) => unknown>> = {
    'GP': (s, vector) => s.vector(vector, gate(0, 0, Access.INTERRUPT32)), 'NP': (s, vector) => s.vector(vector, gate(Selector.CODE0, 0, Access.INTERRUPT32 & ~Access.PRESENT)), 'TS': (s, vector) => s.vector(vector, gate(testSelector(2), 0, Access.TASK_GATE)).table(testSelector(2), descriptor(TSS, 10, Access.TSS32, 0)),
    'PF': (s, vector) => s.vector(vector, gate(testSelector(3), 0, Access.INTERRUPT32)).permissions(0x10000, 0), 'no gate': (s, vector) => s.vector(vector, [0, 0, 0, 0, 0, 0, 0, 0]),
  };
  for (const [first, [vector, cause]] of Object.entries(firsts)) for (const [second, trouble] of Object.entries(seconds)) family.add(`${first} then ${second}`, (s) => {
    s.table(testSelector(0), descriptor(0, FLAT_LIMIT, Access.DATA & ~Access.PRESENT, BIG | PAGES)).table(testSelector(1), descriptor(TSS, 10, Access.TSS32, 0)).paging().header.cr0 |= first === 'NM' ? Cr0.TS : 0;
    trouble(s, vector);
    cause(s).done();
  });
  family.add('three faults end in shutdown', (s) => void s.vector(6, [0, 0, 0, 0, 0, 0, 0, 0]).vector(8, [0, 0, 0, 0, 0, 0, 0, 0]).ud2());
  family.add('double fault through an interrupt gate', (s) => void s.vector(6, gate(0, 0, Access.INTERRUPT32)).vector(13, gate(0, 0, Access.INTERRUPT32)).vector(8, gate(Selector.CODE0, LANDING, Access.INTERRUPT32)).enter(3).ud2());
  family.add('ring 0 stack gone', (s) => void s.paging().permissions(TSS, Page.ALL).putLong(TSS + Task.ESP0, 0x400000).enter(3).ud2());
  return family;
}

const OWN = testSelector(0);
/** [name, limit, access, flags, offsets]. */
const SEGMENTS: readonly (readonly [string, number, number, number, readonly number[]])[] = [
  ['up byte granular', 0x7ff, Access.DATA, BIG, [0x7fc, 0x7fd, 0x7ff, 0x800, 0xffffffff, 0xfffffffc]], ['up pages', 0, Access.DATA, BIG | PAGES, [0xffc, 0xffd, 0x1000]], ['down 32', 0x7ff, Access.EXPAND_DOWN, BIG, [0x7fe, 0x7ff, 0x800, 0x10000 - 4, 0xfffffffc, 0xffffffff]],
  ['down 16', 0x7ff, Access.EXPAND_DOWN, 0, [0x7fe, 0x7ff, 0x800, 0xfffc, 0xfffd, 0x10000]], ['read-only', 0x7ff, Access.READ_ONLY, BIG, [0, 0x7ff]], ['code', 0x7ff, Access.CODE, BIG, [0, 0x7fd]], ['execute-only', 0x7ff, Access.EXECUTE_ONLY, BIG, [0]], ['whole', FLAT_LIMIT, Access.DATA, BIG | PAGES, [DATA, 0xffffffff]],
];

/** Bases other than DATA: every offset that is in the segment leads into the world. */
const bases: Readonly<Record<string, number>> = { 'whole': 1, 'down 16': TSS16, 'down 32': TSS16 };

/** Segment limits and types at access time: #GP(0), and #SS(0) for the stack (SDM vol. 3, 5.3 and 5.4). */
export function limits(): Family {
  const family = new Family('limit');
  const accesses: Readonly<Record<string, (s: Scenario, offset: number) => Scenario>> = {
    read: (s, offset) => s.mov(EBX, offset).raw(0x8b, 0x03), write: (s, offset) => s.mov(EBX, offset).raw(0x89, 0x0b), 'read word': (s, offset) => s.mov(EBX, offset).raw(0x66, 0x8b, 0x03), 'write byte': (s, offset) => s.mov(EBX, offset).raw(0x88, 0x0b), push: (s, offset) => s.raw(0xbc, ...long(offset)).push(EAX), pop: (s, offset) => s.raw(0xbc, ...long(offset)).pop(ECX),
  };
  for (const [what, limit, access, flags, offsets] of SEGMENTS) for (const offset of offsets) for (const [how, code] of Object.entries(accesses)) family.add(`${how} ${what} at ${hex(offset)}`, (s) => {
    const onStack = how === 'push' || how === 'pop';
    s.table(OWN, descriptor(bases[what] ?? DATA, limit, atLevel(access, 3), flags)).enter(3).mov(ECX, OWN | 3).raw(0x8e, onStack ? 0xd1 : 0xd9);
    code(s, offset).done();
  });
  for (const [what, limit, flags] of [['ends before', 0x800, BIG], ['ends within', 0x802, BIG], ['ends behind', 0x806, BIG], ['16-bit wraps', 0xffff, 0]] as const) family.add(`fetch, segment ${what}`, (s) => {
    s.put(CODE + 0x800, [0xb8, 1, 0, 0, 0, 0xcd, 0x40]).table(OWN, descriptor(CODE, limit, Access.CODE, flags)).jmpFar(OWN, 0x800);
  });
  for (const offset of [0x900, 0x8fe, 0x8ff]) for (const how of ['jmp', 'call', 'ret'] as const) family.add(`near ${how} to ${hex(offset)} of a short segment`, (s) => {
    s.put(CODE + 0x800, how === 'ret' ? [0x68, ...long(offset), 0xc3] : [how === 'jmp' ? 0xe9 : 0xe8, ...long(offset - 0x805)]).table(OWN, descriptor(CODE, 0x8ff, Access.CODE, BIG)).jmpFar(OWN, 0x800);
  });
  alignment(family);
  return family;
}

/** #AC: AM, AC and ring 3 (SDM vol. 3, 6.15). */
function alignment(family: Family): void {
  for (const cpl of [0, 2, 3] as const) for (const am of [0, Cr0.AM]) for (const [what, code] of [['long', [0xa1, ...long(DATA + 2)]], ['word', [0x66, 0xa1, ...long(DATA + 1)]], ['aligned', [0xa1, ...long(DATA + 4)]], ['push', [0xbc, ...long(DATA + 0x102), 0x50]], ['segment', [0xc4, 0x1d, ...long(DATA + 1)]]] as const) family.add(`alignment ${what} cpl${cpl} am${am === 0 ? 0 : 1}`, (s) => {
    s.header.cr0 |= am;
    s.put(DATA + 1, [...long(0), dataSelector(cpl), 0]).enter(cpl, Flags.FIXED | Flags.AC).raw(...code).done();
  });
}
