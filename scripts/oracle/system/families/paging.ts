import { at, EAX, EBX, ESP } from '../../../../packages/engine/dist/conformance/operands.js';
import {
  Access, atLevel, codeSelector, Cr0, Cr4, DATA, dataSelector, DONE, gate, GDT, IDT, LANDING, LDT, long, OWN_VECTOR, Page, PAGE_DIRECTORY, PAGE_TABLE, SECOND_TABLE, Selector, STACK_TOPS, Task, testSelector, TSS,
} from '../layout.ts';
import type { Scenario } from '../scenario.ts';
import { Family, hex, LEVELS } from './family.ts';

/** Linear addresses of the second table and of a 4 MB page, which both show DATA or LANDING. */
const SECOND = 0x400000;
const LARGE = 0x800000;
const LARGE_ENTRY = 2;
const PERMISSIONS = [Page.PRESENT, Page.PRESENT | Page.WRITABLE, Page.PRESENT | Page.USER, Page.ALL] as const;
const letters = (bits: number): string => `${(bits & Page.PRESENT) === 0 ? '-' : 'p'}${(bits & Page.WRITABLE) === 0 ? 'r' : 'w'}${(bits & Page.USER) === 0 ? 's' : 'u'}`;

/** One access to a linear address. */
const accesses: Readonly<Record<string, (s: Scenario, linear: number, cpl: number) => Scenario>> = {
  read: (s, linear) => s.mov(EAX, at(linear)),
  write: (s, linear) => s.mov(at(linear), EAX),
  modify: (s, linear) => s.inc(at(linear)),
  fetch: (s, linear, cpl) => s.pushes(32, codeSelector(cpl), linear).retFar(),
  test: (s, linear) => s.raw(0x84, 0x05, ...long(linear)),
};

/** Read, write and fetch by the permissions of both levels, WP and CPL: error codes, CR2, accessed and dirty bits (SDM vol. 3, 4.6, 4.7, 4.8). */
export function pagePermissions(): Family {
  const family = new Family('page');
  for (const pde of PERMISSIONS) for (const pte of PERMISSIONS) for (const cpl of [0, 1, 3] as const) for (const wp of [0, Cr0.WP]) for (const access of ['read', 'write', 'fetch'] as const) {
    if (cpl === 1 && access !== 'write') continue;
    if (wp !== 0 && access !== 'write') continue;
    family.add(`${access} pde ${letters(pde)} pte ${letters(pte)} cpl${cpl} wp${wp === 0 ? 0 : 1}`, (s) => {
      s.paging().directory(1, SECOND_TABLE | pde).page(SECOND, (access === 'fetch' ? LANDING : DATA) | pte).header.cr0 |= wp;
      accesses[access](s.enter(cpl), SECOND, cpl).done();
    });
  }
  for (const [what, pde, pte] of [['pde absent', 0, 7], ['pte absent', 7, 0], ['pde absent with junk', 0xabcde006, 7], ['pte absent with junk', 7, 0xfffff0fe]] as const) for (const cpl of [0, 3] as const) for (const access of Object.keys(accesses)) family.add(`${access} ${what} cpl${cpl}`, (s) => {
    s.paging().directory(1, pde === 7 ? SECOND_TABLE | 7 : pde).page(SECOND, pte === 7 ? DATA | 7 : pte);
    accesses[access](s.enter(cpl), SECOND, cpl).done();
  });
  for (const bits of PERMISSIONS) for (const cpl of [0, 3] as const) for (const access of ['read', 'write', 'fetch', 'modify'] as const) for (const pse of [Cr4.PSE, 0]) family.add(`${access} 4 MB ${letters(bits)} cpl${cpl} pse${pse === 0 ? 0 : 1}`, (s) => {
    // Without PSE the same entry names a page table at 0, of which nothing is present.
    s.paging().directory(LARGE_ENTRY, bits | Page.LARGE | (pse === 0 ? PAGE_TABLE : 0)).header.cr4 = pse;
    accesses[access](s.enter(cpl), LARGE + (access === 'fetch' ? LANDING : DATA), cpl).done();
  });
  for (const reserved of [0x200000, 0x1000, 0x3fe000]) family.add(`4 MB page with reserved bit ${hex(reserved)}`, (s) => {
    s.paging().directory(LARGE_ENTRY, Page.ALL | Page.LARGE | reserved).header.cr4 = Cr4.PSE;
    s.mov(EAX, at(LARGE + DATA)).done();
  });
  crossing(family);
  translations(family);
  return family;
}

