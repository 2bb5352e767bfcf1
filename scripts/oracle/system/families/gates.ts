import { Access, atLevel, BIG, CODE, codeSelector, dataSelector, descriptor, FLAT_LIMIT, gate, LANDING, LANDING_OFFSET, OTHER_TSS, OWN_VECTOR, PAGES, Selector, STACK_TOPS, Task, Task16, testSelector, TSS, TSS16 } from '../layout.ts';
import type { Scenario } from '../scenario.ts';
import { Family, hex, LEVELS } from './family.ts';

/** Entry of the code segment that a gate leads to, and of the gate. */
const TARGET = 0;
const GATE = 1;
const CODE_LIMIT = 0x1fff;
const far = { call: (s: Scenario, selector: number) => s.callFar(selector, 0), jump: (s: Scenario, selector: number) => s.jmpFar(selector, 0) } as const;
const ways = ['call', 'jump'] as const;
const widths = [16, 32] as const;
const callGate = { 16: Access.CALL16, 32: Access.CALL32 } as const;

/** A code segment whose offset LANDING_OFFSET is the landing page, in reach of 16-bit gates. */
const codeAt = (level: number, access: number, flags: number = BIG): number[] => descriptor(CODE, CODE_LIMIT, atLevel(access, level), flags);

/** Calls and jumps through call gates by CPL, DPL, RPL and the target's DPL and type (SDM vol. 3, 5.8.4 and table 5-2). */
export function callGates(): Family {
  const family = new Family('call-gate');
  for (const way of ways) for (const cpl of LEVELS) for (const gateDpl of LEVELS) for (const dpl of LEVELS) for (const access of [Access.CODE, Access.CONFORMING]) {
    const width = widths[(cpl + gateDpl + dpl) & 1];
    family.add(`${way} cpl${cpl} gate${width}-dpl${gateDpl} ${access === Access.CODE ? 'code' : 'conforming'}-dpl${dpl}`, (s) => {
      s.table(testSelector(TARGET), codeAt(dpl, access)).table(testSelector(GATE), gate(testSelector(TARGET), LANDING_OFFSET, atLevel(callGate[width], gateDpl)));
      far[way](s.enter(cpl), testSelector(GATE, cpl)).done();
    });
  }
  for (const rpl of LEVELS) for (const gateDpl of LEVELS) family.add(`rpl${rpl} gate-dpl${gateDpl} from ring 0`, (s) => {
    s.table(testSelector(GATE), gate(Selector.CODE0, LANDING, atLevel(Access.CALL32, gateDpl))).callFar(testSelector(GATE, rpl), 0).done();
  });
  for (const width of widths) for (const parameters of [0, 1, 2, 5, 31, 32]) for (const cpl of LEVELS) family.add(`parameters ${parameters} gate${width} cpl${cpl}`, (s) => {
    s.table(testSelector(TARGET), codeAt(0, Access.CODE)).table(testSelector(GATE), gate(testSelector(TARGET), LANDING_OFFSET, atLevel(callGate[width], 3), parameters));
    s.enter(cpl).pushes(32, 0x11111111, 0x22222222, 0x33333333, 0x44444444, 0x55555555).callFar(testSelector(GATE, cpl), 0).done();
  });
  badTargets(family);
  return family;
}

