import { EAX, EBX, ECX } from '../../../../packages/engine/dist/conformance/operands.js';
import { atLevel, BIG, CODE, DATA, descriptor, FLAT_LIMIT, LANDING_OFFSET, long, PAGES, Selector, testSelector } from '../layout.ts';
import type { Scenario } from '../scenario.ts';
import { Family, hex, LEVELS } from './family.ts';

const OWN = testSelector(0);
const POINTER = DATA + 0x800;
/** MOV to, POP of and far loads of segment registers; SS has its own rules. */
const loads: Readonly<Record<string, (s: Scenario, selector: number) => Scenario>> = {
  'mov ds': (s, selector) => s.mov(EAX, selector).raw(0x8e, 0xd8), 'mov es': (s, selector) => s.mov(EAX, selector).raw(0x8e, 0xc0), 'mov ss': (s, selector) => s.mov(EAX, selector).raw(0x8e, 0xd0),
  'pop fs': (s, selector) => s.push(selector).raw(0x0f, 0xa1), 'pop ss': (s, selector) => s.push(selector).raw(0x17), 'pop es 16': (s, selector) => s.pushes(16, selector).raw(0x66, 0x07),
  'lds': (s, selector) => s.put(POINTER, [...long(0x12345678), selector & 0xff, selector >>> 8]).raw(0xc5, 0x05, ...long(POINTER)), 'lss': (s, selector) => s.put(POINTER, [...long(0x1e000), selector & 0xff, selector >>> 8]).raw(0x0f, 0xb2, 0x25, ...long(POINTER)),
  'lgs 16': (s, selector) => s.put(POINTER, [0x34, 0x12, selector & 0xff, selector >>> 8]).raw(0x66, 0x0f, 0xb5, 0x1d, ...long(POINTER)),
};
const loadNames = Object.keys(loads);

/** Segment register loads by descriptor type, DPL, CPL, RPL and presence (SDM vol. 3, 5.6 and 5.7; vol. 2, MOV). */
export function segmentLoads(): Family {
  const family = new Family('segment-load');
  let turn = 0;
  for (let type = 0; type < 32; type += type < 16 ? 3 : 1) for (const cpl of [0, 3] as const) for (const dpl of [0, 3]) for (const present of [0x80, 0]) {
    for (const load of [loadNames[turn++ % loadNames.length], turn % 2 === 0 ? 'mov ss' : 'mov ds']) {
      const name = `${load} type ${hex(type)} cpl${cpl} dpl${dpl}${present === 0 ? ' absent' : ''}`;
      if (family.scenarios.some((s) => s.name === name)) continue;
      family.add(name, (s) => void loads[load](s.table(OWN, descriptor(0, FLAT_LIMIT, atLevel(present | type, dpl), BIG | PAGES)).enter(cpl), OWN | cpl).done());
    }
  }
  for (const cpl of LEVELS) for (const dpl of LEVELS) for (const rpl of LEVELS) for (const load of ['mov ds', 'mov ss']) family.add(`${load} cpl${cpl} dpl${dpl} rpl${rpl}`, (s) => {
    const code = load === 'mov ds' && (cpl + dpl + rpl) % 3 === 0;
    loads[load](s.table(OWN, descriptor(0, FLAT_LIMIT, atLevel(code ? 0x9a : 0x92, dpl), BIG | PAGES)).enter(cpl), OWN | rpl).done();
  });
  for (const load of loadNames) for (const selector of [0, 1, 3, 4, 0x7fc, 0x800, 0xfff8, 0x400, 0x404, Selector.LOCAL_TEST]) for (const cpl of [0, 3] as const) family.add(`${load} selector ${hex(selector)} cpl${cpl}`, (s) => {
    loads[load](s.table(Selector.LOCAL_TEST, descriptor(0, FLAT_LIMIT, 0xf2, BIG | PAGES)).enter(cpl), selector).done();
  });
  for (const cpl of [0, 3] as const) family.add(`null ds is empty cpl${cpl}`, (s) => void loads['mov ds'](s.enter(cpl), 0).touch(DATA).done());
  farJumps(family);
  return family;
}

/** Far JMP and CALL to code segments (SDM vol. 3, 5.8.1). */
function farJumps(family: Family): void {
  for (const cpl of LEVELS) for (const dpl of LEVELS) for (const access of [0x9a, 0x9e]) for (const rpl of [0, 3]) family.add(`${rpl === 0 ? 'jmp' : 'call'} far ${hex(access)} cpl${cpl} dpl${dpl} rpl${rpl}`, (s) => {
    s.table(OWN, descriptor(CODE, 0x1fff, atLevel(access, dpl), BIG)).enter(cpl);
    (rpl === 0 ? s.jmpFar(OWN, LANDING_OFFSET) : s.callFar(OWN | rpl, LANDING_OFFSET)).done();
  });
  for (const [what, selector, bytes] of [['null', 0, []], ['null rpl 3', 3, []], ['beyond table', 0x800, []], ['absent', OWN, descriptor(CODE, 0x1fff, 0x1a, BIG)], ['data', OWN, descriptor(CODE, 0x1fff, 0x92, BIG)], ['short', OWN, descriptor(CODE, 0x7ff, 0x9a, BIG)], ['16-bit', OWN, descriptor(CODE, 0xffff, 0x9a, 0)]] as const) {
    for (const way of ['jmpFar', 'callFar'] as const) family.add(`${way} ${what}`, (s) => {
      if (bytes.length > 0) s.table(selector, [...bytes]);
      s[way](selector, LANDING_OFFSET).done();
    });
  }
}

/** LAR, LSL, VERR, VERW, ARPL for each type, by CPL, DPL and RPL; ZF and the result (SDM vol. 2). */
export function queries(): Family {
  const family = new Family('query');
  const asked = (s: Scenario, selector: number): Scenario => s.mov(EAX, selector).mov(EBX, 0x5555).mov(ECX, 0x6666).lar(EBX, EAX).pushfd().lsl(ECX, EAX).pushfd().verr(EAX).pushfd().verw(EAX).pushfd();
  for (let access = 0; access < 32; access++) for (const [cpl, dpl, rpl] of [[0, 0, 0], [0, 0, 3], [3, 3, 3], [3, 0, 0], [3, 1, 3], [1, 2, 1]] as const) family.add(`type ${hex(access)} cpl${cpl} dpl${dpl} rpl${rpl}`, (s) => {
    asked(s.table(OWN, descriptor(0x12345678, access % 2 === 0 ? 0xabcde : 0x00fff, atLevel(0x80 | access, dpl), access % 3 === 0 ? 0xd : 5)).enter(cpl), OWN | rpl).done();
  });
  for (const selector of [0, 3, 0x800, 0x404, Selector.LOCAL_TEST, 0xfffc]) family.add(`selector ${hex(selector)}`, (s) => void asked(s.table(Selector.LOCAL_TEST, descriptor(0, 0xfff, 0xf2, 0)), selector).done());
  for (const access of [0x12, 0x1a, 0x02, 0x09, 0x0c]) family.add(`absent ${hex(access)}`, (s) => void asked(s.table(OWN, descriptor(0, 0xfff, access, 0)), OWN).done());
  for (const [to, from] of [[0, 3], [3, 0], [1, 1], [0xfff8, 2], [0x1231, 0x4562]]) for (const cpl of [0, 3] as const) family.add(`arpl ${hex(to)} ${hex(from)} cpl${cpl}`, (s) => void s.enter(cpl).mov(EAX, to).mov(ECX, from).raw(0x63, 0xc8).pushfd().done());
  return family;
}