/** Accesses of two pages of which one is missing, read-only or the supervisor's. */
function crossing(family: Family): void {
  for (const [what, first, second] of [['first absent', 0, 7], ['second absent', 7, 0], ['both absent', 0, 0], ['first read-only', 5, 7], ['second read-only', 7, 5], ['second supervisor', 7, 3], ['both present', 7, 7]] as const) {
    for (const access of ['read', 'write', 'modify'] as const) for (const back of [1, 3]) family.add(`crossing ${access} by ${back}, ${what}`, (s) => {
      s.paging().page(SECOND, DATA | first).page(SECOND + 0x1000, (DATA + 0x1000) | second);
      accesses[access](s.enter(3), SECOND + 0x1000 - back, 3).done();
    });
    family.add(`crossing fetch, ${what}`, (s) => {
      s.put(DATA + 0xffe, [0xb8, 0x78, 0x56, 0x34, 0x12, 0xcd, DONE]).paging().page(SECOND, DATA | first).page(SECOND + 0x1000, (DATA + 0x1000) | second);
      s.enter(3).pushes(32, codeSelector(3), SECOND + 0xffe).retFar();
    });
    for (const [name, code] of [['push', [0x50]], ['pusha', [0x60]], ['call', [0xe8, 0, 0, 0, 0]], ['enter', [0xc8, 0x10, 0, 3]], ['pop', [0x58]], ['popa', [0x61]], ['movsd', [0xa5]], ['rep stosd', [0xf3, 0xab]], ['cmpxchg8b', [0x0f, 0xc7, 0x0d, ...long(SECOND + 0xffc)]], ['xchg', [0x87, 0x05, ...long(SECOND + 0xffe)]]] as const) family.add(`crossing ${name}, ${what}`, (s) => {
      s.paging().page(SECOND, DATA | first).page(SECOND + 0x1000, (DATA + 0x1000) | second);
      s.enter(3).raw(0xbc, ...long(SECOND + 0x1000 + (name.startsWith('pop') ? -6 : 6)), 0xbd, ...long(SECOND + 0xffa), 0xbe, ...long(SECOND + 0xffd), 0xbf, ...long(SECOND + 0xffa), 0xb9, ...long(3)).raw(...code).done();
    });
  }
}

/** TLB and INVLPG, CR3 loads, dirty bits of pages that were read first. */
function translations(family: Family): void {
  const entry = SECOND_TABLE;
  const start = (s: Scenario): Scenario => s.paging().page(SECOND, DATA | 7).put(DATA + 0x1000, long(0x22222222)).put(DATA, long(0x11111111)).mov(EAX, at(SECOND));
  family.add('invlpg after a new mapping', (s) => void start(s).mov(at(entry), (DATA + 0x1000) | 7).invlpg(at(SECOND)).mov(EBX, at(SECOND)).done());
  family.add('cr3 load after a new mapping', (s) => void start(s).mov(at(entry), (DATA + 0x1000) | 7).raw(0x0f, 0x20, 0xda, 0x0f, 0x22, 0xda).mov(EBX, at(SECOND)).done());
  family.add('not present was not cached', (s) => void s.paging().continues(14).page(SECOND, 0).put(DATA, long(0x1234)).mov(at(entry), DATA | 7).mov(EBX, at(SECOND)).done());
  family.add('read then write sets dirty', (s) => void start(s).mov(at(SECOND), EBX).done());
  family.add('write denied leaves dirty clear', (s) => void s.paging().page(SECOND, DATA | 5).enter(3).mov(EAX, at(SECOND)).mov(at(SECOND), EAX).done());
  family.add('wp set while running', (s) => void s.paging().page(SECOND, DATA | 5).mov(at(SECOND), EAX).raw(0x0f, 0x20, 0xc0, 0x0d, ...long(Cr0.WP), 0x0f, 0x22, 0xc0).mov(at(SECOND), EBX).done());
  for (const stride of [0x3fd, 0x3ff]) family.add(`page directory as its own table ${hex(stride)}`, (s) => void s.paging().directory(stride, PAGE_DIRECTORY | 7).mov(EAX, at(((stride << 22) | (stride << 12)) >>> 0)).mov(EBX, at(((stride << 22) | (1 << 12)) >>> 0)).done());
}

