import { VECTORS_WITH_ERROR_CODE, Vector } from '@ringbench/isa';
import { Assembler } from './assembler.js';
import { CODE_ADDRESS, multibootImage } from './image.js';
import {
  Interrupt, KERNEL_STACK, LIMITED_BASE, LIMITED_LIMIT, LOG, Page, PAGE_BYTES, PAGE_DIRECTORY, PAGE_TABLE, Selector, TASK_STACK, USER_STACK,
} from './memory-map.js';
import { at, CR0, CR2, CR3, DS, EAX, EBX, ECX, EDI, EDX, ES, ESI, ESP, FS, GS, SS, type GeneralRegister } from './operands.js';

const CONSOLE_PORT = 0xe9;
const EXIT_PORT = 0xf4;
/** First bytes of a TSS, up to the I/O map's base; and a map of the ports below 100h with its final byte (SDM vol. 1, 19.5.2). */
const TASK_STATE_BYTES = 104;
const IO_MAP_PORTS = 256;
/** The only port that the map opens to ring 3. */
const OPEN_PORT = 0x80;
const FLAGS_FIXED = 2;
const INTERRUPT_GATE = 0x8e;
const TRAP_GATE = 0x8f;
const TASK_GATE = 0x85;
const DPL_SHIFT = 5;
const CR0_PAGING = 1 << 31;
const MASTER = { COMMAND: 0x20, DATA: 0x21 } as const;
const SLAVE = { COMMAND: 0xa0, DATA: 0xa1 } as const;
const PIT = { COUNT: 0x40, CONTROL: 0x43 } as const;
const PIT_BOTH_BYTES = 0x30;

/** Label behind the last byte of a guest. */
export const IMAGE_CODE_END = 'end of image';

interface Gate { readonly label: string; readonly access: number }

/**
 * A small kernel with tables, handlers and a log, around the code of one check. Every exception and interrupt that the check does not handle
 * itself is logged (`fault` in guest-check.ts has the words) and control goes on behind the `attempt` it came from, in ring 0.
 */
export class KernelGuest extends Assembler {
  private readonly gates = new Map<number, Gate>();
  private readonly defined = new Set<string>();

  constructor() {
    super(CODE_ADDRESS);
    for (let vector = 0; vector < Interrupt.BEHIND_TABLE; vector++) this.gates.set(vector, { label: `stub ${vector}`, access: INTERRUPT_GATE });
    for (const vector of [Vector.BP, Vector.OF, Interrupt.SYSTEM_CALL]) this.handle(vector, `stub ${vector}`, { ring3: true });
    this.handle(Interrupt.LEAVE_RING3, 'leave ring 3', { ring3: true });
    this.handle(Interrupt.TRAP_GATE, `stub ${Interrupt.TRAP_GATE}`, { trap: true });
    this.gates.set(Interrupt.ABSENT, { label: 'fault', access: INTERRUPT_GATE & 0x7f });
    this.jmp('start');
    this.tables();
    this.start();
  }

  // ---- tables

