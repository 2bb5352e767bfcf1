import { CR0, VECTORS_WITH_ERROR_CODE, Vector } from '@ringbench/isa';
import { IMAGE_CODE_END, KernelGuest } from '../conformance/kernel-guest.js';
import { Interrupt, KERNEL_STACK, LOG, LOG_BYTES, Page, PAGE_BYTES, PAGE_DIRECTORY, PAGE_TABLE, SCRATCH, Selector, TASK_STACK } from '../conformance/memory-map.js';
import { at, CR3, CR4, CR0 as CONTROL0, DR6, DR7, DS, EAX, EBP, EBX, ECX, EDI, EDX, ES, ESI, ESP, FS, GS, SS, type DebugRegister } from '../conformance/operands.js';
import { BACKUP, GUARD_PAGES, IDENTITY_TABLE, IMAGE_END, LOOK_PORT, OTHER_DIRECTORY, OTHER_TABLE, STOP_BYTES, STOPPED_REGIONS, TRAPPED_REGIONS, WINDOW, WINDOW_TABLE } from './places.js';

const CONSOLE_PORT = 0xe9;
const FLAGS_FIXED = 2;
const DR7_OFF = 0x400;
const SYSENTER_REGISTERS = [0x174, 0x175, 0x176] as const;
const ALL_MASKED = 0xff;
/** Channel 0 of the timer, mode 0, and no count: it stands still. */
const TIMER_STOPPED = 0x30;
const TIMER_CONTROL = 0x43;
const MASKS = [0x21, 0xa1] as const;
const LINE20_PORT = 0x92;
const LINE20_ON = 2;
/** The busy bit of a TSS descriptor's second word, which is so far behind its first. */
const ACCESS_OFFSET = 4;
const TASK_BUSY = 1 << 9;
const POP_FLAGS = 0x9d;
const OPEN = Page.PRESENT | Page.WRITABLE | Page.USER;
/** What ring 3 must not write. */
const PAGING_STRUCTURES = [PAGE_DIRECTORY, PAGE_TABLE, OTHER_DIRECTORY, OTHER_TABLE, WINDOW_TABLE, IDENTITY_TABLE] as const;
const ENTRIES = PAGE_BYTES / 4;
const SLOT_SHIFT = 22;
const INT3_WORD = 0xcccccccc;
/** A gate to the other task: its words, and where vector 8 has its gate in the table. */
const DOUBLE_FAULT_GATE = { low: Selector.OTHER_TASK << 16, high: 0x8500, offset: Vector.DF * 8 } as const;
/**
 * Behind code of ring 3: what begins in the middle of its last instruction must not swallow the way out. Otherwise the next piece would run in ring 3, change page tables
 * there, and not be allowed to invalidate.
 */
const LONGEST_INSTRUCTION = 15;
/** Exceptions that the handler itself may raise before it gives up: its stack is not what it takes it for. */
const MOST_NESTED = 3;
const GATE_HIGH = 4;
const PUSHA = 0x60;
const POPA = 0x61;
/** Behind PUSHA, DS and ES: what a stub pushed and the processor before it. */
const Frame = { VECTOR: 40, ERROR: 44, EIP: 48, CS: 52, EFLAGS: 56 } as const;
const FRAME_WORDS = [Frame.VECTOR, Frame.ERROR, Frame.EIP, Frame.CS, Frame.EFLAGS] as const;

/** Names in the kernel's memory, for pieces. */
export const Variable = { STEPS: 'steps left', NESTING: 'exceptions begun', TASK: 'task resumes', PROGRAM: 'program number', NEXT: 'next program' } as const;

/**
 * The kernel around generated programs: before each it puts processor, tables and devices back in order, and its handlers survive what a program does, as
 * far as a kernel can. An exception is logged in a ring of LOG_BYTES; then the code that raised it goes on a byte later, so many times as the piece
 * allows, and afterwards behind the piece. What raises another there, because its code or its tables are ruined, has the next program begun.
 */
export class ProgramKernel extends KernelGuest {
  private programs = 0;

  constructor() {
    super();
    for (let vector = 0; vector < Interrupt.BEHIND_TABLE; vector++) if (vector !== Interrupt.ABSENT && vector !== Interrupt.TASK_GATE) this.catchVector(vector);
    this.handle(Interrupt.LEAVE_RING3, 'leave ring 3', { ring3: true });
    this.routines();
    this.mov(EBX, 'interrupt table').mov(at(EBX, DOUBLE_FAULT_GATE.offset), DOUBLE_FAULT_GATE.low).mov(at(EBX, DOUBLE_FAULT_GATE.offset + GATE_HIGH), DOUBLE_FAULT_GATE.high);
    this.saveTables();
    this.fillMemory();
  }

  private catchVector(vector: number): void {
    const ring3 = vector === Vector.BP || vector === Vector.OF || vector === Interrupt.SYSTEM_CALL;
    const label = vector === Interrupt.TIMER ? 'tick' : vector === Interrupt.SYSTEM_CALL ? 'system call' : `caught ${vector}`;
    this.handle(vector, label, { ring3, trap: vector === Interrupt.TRAP_GATE });
  }

