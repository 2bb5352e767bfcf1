import {
  Access, atLevel, BIG, codeSelector, dataSelector, descriptor, DONE, DOUBLE_FAULT_STACK, DOUBLE_FAULT_TSS, FLAT_LIMIT, gate, GDT, IDT, LANDING, LDT, LDT_LIMIT, long, OTHER_DIRECTORY, OTHER_TSS, Page,
  PAGE_BYTES, PAGE_DIRECTORY, PAGE_TABLE, PAGES, SECOND_TABLE, Selector, STACK_TOPS, STUB_BYTES, STUBS, Task, Task16, TSS, TSS16, TSS_LIMIT, V86_TSS, VECTORS, word, WORLD, WORLD_END,
} from './layout.ts';

const ACCESSED = 1;
const FILLER = 0xcc;
const INT = 0xcd;
const NO_OPERATION = 0x90;
const BREAKPOINT = 3;
const OVERFLOW = 4;
const DOUBLE_FAULT = 8;
/** Registers of the tasks that are switched to. */
const TASK_REGISTERS = 0x7a500000;

/** The world as every scenario finds it, before its own changes. */
export function pristineWorld(): Uint8Array {
  const bytes = new Uint8Array(WORLD_END - WORLD);
  const put = (address: number, values: readonly number[]): void => bytes.set(values, address - WORLD);
  const fill = (from: number, to: number, values: readonly number[]): void => {
    for (let address = from; address < to; address += values.length) put(address, values);
  };
  putTables(put);
  putTasks(put);
  putPages(put);
  fill(STACK_TOPS[1] & -PAGE_BYTES, LANDING - PAGE_BYTES, [FILLER]);
  fill(LANDING - PAGE_BYTES, LANDING, [NO_OPERATION]);
  fill(LANDING, LANDING + PAGE_BYTES, [INT, DONE]);
  fill(LANDING + PAGE_BYTES, WORLD_END, [FILLER]);
  return bytes;
}

type Put = (address: number, values: readonly number[]) => void;

function putTables(put: Put): void {
  for (let level = 0; level < 4; level++) {
    put(GDT + (codeSelector(level) & ~3), descriptor(0, FLAT_LIMIT, atLevel(Access.CODE, level) | ACCESSED, BIG | PAGES));
    put(GDT + (dataSelector(level) & ~3), descriptor(0, FLAT_LIMIT, atLevel(Access.DATA, level) | ACCESSED, BIG | PAGES));
  }
  put(GDT + Selector.TSS, descriptor(TSS, TSS_LIMIT, Access.TSS32, 0));
  put(GDT + Selector.OTHER_TSS, descriptor(OTHER_TSS, TSS_LIMIT, Access.TSS32, 0));
  put(GDT + Selector.TSS16, descriptor(TSS16, Task16.BYTES - 1, Access.TSS16, 0));
  put(GDT + Selector.DOUBLE_FAULT_TSS, descriptor(DOUBLE_FAULT_TSS, TSS_LIMIT, Access.TSS32, 0));
  put(GDT + Selector.V86_TSS, descriptor(V86_TSS, TSS_LIMIT, Access.TSS32, 0));
  put(GDT + Selector.LDT, descriptor(LDT, LDT_LIMIT, Access.LDT, 0));
  for (let vector = 0; vector < VECTORS; vector++) {
    const open = vector === BREAKPOINT || vector === OVERFLOW || vector === DONE;
    put(IDT + vector * 8, gate(Selector.CODE0, STUBS + vector * STUB_BYTES, atLevel(Access.INTERRUPT32, open ? 3 : 0)));
  }
  put(IDT + DOUBLE_FAULT * 8, gate(Selector.DOUBLE_FAULT_TSS, 0, Access.TASK_GATE));
}

function putTasks(put: Put): void {
  const closedMap = [...Array.from({ length: 0x80 }, () => 0xff), 0xff];
  for (const base of [TSS, OTHER_TSS, DOUBLE_FAULT_TSS, V86_TSS]) {
    for (let level = 0; level < 3; level++) put(base + Task.ESP0 + level * 8, [...long(STACK_TOPS[level]), ...long(dataSelector(level))]);
    put(base + Task.CR3, long(PAGE_DIRECTORY));
    put(base + Task.EFLAGS, long(2));
    for (let register = 0; register < 8; register++) put(base + Task.EAX + register * 4, long(TASK_REGISTERS + register));
    put(base + Task.EIP, long(LANDING));
    put(base + Task.ESP, long(STACK_TOPS[0] - 0x800));
    for (let field: number = Task.ES; field <= Task.GS; field += 4) put(base + field, long(field === Task.CS ? Selector.CODE0 : Selector.DATA0));
    put(base + Task.LDTR, long(Selector.LDT));
    put(base + Task.IO_MAP, word(Task.BYTES));
    put(base + Task.BYTES, closedMap);
  }
  put(DOUBLE_FAULT_TSS + Task.EIP, long(STUBS + DOUBLE_FAULT * STUB_BYTES));
  put(DOUBLE_FAULT_TSS + Task.ESP, long(DOUBLE_FAULT_STACK));
  putTask16(put);
}

function putTask16(put: Put): void {
  for (let level = 0; level < 3; level++) put(TSS16 + Task16.SP0 + level * 4, [...word(STACK_TOPS[level]), ...word(dataSelector(level))]);
  put(TSS16 + Task16.IP, word(STUBS + DONE * STUB_BYTES));
  put(TSS16 + Task16.FLAGS, word(2));
  for (let register = 0; register < 8; register++) put(TSS16 + Task16.AX + register * 2, word(0x1600 + register));
  put(TSS16 + Task16.SP, word(STACK_TOPS[0] - 0x800));
  for (let field: number = Task16.ES; field <= Task16.DS; field += 2) put(TSS16 + field, word(field === Task16.CS ? Selector.CODE0 : Selector.DATA0));
  put(TSS16 + Task16.LDTR, word(Selector.LDT));
}

function putPages(put: Put): void {
  for (let page = 0; page < PAGE_BYTES / 4; page++) put(PAGE_TABLE + page * 4, long((page * PAGE_BYTES) | Page.ALL));
  for (const directory of [PAGE_DIRECTORY, OTHER_DIRECTORY]) put(directory, [...long(PAGE_TABLE | Page.ALL), ...long(SECOND_TABLE | Page.ALL)]);
}