  private tables(): void {
    this.align(8).label('task state').taskState([KERNEL_STACK, Selector.KERNEL_DATA], undefined);
    const taskState = this.addressOf('task state');
    const limit = this.here - taskState - 1;
    this.align(8).label('other task state').taskState([KERNEL_STACK, Selector.KERNEL_DATA], 'other task');
    const otherTaskState = this.addressOf('other task state');
    this.align(8).label('local table').descriptor(0, 0, 0, 0).descriptor(LIMITED_BASE, LIMITED_LIMIT, 0x93, 0x4);
    const localTable = this.addressOf('local table');
    this.align(8).label('short code').nop(15).label('short code end').raw(0xc3);
    const shortCode = this.addressOf('short code');
    this.align(8).label('global table');
    this.descriptor(0, 0, 0, 0);
    this.descriptor(0, 0xfffff, 0x9b, 0xc).descriptor(0, 0xfffff, 0x93, 0xc).descriptor(0, 0xfffff, 0xfb, 0xc).descriptor(0, 0xfffff, 0xf3, 0xc);
    this.descriptor(taskState, limit, 0x89, 0).descriptor(localTable, 15, 0x82, 0);
    this.descriptor(LIMITED_BASE, LIMITED_LIMIT, 0x93, 0x4).descriptor(0, 0xfff, 0x97, 0x4).descriptor(0, 0xfffff, 0x91, 0xc).descriptor(0, 0xfffff, 0x99, 0xc).descriptor(0, 0xfffff, 0x13, 0xc);
    this.gate('call gate target', 0xec, 1).gate('call gate target', 0x8c, 0);
    this.descriptor(0, 0xfffff, 0x9f, 0xc).descriptor(shortCode, 15, 0x9b, 0x4);
    this.descriptor(otherTaskState, limit, 0x89, 0).descriptor(0, 0xfffff, 0x73, 0xc).descriptor(0, 0x15f, 0x93, 0xc);
    this.label('interrupt table');
    for (const vector of this.gates.keys()) this.half(`gate ${vector}`, 'low-half').label(`selector ${vector}`).word(Selector.KERNEL_CODE).raw(0).label(`access ${vector}`).raw(0).half(`gate ${vector}`, 'high-half');
    this.label('tables end');
    this.pointer('global pointer', 'global table', 'interrupt table').pointer('interrupt pointer', 'interrupt table', 'tables end');
    for (const variable of ['try start', 'resume at', 'log pointer', 'counter']) this.label(variable).long(0);
  }
  /** A segment descriptor; `flags` are G, D/B, 0 and AVL. */
  private descriptor(base: number, limit: number, access: number, flags: number): this {
    return this.word(limit).raw(base, base >> 8, base >> 16, access, (flags << 4) | (limit >> 16), base >> 24);
  }
  /** A call gate to the kernel's code. */
  private gate(target: string, access: number, parameters: number): this {
    return this.half(target, 'low-half').word(Selector.KERNEL_CODE).raw(parameters, access).half(target, 'high-half');
  }
  /** What LGDT and LIDT read. */
  private pointer(name: string, from: string, to: string): this {
    return this.label(name).word(this.addressOf(to) - this.addressOf(from) - 1).long(from);
  }
  /** A 32-bit TSS (SDM vol. 3, figure 7-2). */
  private taskState([esp0, ss0]: readonly [number, number], entry: string | undefined): this {
    this.long(0).long(esp0);
    if (entry === undefined) this.label('task state stack');
    this.long(ss0);
    for (let field = 0; field < 4; field++) this.long(0);
    this.long(PAGE_DIRECTORY).long(entry ?? 0).long(FLAGS_FIXED);
    for (let register = 0; register < 8; register++) this.long(register === ESP.code ? TASK_STACK : 0x7a50 + register);
    this.long(Selector.KERNEL_DATA).long(Selector.KERNEL_CODE);
    for (let register = 0; register < 4; register++) this.long(Selector.KERNEL_DATA);
    this.long(Selector.LOCAL_TABLE).word(0).word(TASK_STATE_BYTES);
    for (let port = 0; port < IO_MAP_PORTS; port += 8) this.raw(port === OPEN_PORT ? 0xfe : 0xff);
    return this.raw(0xff);
  }

  // ---- the kernel's own code

  private start(): void {
    this.label('start').mov(ESP, KERNEL_STACK).lgdt(at('global pointer')).lidt(at('interrupt pointer')).jmpFar(Selector.KERNEL_CODE, 'flat').label('flat');
    this.mov(EAX, Selector.KERNEL_DATA);
    for (const register of [DS, ES, FS, GS, SS]) this.mov(register, EAX);
    this.mov(EAX, Selector.LOCAL_TABLE).lldt(EAX).mov(EAX, Selector.TASK).ltr(EAX).mov(at('log pointer'), LOG);
  }

  /** Appends a register to the log; changes nothing else, flags included. Works in ring 3 too. */
  log(register: GeneralRegister): this {
    if (register.code === ESP.code) throw new Error('log a copy of ESP');
    const cursor = register.code === EDI.code ? ESI : EDI;
    return this.push(cursor).mov(cursor, at('log pointer')).mov(at(cursor), register).lea(cursor, at(cursor, 4)).mov(at('log pointer'), cursor).pop(cursor);
  }
  /** Logs a double word of memory by way of EAX. */
  logMemory(address: number | string): this { return this.mov(EAX, at(address)).log(EAX); }
  /** Logs EFLAGS, masked, by way of EAX; keeps the flags. */
  logFlags(mask: number): this { return this.pushfd().pop(EAX).pushfd().alu('and', EAX, mask).log(EAX).popfd(); }
  /** Logs how far the word on the stack at `depth` bytes lies from a label. */
  logDistance(depth: number, label: string): this { return this.mov(EAX, at(ESP, depth)).alu('sub', EAX, label).log(EAX); }