  // ---- what is called by name

  private routines(): void {
    // The kernel's code has pages without its data: each store to a page that is being executed would have scanning techniques scan it anew. Pieces do that on purpose.
    this.routine('variables', () => {
      for (const name of Object.values(Variable)) this.align(4).label(name).long(0);
      this.align(PAGE_BYTES);
    });
    this.routine('tick', () => this.push(EAX).endOfInterrupt().inc(this.inKernel('counter')).pop(EAX).iret());
    this.routine('system call', () => this.inc(this.inKernel('counter')).iret());
    this.routine('call gate target', () => this.mov(EBX, at(ESP, 8)).raw(0xca, 4, 0)); // RETF 4
    // A double fault leaves its error code on the task's stack.
    this.routine('other task', () => this.label('task').alu('cmp', ESP, TASK_STACK).jcc('nz', 'give up').alu('cmp', at(Variable.TASK), 0).jcc('nz', 'give up').iret().jmp('task'));
    this.routine('stubs', () => {
      for (let vector = 0; vector < Interrupt.BEHIND_TABLE; vector++) {
        this.label(`caught ${vector}`);
        if (!VECTORS_WITH_ERROR_CODE.includes(vector)) this.push(0);
        this.push(vector).jmp('caught');
      }
      this.caught();
    });
    this.routine('reset', () => this.reset());
  }
  /** A variable by way of SS, which a gate has made the kernel's. */
  private inKernel(name: string): ReturnType<typeof at> { return { ...at(name), segment: SS.code }; }

  private caught(): void {
    this.label('caught').raw(PUSHA).push(DS).push(ES).mov(EAX, Selector.KERNEL_DATA).mov(DS, EAX).mov(ES, EAX).raw(0xfc).mov(EDI, at('log pointer'));
    this.alu('cmp', at(Variable.NESTING), MOST_NESTED).jcc('nc', 'give up').inc(at(Variable.NESTING));
    FRAME_WORDS.forEach((offset, index) => this.mov(EAX, at(ESP, offset)).mov(at(EDI, index * 4), EAX));
    this.lea(EDI, at(EDI, FRAME_WORDS.length * 4)).alu('and', EDI, LOG | (LOG_BYTES - 4)).mov(at('log pointer'), EDI);
    this.alu('cmp', at(Variable.STEPS), 0).jcc('z', 'give up').dec(at(Variable.STEPS)).inc(at(ESP, Frame.EIP)).mov(at(Variable.NESTING), 0);
    this.raw(0x07, 0x1f, POPA).alu('add', ESP, 8).iret(); // POP ES, POP DS
    this.label('give up').mov(EAX, Selector.KERNEL_DATA);
    for (const register of [DS, ES, SS, FS, GS]) this.mov(register, EAX);
    this.mov(ESP, KERNEL_STACK).push(FLAGS_FIXED).raw(POP_FLAGS).mov(at(Variable.NESTING), 0);
    this.mov(EAX, at('resume at')).push(EAX).mov(EAX, at(Variable.NEXT)).mov(at('resume at'), EAX).ret();
  }

  private saveTables(): void {
    const [from, bytes] = this.tableArea;
    this.cld().mov(ESI, from).mov(EDI, BACKUP).mov(ECX, bytes / 4).raw(0xf3, 0xa5);
  }
  private get tableArea(): readonly [from: number, bytes: number] {
    const from = this.addressOf('task state');
    return [from, (this.addressOf('tables end') - from + 3) & ~3];
  }

  /** Once: INT3 where nothing else is, and a page table to copy from. */
  private fillMemory(): void {
    for (const [from, bytes] of TRAPPED_REGIONS) this.mov(EAX, INT3_WORD).mov(EDI, from).mov(ECX, bytes / 4).raw(0xf3, 0xab);
    this.mov(EDI, IMAGE_CODE_END).mov(ECX, IMAGE_END).alu('sub', ECX, EDI).shift('shr', ECX, 2).raw(0xf3, 0xab);
    for (const [from, to] of STOPPED_REGIONS) {
      const next = this.newLabel('stop');
      this.mov(EDI, from + PAGE_BYTES - STOP_BYTES).label(next).mov(ECX, STOP_BYTES / 4).raw(0xf3, 0xab).alu('add', EDI, PAGE_BYTES - STOP_BYTES).alu('cmp', EDI, to).jcc('c', next);
    }
    this.mov(EDI, IDENTITY_TABLE).mov(EAX, OPEN).mov(ECX, ENTRIES).label('identity').mov(at(EDI), EAX).alu('add', EAX, PAGE_BYTES).alu('add', EDI, 4).decrementAndJump('identity');
    // Code that goes astray in ring 3 may enter code of ring 0 that changes a page table, and cannot execute the INVLPG or load of CR3 behind.
    for (const table of PAGING_STRUCTURES) this.mov(at(IDENTITY_TABLE + (table / PAGE_BYTES) * 4), table | Page.PRESENT | Page.WRITABLE);
    // In ring 0 it may store strings with a count and a direction that it took from anywhere: over tables in use, without an invalidation behind.
    for (const page of GUARD_PAGES) this.mov(at(IDENTITY_TABLE + (page / PAGE_BYTES) * 4), 0);
  }
  /** Two directories that have the first 4 MB one to one, by a table each, and the window's table, which is empty. Paging is off. */
  private resetPaging(): void {
    for (const table of [PAGE_TABLE, OTHER_TABLE]) this.mov(ESI, IDENTITY_TABLE).mov(EDI, table).mov(ECX, ENTRIES).raw(0xf3, 0xa5);
    this.mov(EAX, 0);
    for (const page of [WINDOW_TABLE, PAGE_DIRECTORY, OTHER_DIRECTORY]) this.mov(EDI, page).mov(ECX, ENTRIES).raw(0xf3, 0xab);
    for (const [directory, table] of [[PAGE_DIRECTORY, PAGE_TABLE], [OTHER_DIRECTORY, OTHER_TABLE]] as const) this.mov(at(directory), table | OPEN).mov(at(directory + (WINDOW >>> SLOT_SHIFT) * 4), WINDOW_TABLE | OPEN);
  }