/** Gates that name what is no code, is absent, or lies outside (SDM vol. 2, CALL: CALL-GATE). */
function badTargets(family: Family): void {
  const targets: readonly (readonly [string, number[], number])[] = [
    ['data', descriptor(0, FLAT_LIMIT, Access.DATA, BIG | PAGES), testSelector(TARGET)], ['absent', codeAt(0, Access.CODE & ~Access.PRESENT), testSelector(TARGET)],
    ['system', descriptor(TSS, 0x67, Access.LDT, 0), testSelector(TARGET)], ['offset beyond limit', descriptor(CODE, LANDING_OFFSET - 1, Access.CODE, BIG), testSelector(TARGET)],
    ['empty', [0, 0, 0, 0, 0, 0, 0, 0], testSelector(TARGET)], ['null', codeAt(0, Access.CODE), 0], ['null with rpl', codeAt(0, Access.CODE), 3], ['beyond table', codeAt(0, Access.CODE), 0x800],
    ['selector rpl3', codeAt(0, Access.CODE), testSelector(TARGET, 3)], ['16-bit code', codeAt(0, Access.CODE, 0), testSelector(TARGET)], ['execute-only', codeAt(0, Access.EXECUTE_ONLY), testSelector(TARGET)],
  ];
  for (const [what, bytes, selector] of targets) for (const way of ways) for (const cpl of [0, 3] as const) family.add(`${way} target ${what} cpl${cpl}`, (s) => {
    s.table(testSelector(TARGET), bytes).table(testSelector(GATE), gate(selector, LANDING_OFFSET, atLevel(Access.CALL32, 3)));
    far[way](s.enter(cpl), testSelector(GATE, cpl)).done();
  });
  for (const cpl of [0, 3] as const) for (const width of widths) {
    family.add(`gate${width} absent cpl${cpl}`, (s) => void s.table(testSelector(GATE), gate(Selector.CODE0, LANDING, atLevel(callGate[width] & ~Access.PRESENT, 3))).enter(cpl).callFar(testSelector(GATE, cpl), 0).done());
    family.add(`gate${width} in the local table cpl${cpl}`, (s) => void s.table(testSelector(TARGET), codeAt(0, Access.CODE)).table(Selector.LOCAL_TEST, gate(testSelector(TARGET), LANDING_OFFSET, atLevel(callGate[width], 3))).enter(cpl).callFar(Selector.LOCAL_TEST | cpl, 0).done());
  }
  for (let type = 0; type < 16; type++) for (const way of ways) family.add(`${way} system type ${hex(type)}`, (s) => {
    const isTask = (type & 5) === 1;
    s.table(testSelector(TARGET), codeAt(0, Access.CODE)).table(testSelector(GATE), isTask ? descriptor(type < 8 ? TSS16 : OTHER_TSS, 0x67, 0x80 | type, 0) : gate(testSelector(TARGET), LANDING_OFFSET, 0x80 | type));
    far[way](s, testSelector(GATE)).done();
  });
}

/** What SS:ESP of the inner ring can be: [name, SS, bytes of a descriptor at entry 2, ESP]. */
const STACK = testSelector(2);
const stacks: readonly (readonly [string, number, number[], number])[] = [
  ['null', 0, [], STACK_TOPS[0]], ['null with rpl', 3, [], STACK_TOPS[0]], ['rpl 3', dataSelector(0) | 3, [], STACK_TOPS[0]], ['dpl 3', STACK, descriptor(0, FLAT_LIMIT, atLevel(Access.DATA, 3), BIG | PAGES), STACK_TOPS[0]],
  ['dpl and rpl 3', STACK | 3, descriptor(0, FLAT_LIMIT, atLevel(Access.DATA, 3), BIG | PAGES), STACK_TOPS[0]],
  ['read-only', STACK, descriptor(0, FLAT_LIMIT, Access.READ_ONLY, BIG | PAGES), STACK_TOPS[0]], ['code', STACK, descriptor(0, FLAT_LIMIT, Access.CODE, BIG | PAGES), STACK_TOPS[0]],
  ['absent', STACK, descriptor(0, FLAT_LIMIT, Access.DATA & ~Access.PRESENT, BIG | PAGES), STACK_TOPS[0]], ['system', STACK, descriptor(0, 0xffff, Access.LDT, 0), STACK_TOPS[0]],
  ['beyond table', 0x800, [], STACK_TOPS[0]], ['local', Selector.LOCAL_TEST, [], STACK_TOPS[0]], ['local good', Selector.LOCAL_TEST, descriptor(0, FLAT_LIMIT, Access.DATA, BIG | PAGES), STACK_TOPS[0]],
  ['16-bit', STACK, descriptor(STACK_TOPS[0] & -0x1000, 0xfff, Access.DATA, 0), 0x800], ['16-bit with high esp', STACK, descriptor(STACK_TOPS[0] & -0x1000, 0xfff, Access.DATA, 0), 0xabcd0800],
  ['exact fit', STACK, descriptor(STACK_TOPS[0] & -0x1000, 0xfff, Access.DATA, BIG), 20], ['4 bytes short', STACK, descriptor(STACK_TOPS[0] & -0x1000, 0xfff, Access.DATA, BIG), 16],
  ['1 byte short', STACK, descriptor(STACK_TOPS[0] & -0x1000, 0xfff, Access.DATA, BIG), 19], ['esp beyond limit', STACK, descriptor(STACK_TOPS[0] & -0x1000, 0x7ff, Access.DATA, BIG), 0x804],
  ['esp at limit', STACK, descriptor(STACK_TOPS[0] & -0x1000, 0x7ff, Access.DATA, BIG), 0x800],
  ['expand-down', STACK, descriptor(0, 0xfff, Access.EXPAND_DOWN, BIG), STACK_TOPS[0]], ['expand-down below limit', STACK, descriptor(0, 0x1f, Access.EXPAND_DOWN, BIG | PAGES), STACK_TOPS[0]],
  ['expand-down 16', STACK, descriptor(STACK_TOPS[0] & -0x1000, 0x7f0, Access.EXPAND_DOWN, 0), 0x804], ['expand-down 16 fits', STACK, descriptor(STACK_TOPS[0] & -0x1000, 0x7bf, Access.EXPAND_DOWN, 0), 0x804],
];