  /** Code whose exceptions are logged, with their EIP relative to its start, and which is left behind then. */
  attempt(body: (guest: this) => void): this {
    const start = this.newLabel('try');
    const after = this.newLabel('after');
    this.mov(at('resume at'), after).mov(at('try start'), start).label(start);
    body(this);
    return this.label(after);
  }
  /** From here on EIP is logged relative to this place. */
  tryHere(): this {
    const here = this.newLabel('try');
    return this.mov(at('try start'), here).label(here);
  }
  /** The same in ring 3, with flat user segments; registers survive the way back, and so does a fault's. */
  attemptInRing3(body: (guest: this) => void, flags = FLAGS_FIXED): this {
    const start = this.newLabel('try');
    const after = this.newLabel('after');
    this.mov(at('resume at'), after).mov(at('try start'), start);
    this.mov(EAX, Selector.USER_DATA).mov(DS, EAX).mov(ES, EAX);
    this.push(Selector.USER_DATA).push(USER_STACK).push(flags).push(Selector.USER_CODE).push(start).iret().label(start);
    body(this);
    return this.int(Interrupt.LEAVE_RING3).label(after);
  }

  /** Lets a label of the check's own handle a vector. */
  handle(vector: number, label: string, options: { readonly ring3?: boolean; readonly trap?: boolean } = {}): this {
    this.gates.set(vector, { label, access: (options.trap === true ? TRAP_GATE : INTERRUPT_GATE) | ((options.ring3 === true ? 3 : 0) << DPL_SHIFT) });
    return this;
  }
  /** Code outside the flow of control, under a name: a handler, `call gate target` or `other task`. */
  routine(name: string, body: (guest: this) => void): this {
    const behind = this.newLabel('behind');
    this.defined.add(name);
    this.jmp(behind).label(name);
    body(this);
    return this.label(behind);
  }

  // ---- paging

  /** Turns paging on: the first 4 MB one to one, open to all, nothing else present. Uses EAX, ECX, EDI. */
  enablePaging(): this {
    const fill = this.newLabel('fill');
    this.mov(at(PAGE_DIRECTORY), PAGE_TABLE | Page.PRESENT | Page.WRITABLE | Page.USER);
    this.mov(EDI, PAGE_TABLE).mov(EAX, Page.PRESENT | Page.WRITABLE | Page.USER).mov(ECX, PAGE_BYTES / 4);
    this.label(fill).mov(at(EDI), EAX).alu('add', EAX, PAGE_BYTES).alu('add', EDI, 4).decrementAndJump(fill);
    this.mov(EAX, PAGE_DIRECTORY).mov(CR3, EAX).mov(EAX, CR0).alu('or', EAX, CR0_PAGING).mov(CR0, EAX);
    return this;
  }
  /** Changes one entry of the page table and drops the page from the TLBs. */
  setPage(linear: number, entry: number): this { return this.mov(at(pageEntry(linear)), entry).invlpg(at(linear)); }

  // ---- interrupts

  /** Initializes both interrupt controllers, IRQ 0 at Interrupt.TIMER, all but the timer masked. Uses EAX. */
  enableTimerInterrupt(): this {
    const icw1 = 0x11;
    const icw4 = 0x01;
    this.outByte(MASTER.COMMAND, icw1).outByte(MASTER.DATA, Interrupt.TIMER).outByte(MASTER.DATA, 4).outByte(MASTER.DATA, icw4).outByte(MASTER.DATA, 0xfe);
    return this.outByte(SLAVE.COMMAND, icw1).outByte(SLAVE.DATA, Interrupt.TIMER + 8).outByte(SLAVE.DATA, 2).outByte(SLAVE.DATA, icw4).outByte(SLAVE.DATA, 0xff);
  }
  /** Starts channel 0 of the timer. EBX becomes the instruction number at which its count was complete. Uses EAX, EDX. */
  startTimer(mode: number, count: number): this {
    const instructionsToWrite = 3;
    this.outByte(PIT.CONTROL, PIT_BOTH_BYTES | (mode << 1)).outByte(PIT.COUNT, count & 0xff);
    return this.rdtsc().lea(EBX, at(EAX, instructionsToWrite)).outByte(PIT.COUNT, count >> 8);
  }
  endOfInterrupt(): this { return this.outByte(MASTER.COMMAND, 0x20); }
  /** Runs `2 * rounds` instructions without effect but on ECX. */
  delay(rounds: number): this {
    const again = this.newLabel('delay');
    return this.mov(ECX, rounds).label(again).decrementAndJump(again);
  }