/** Page faults while a transfer reads tables and pushes its frame. */
export function pageFaultsInTransfers(): Family {
  const family = new Family('transfer-page-fault');
  const stackPage = STACK_TOPS[0] & -0x1000;
  const supervisor = Page.PRESENT | Page.WRITABLE;
  const readable = Page.PRESENT | Page.USER;
  const troubles: Readonly<Record<string, (s: Scenario) => unknown>> = {
    'stack absent': (s) => s.permissions(stackPage, 0), 'stack read-only wp': (s) => s.permissions(stackPage, readable).header.cr0 |= Cr0.WP, 'stack read-only': (s) => s.permissions(stackPage, readable), 'stack of the supervisor': (s) => s.permissions(stackPage, supervisor),
    'frame crosses into absent': (s) => s.putLong(TSS + Task.ESP0, stackPage + 8).permissions(stackPage - 0x1000, 0), 'frame crosses out of absent': (s) => s.putLong(TSS + Task.ESP0, stackPage + 8).permissions(stackPage, 0),
    'idt absent': (s) => s.permissions(IDT, 0), 'idt of the supervisor': (s) => s.permissions(IDT, supervisor), 'gdt absent': (s) => s.permissions(GDT, 0), 'gdt read-only wp': (s) => s.permissions(GDT, readable).header.cr0 |= Cr0.WP, 'gdt of the supervisor': (s) => s.permissions(GDT, supervisor),
    'tss absent': (s) => s.permissions(TSS, 0), 'tss of the supervisor': (s) => s.permissions(TSS, supervisor), 'handler absent': (s) => s.permissions(LANDING, 0), 'handler of the user': () => {}, 'ldt absent': (s) => s.permissions(LDT, 0),
  };
  const entries: Readonly<Record<string, (s: Scenario) => Scenario>> = {
    interrupt: (s) => s.int(OWN_VECTOR), call: (s) => s.callFar(testSelector(1, 3), 0), 'local call': (s) => s.callFar(Selector.LOCAL_TEST | 3, 0), 'task gate': (s) => s.int(OWN_VECTOR + 1), fault: (s) => s.ud2(), 'segment load': (s) => s.mov(EAX, testSelector(2, 3)).raw(0x8e, 0xd8), 'local load': (s) => s.mov(EAX, Selector.LOCAL_TEST + 8 + 3).raw(0x8e, 0xd8),
  };
  for (const [what, trouble] of Object.entries(troubles)) for (const [how, entry] of Object.entries(entries)) for (const cpl of how === 'interrupt' ? LEVELS : [3]) family.add(`${how} ${what} cpl${cpl}`, (s) => {
    s.vector(OWN_VECTOR, gate(Selector.CODE0, LANDING, atLevel(Access.INTERRUPT32, 3))).table(testSelector(1), gate(Selector.CODE0, LANDING, atLevel(Access.CALL32, 3))).table(Selector.LOCAL_TEST, gate(Selector.CODE0, LANDING, atLevel(Access.CALL32, 3)));
    s.vector(OWN_VECTOR + 1, gate(Selector.OTHER_TSS, 0, atLevel(Access.TASK_GATE, 3))).table(testSelector(2), [0xff, 0xff, 0, 0, 0, 0xf2, 0xcf, 0]).table(Selector.LOCAL_TEST + 8, [0xff, 0xff, 0, 0, 0, 0xf2, 0xcf, 0]);
    trouble(s.paging());
    // What is to be missed in ring 3 may be needed on the way there: the entry is warm in no TLB after this load.
    entry(s.enter(cpl)).done();
  });
  for (const [what, bits] of [['absent', 0], ['read-only', readable], ['supervisor', supervisor]] as const) for (const kind of ['iret', 'retf'] as const) for (const cpl of [0, 3] as const) family.add(`${kind} frame ${what} cpl${cpl}`, (s) => {
    s.paging().permissions(DATA, bits).put(DATA + 0x100, [...long(LANDING), ...long(codeSelector(3)), ...long(kind === 'iret' ? 2 : STACK_TOPS[3]), ...long(kind === 'iret' ? STACK_TOPS[3] : dataSelector(3)), ...long(dataSelector(3))]);
    s.enter(cpl).mov(ESP, DATA + 0x100);
    (kind === 'iret' ? s.iret() : s.retFar()).done();
  });
  family.add('fault in the user code page', (s) => void s.paging().permissions(LANDING, supervisor).enter(3).pushes(32, codeSelector(3), LANDING).retFar());
  return family;
}