/** Transfers to ring 0 whose stack is the problem, by call gates and interrupt gates, with 16- and 32-bit TSS (SDM vol. 3, 5.8.5, 6.12.1). */
export function innerStacks(): Family {
  const family = new Family('inner-stack');
  for (const [what, ss, bytes, esp] of stacks) for (const entry of ['call16', 'call32', 'interrupt16', 'interrupt32', 'fault'] as const) family.add(`${what} ${entry}`, (s) => {
    s.put(TSS + Task.ESP0, [esp & 0xff, (esp >>> 8) & 0xff, (esp >>> 16) & 0xff, esp >>> 24]).putWord(TSS + Task.SS0, ss);
    if (bytes.length > 0) s.table(ss, bytes);
    enterInner(s, entry);
  });
  for (const [what, ss, bytes, esp] of stacks.slice(0, 12)) for (const entry of ['call32', 'interrupt32'] as const) family.add(`${what} ${entry} with a 16-bit tss`, (s) => {
    s.header.tr = Selector.TSS16;
    s.putWord(TSS16 + Task16.SP0, esp).putWord(TSS16 + Task16.SS0, ss);
    if (bytes.length > 0) s.table(ss, bytes);
    enterInner(s, entry);
  });
  for (const limit of [3, 7, 8, 9, 10, 11, 15, 17, 25]) for (const level of [0, 1, 2]) family.add(`tss limit ${limit} to ring ${level}`, (s) => {
    s.table(Selector.TSS, descriptor(TSS, limit, Access.TSS32, 0)).table(testSelector(GATE), gate(codeSelector(level), LANDING, atLevel(Access.CALL32, 3))).enter(3).callFar(testSelector(GATE, 3), 0).done();
  });
  for (const level of [1, 2]) for (const entry of ['call', 'interrupt'] as const) family.add(`${entry} from ring 3 to ring ${level}`, (s) => {
    s.table(testSelector(GATE), gate(codeSelector(level), LANDING, atLevel(Access.CALL32, 3), 2)).vector(OWN_VECTOR, gate(codeSelector(level), LANDING, atLevel(Access.TRAP32, 3))).enter(3).push(0x1234).push(0x5678);
    (entry === 'call' ? s.callFar(testSelector(GATE, 3), 0) : s.int(OWN_VECTOR)).done();
  });
  return family;
}

type Entry = 'call16' | 'call32' | 'interrupt16' | 'interrupt32' | 'fault';
function enterInner(s: Scenario, entry: Entry): void {
  s.table(testSelector(TARGET), codeAt(0, Access.CODE));
  const wide = entry.endsWith('32');
  if (entry === 'fault') s.enter(3).ud2();
  else if (entry.startsWith('call')) s.table(testSelector(GATE), gate(testSelector(TARGET), LANDING_OFFSET, atLevel(wide ? Access.CALL32 : Access.CALL16, 3))).enter(3).callFar(testSelector(GATE, 3), 0);
  else s.vector(OWN_VECTOR, gate(testSelector(TARGET), LANDING_OFFSET, atLevel(wide ? Access.INTERRUPT32 : Access.INTERRUPT16, 3))).enter(3).int(OWN_VECTOR);
  s.done();
}
