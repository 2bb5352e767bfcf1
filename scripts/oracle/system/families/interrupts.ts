import { Access, atLevel, BIG, CODE, descriptor, FLAT_LIMIT, Flags, gate, IDT, iopl, LANDING_OFFSET, long, OTHER_TSS, OWN_VECTOR, PAGES, Selector, Task, testSelector, word } from '../layout.ts';
import type { Scenario } from '../scenario.ts';
import { Family, hex, LEVELS } from './family.ts';

const TARGET = testSelector(0);
const CODE_LIMIT = 0x1fff;
const gates = { interrupt16: Access.INTERRUPT16, interrupt32: Access.INTERRUPT32, trap16: Access.TRAP16, trap32: Access.TRAP32 } as const;
type GateName = keyof typeof gates;
const gateNames = Object.keys(gates) as GateName[];
const codeAt = (level: number, access: number = Access.CODE): number[] => descriptor(CODE, CODE_LIMIT, atLevel(access, level), BIG);
const toLanding = (name: GateName, dpl: number): number[] => gate(TARGET, LANDING_OFFSET, atLevel(gates[name], dpl));

/** INT n by CPL, gate type, gate DPL and target DPL (SDM vol. 3, 6.12); flags that the entry clears are set before. */
export function softwareInterrupts(): Family {
  const family = new Family('interrupt');
  gateNames.forEach((name, index) => {
    for (const cpl of LEVELS) for (const dpl of LEVELS) for (const target of LEVELS) family.add(`${name} cpl${cpl} dpl${dpl} target${target}`, (s) => {
      const access = (cpl + dpl + target + index) % 4 === 0 ? Access.CONFORMING : Access.CODE;
      s.table(TARGET, codeAt(target, access)).vector(OWN_VECTOR, toLanding(name, dpl)).enter(cpl, Flags.FIXED | Flags.IF | Flags.NT | iopl(3)).int(OWN_VECTOR).done();
    });
  });
  for (let type = 0; type < 32; type++) family.add(`descriptor type ${hex(type)}`, (s) => void s.table(TARGET, codeAt(0)).vector(OWN_VECTOR, gate(TARGET, LANDING_OFFSET, 0x80 | type)).int(OWN_VECTOR).done());
  const selectors: readonly (readonly [string, number, number[]])[] = [
    ['null', 0, []], ['null rpl3', 3, []], ['beyond table', 0x800, []], ['empty', TARGET, [0, 0, 0, 0, 0, 0, 0, 0]], ['data', TARGET, descriptor(0, FLAT_LIMIT, Access.DATA, BIG | PAGES)],
    ['absent', TARGET, codeAt(0, Access.CODE & ~Access.PRESENT)], ['offset beyond limit', TARGET, descriptor(CODE, 0x800, Access.CODE, BIG)], ['system', TARGET, descriptor(0, 0xffff, Access.LDT, 0)], ['local', Selector.LOCAL_TEST, codeAt(0)],
    ['rpl 3', TARGET | 3, codeAt(0)], ['16-bit code', TARGET, descriptor(CODE, CODE_LIMIT, Access.CODE, 0)],
  ];
  for (const [what, selector, bytes] of selectors) for (const cpl of [0, 3] as const) for (const cause of ['int', 'fault'] as const) family.add(`target ${what} by ${cause} cpl${cpl}`, (s) => {
    const vector = cause === 'int' ? OWN_VECTOR : 6;
    s.vector(vector, gate(selector, LANDING_OFFSET, atLevel(Access.INTERRUPT32, 3)));
    if (bytes.length > 0) s.table(selector, bytes);
    (cause === 'int' ? s.enter(cpl).int(vector) : s.enter(cpl).ud2()).done();
  });
  absentAndBeyond(family);
  causes(family);
  return family;
}

function absentAndBeyond(family: Family): void {
  for (const cpl of [0, 3] as const) {
    for (const vector of [0x60, 0x80, 0xff]) family.add(`vector ${hex(vector)} beyond the table cpl${cpl}`, (s) => void s.enter(cpl).int(vector).done());
    for (const dpl of [0, 3]) family.add(`gate absent dpl${dpl} cpl${cpl}`, (s) => void s.vector(OWN_VECTOR, gate(Selector.CODE0, 0, atLevel(Access.INTERRUPT32 & ~Access.PRESENT, dpl))).enter(cpl).int(OWN_VECTOR).done());
    family.add(`fault whose gate is absent cpl${cpl}`, (s) => void s.vector(6, gate(Selector.CODE0, 0, Access.INTERRUPT32 & ~Access.PRESENT)).enter(cpl).ud2());
  }
  for (const limit of [OWN_VECTOR * 8 + 7, OWN_VECTOR * 8 + 6, OWN_VECTOR * 8]) family.add(`idt limit ${hex(limit)}`, (s) => {
    // The last place of the code area holds what LIDT reads.
    const pointer = CODE + 0xff0;
    s.put(pointer, [...word(limit), ...long(IDT)]).vector(OWN_VECTOR, gate(TARGET, LANDING_OFFSET, Access.INTERRUPT32)).table(TARGET, codeAt(0)).lidt({ kind: 'memory', base: undefined, displacement: pointer, segment: undefined }).int(OWN_VECTOR).done();
  });
}