  /** Processor, tables and devices as at the first program's start; then on at `resume at`. */
  private reset(): void {
    const [tables, bytes] = this.tableArea;
    this.mov(EAX, CR0.PE | CR0.ET | CR0.NE).mov(CONTROL0, EAX).jmpFar(Selector.KERNEL_CODE, 'flat again').label('flat again').mov(EAX, Selector.KERNEL_DATA);
    for (const register of [DS, ES, SS, FS, GS]) this.mov(register, EAX);
    this.mov(ESP, KERNEL_STACK).push(FLAGS_FIXED).raw(POP_FLAGS).mov(ESI, BACKUP).mov(EDI, tables).mov(ECX, bytes / 4).raw(0xf3, 0xa5);
    // The tables were saved with the task busy.
    this.mov(EBX, 'global table').alu('and', at(EBX, Selector.TASK + ACCESS_OFFSET), ~TASK_BUSY).lgdt(at('global pointer')).lidt(at('interrupt pointer')).mov(EAX, Selector.TASK).ltr(EAX).mov(EAX, Selector.LOCAL_TABLE).lldt(EAX);
    this.resetPaging();
    this.mov(EAX, 0).mov(CR4, EAX).mov(EAX, PAGE_DIRECTORY).mov(CR3, EAX).mov(EAX, DR7_OFF).mov(DR7, EAX).mov(EAX, 0).mov(DR6, EAX);
    for (let code = 0; code < 4; code++) this.mov({ kind: 'debug', code } satisfies DebugRegister, EAX);
    this.mov(EDX, 0);
    for (const register of SYSENTER_REGISTERS) this.mov(ECX, register).raw(0x0f, 0x30); // WRMSR
    this.raw(0xdb, 0xe3).outByte(TIMER_CONTROL, TIMER_STOPPED).outByte(LINE20_PORT, LINE20_ON); // FNINIT
    for (const port of MASKS) this.outByte(port, ALL_MASKED);
    this.mov(at('log pointer'), LOG).mov(at(Variable.STEPS), 0).mov(at(Variable.TASK), 0).jmp(at('resume at'));
  }

  // ---- programs and pieces

  /** Begins the next program. */
  beginProgram(): this {
    const begin = this.newLabel('program');
    return this.label(`program ${this.programs}`).mov(at('resume at'), begin).mov(at(Variable.NEXT), `program ${this.programs + 1}`).jmp('reset').label(begin).mov(at(Variable.PROGRAM), this.programs++).outByte(CONSOLE_PORT, this.programs);
  }
  /** Behind the last one. */
  endPrograms(): this { return this.label(`program ${this.programs}`); }
  /** Code in ring 0, from which exceptions let control go on `steps` times a byte later, then behind it. */
  inRing0(steps: number, body: (guest: this) => void): this { return this.beginSteps(steps).attempt(body); }
  /** The same in ring 3. */
  inRing3(steps: number, body: (guest: this) => void, flags = FLAGS_FIXED): this {
    return this.beginSteps(steps).attemptInRing3((guest: this) => {
      body(guest);
      guest.nop(LONGEST_INSTRUCTION);
    }, flags);
  }
  /**
   * What begins a byte later may be any instruction. Registers in which the kernel, or a piece before, left the address of a page table would have it change the table,
   * and not invalidate.
   */
  private beginSteps(steps: number): this {
    if (steps > 0) for (const register of [EAX, EDX, EBX, EBP, ESI, EDI]) this.mov(register, SCRATCH + PAGE_BYTES);
    return this.mov(at(Variable.STEPS), steps);
  }
  /** The host looks at the guest. Changes nothing. */
  look(): this { return this.outAl(LOOK_PORT); }
}