  // ---- the end

  /** Prints the log, ends with status 0, and adds handlers. */
  build(): Uint8Array {
    this.label('finish').cli().mov(EAX, Selector.KERNEL_DATA).mov(DS, EAX).mov(ESI, LOG).mov(ECX, at('log pointer')).alu('sub', ECX, ESI).jcc('z', 'printed');
    this.label('print').movzxByte(EAX, at(ESI)).outAl(CONSOLE_PORT).inc(ESI).decrementAndJump('print').label('printed').outByte(EXIT_PORT, 0).hlt();
    for (const name of ['call gate target', 'other task']) if (!this.defined.has(name)) this.routine(name, (guest) => guest.hlt());
    this.handlers();
    this.label(IMAGE_CODE_END);
    const code = this.assemble();
    for (const [vector, { access }] of this.gates) code[this.addressOf(`access ${vector}`) - this.origin] = vector === Interrupt.TASK_GATE ? TASK_GATE : access;
    this.patchTaskGate(code);
    return multibootImage(code);
  }
  /** A task gate has the TSS's selector where the others have a code segment's. */
  private patchTaskGate(code: Uint8Array): void {
    const selectorBeforeAccess = 3;
    code[this.addressOf(`access ${Interrupt.TASK_GATE}`) - this.origin - selectorBeforeAccess] = Selector.OTHER_TASK;
  }

  private handlers(): void {
    for (let vector = 0; vector < Interrupt.BEHIND_TABLE; vector++) {
      this.label(`stub ${vector}`);
      if (!VECTORS_WITH_ERROR_CODE.includes(vector)) this.push(0);
      this.push(vector).jmp('fault');
    }
    this.label('leave ring 3').push(EAX).mov(EAX, Selector.KERNEL_DATA).mov(DS, EAX).mov(ES, EAX).pop(EAX).mov(ESP, KERNEL_STACK).jmp(at('resume at'));
    this.faultHandler();
    for (const [vector, { label }] of this.gates) this.alias(`gate ${vector}`, label);
  }
  /** Stack: EDI and EAX saved here; vector and error code by the stub; EIP, CS and the rest by the processor. */
  private faultHandler(): void {
    const frame = { vector: 8, error: 12, eip: 16, cs: 20 } as const;
    this.label('fault').push(EAX).push(EDI).mov(EAX, Selector.KERNEL_DATA).mov(SS, EAX).mov(DS, EAX).mov(ES, EAX).mov(EDI, at('log pointer'));
    this.mov(EAX, at(ESP, frame.cs)).shift('shl', EAX, 16).alu('or', EAX, at(ESP, frame.vector)).mov(at(EDI), EAX);
    this.mov(EAX, at(ESP, frame.error)).mov(at(EDI, 4), EAX);
    this.mov(EAX, at(ESP, frame.eip)).alu('sub', EAX, at('try start')).mov(at(EDI, 8), EAX).alu('add', EDI, 12);
    this.alu('cmp', at(ESP, frame.vector), Vector.PF).jcc('nz', 'logged').mov(EAX, CR2).mov(at(EDI), EAX).alu('add', EDI, 4);
    this.label('logged').mov(at('log pointer'), EDI).pop(EDI).pop(EAX).mov(ESP, KERNEL_STACK).jmp(at('resume at'));
  }

  /** Clears the registers that a check wants to find unchanged or set. */
  clear(...registers: readonly GeneralRegister[]): this {
    for (const register of registers) this.mov(register, 0);
    return this;
  }
  /** DIV needs EDX:EAX. */
  dividend(high: number, low: number): this { return this.mov(EDX, high).mov(EAX, low); }
}

/** Address of the page-table entry of a page in the first 4 MB. */
export function pageEntry(linear: number): number { return PAGE_TABLE + (linear >>> 12) * 4; }