/** Each instruction and condition that raises an exception by itself, from every ring: error codes, EIP of faults and traps. */
const CAUSES: Readonly<Record<string, (s: Scenario) => unknown>> = {
  'INT3': (s) => s.raw(0xcc), 'INT 3': (s) => s.int(3), 'INTO with OF': (s) => s.raw(0xb0, 0x7f, 0x04, 1, 0xce), 'INTO without OF': (s) => s.raw(0x30, 0xc0, 0xce), 'ICEBP': (s) => s.raw(0xf1), 'UD2': (s) => s.ud2(),
  'DIV by zero': (s) => s.raw(0x30, 0xc9, 0xf6, 0xf1), 'IDIV overflow': (s) => s.raw(0xb8, 0, 0x80, 0, 0, 0xb1, 1, 0xf6, 0xf9), 'AAM 0': (s) => s.raw(0xd4, 0), 'BOUND outside': (s) => s.raw(0x31, 0xc0, 0x48, 0x62, 0x05, ...long(CODE)),
  'HLT': (s) => s.hlt(), 'LOCK NOP': (s) => s.raw(0xf0, 0x90), 'LOCK MOV': (s) => s.raw(0xf0, 0x89, 0x05, ...long(CODE + 0xf00)), 'MOV CS': (s) => s.raw(0x8e, 0xc8), 'MOV SREG 6': (s) => s.raw(0x8e, 0xf0), 'LEA register': (s) => s.raw(0x8d, 0xc0),
  'LDS register': (s) => s.raw(0xc5, 0xc0), 'FF /7': (s) => s.raw(0xff, 0xf8), 'INT 0': (s) => s.int(0), 'INT 8': (s) => s.int(8), 'INT 13': (s) => s.int(13), 'INT 14': (s) => s.int(14), 'CALL FAR register': (s) => s.raw(0xff, 0xd8),
  '15 bytes': (s) => s.raw(...Array.from({ length: 14 }, () => 0x66), 0x90), '16 bytes': (s) => s.raw(...Array.from({ length: 15 }, () => 0x66), 0x90), 'BOUND register': (s) => s.raw(0x62, 0xc0), 'UD1': (s) => s.raw(0x0f, 0xb9, 0xc0), 'SALC': (s) => s.raw(0xf9, 0xd6),
};
function causes(family: Family): void {
  // HLT waits for ever in ring 0.
  for (const [what, code] of Object.entries(CAUSES)) for (const cpl of what === 'HLT' ? [1, 3] : [0, 3]) family.add(`${what} cpl${cpl}`, (s) => {
    code(s.enter(cpl));
    s.done();
  });

}

/** Task gates in the IDT: INT n, faults with and without error code, busy and bad tasks, from every ring (SDM vol. 3, 6.12.2). */
export function taskGates(): Family {
  const family = new Family('task-gate');
  for (const cpl of LEVELS) for (const dpl of [0, 3]) family.add(`INT cpl${cpl} dpl${dpl}`, (s) => void s.vector(OWN_VECTOR, gate(Selector.OTHER_TSS, 0, atLevel(Access.TASK_GATE, dpl))).enter(cpl).int(OWN_VECTOR).done());
  const bad: readonly (readonly [string, number, (s: Scenario) => unknown])[] = [
    ['busy task', Selector.OTHER_TSS, (s) => s.table(Selector.OTHER_TSS, descriptor(OTHER_TSS, 0x67, Access.TSS32_BUSY, 0))], ['absent task', Selector.OTHER_TSS, (s) => s.table(Selector.OTHER_TSS, descriptor(OTHER_TSS, 0x67, Access.TSS32 & ~Access.PRESENT, 0))],
    ['limit 66', Selector.OTHER_TSS, (s) => s.table(Selector.OTHER_TSS, descriptor(OTHER_TSS, 0x66, Access.TSS32, 0))], ['null', 0, () => {}], ['local', Selector.LOCAL_TEST, (s) => s.table(Selector.LOCAL_TEST, descriptor(OTHER_TSS, 0x67, Access.TSS32, 0))],
    ['beyond table', 0x800, () => {}], ['data', Selector.DATA0, () => {}], ['own task', Selector.TSS, () => {}], ['16-bit task', Selector.TSS16, () => {}],
    ['task in ring 3', Selector.OTHER_TSS, (s) => s.putWord(OTHER_TSS + Task.CS, 0x3b).putWord(OTHER_TSS + Task.SS, 0x43).putWord(OTHER_TSS + Task.DS, 0x43).putWord(OTHER_TSS + Task.ES, 0x43).putWord(OTHER_TSS + Task.FS, 0).putWord(OTHER_TSS + Task.GS, 0x43)],
    ['stack without room', Selector.OTHER_TSS, (s) => s.table(TARGET, descriptor(0, 0xfff, Access.DATA, BIG)).putWord(OTHER_TSS + Task.SS, TARGET).putLong(OTHER_TSS + Task.ESP, 2)],
  ];
  for (const [what, selector, prepare] of bad) for (const cause of ['int', 'fault', 'fault with code'] as const) family.add(`${what} by ${cause}`, (s) => {
    const vector = cause === 'int' ? OWN_VECTOR : cause === 'fault' ? 6 : 13;
    prepare(s.vector(vector, gate(selector, 0, atLevel(Access.TASK_GATE, 3))));
    s.enter(3);
    (cause === 'int' ? s.int(vector) : cause === 'fault' ? s.ud2() : s.hlt()).done();
  });
  return family;
}
