import fc from 'fast-check';
import { Flag } from '@ringbench/isa';
import { Assembler } from '../../../engine/src/conformance/assembler.js';
import { at, DS, EAX, EBP, EBX, ECX, EDI, EDX, ES, ESI, ESP, FS, GS, inSegment, SS, type MemoryOperand } from '../../../engine/src/conformance/operands.js';
import { Dice, mixSeed } from '../../../engine/src/programs/dice.js';
import type { Soup } from '../../../interpreter/test/support/soup-programs.js';
import type { Act, ActContext } from './act.js';
import { ACTS, actNamed } from './system-acts.js';
import { ALIAS, ALIAS_PAGES, COUNTERS, entryOf, FUNCTIONS, FUNCTIONS_COPY, GATE, GDT, IDT, KERNEL, KERNEL_STACK, MAIN_CODE, MAIN_STACK, OPEN, OTHER_DIRECTORY, OTHER_TABLE, PAGE, PAGES_OF_TABLE, Selector, TABLE, Variable, Vectors } from './system-places.js';

/**
 * Programs that behave: a small kernel, functions, and loops of acts (system-acts.ts) that change rings, page tables, code and segments while they are hot. Soup dies of such
 * things at once. Exceptions go on behind the act that raised them, or map the page and try again.
 */

export interface Section {
  readonly shape: 'loop' | 'nested' | 'irreducible' | 'cases';
  readonly times: number;
  readonly acts: readonly Act[];
}
export interface SystemProgram {
  readonly mode: 'flat32' | 'flat32-user' | 'paged32' | 'paged32-user';
  /** Where the code begins in its first page, so that loops lie across its end. */
  readonly lead: number;
  readonly sections: readonly Section[];
  readonly functions: readonly (readonly Act[])[];
  readonly services: readonly (readonly Act[])[];
  /** Whether the page-fault handler maps the page; else the program goes on behind the act. */
  readonly mapsPages: boolean;
  /** Ticks of the timer between two interrupts, each some 170 instructions; 0 without a timer. */
  readonly timer: number;
  readonly iopl: number;
  readonly seed: number;
}
/** Bytes to be written to physical memory before the program begins. */
export interface Patch {
  readonly at: number;
  readonly bytes: readonly number[];
}
export interface BuiltProgram {
  readonly soup: Soup;
  readonly patches: readonly Patch[];
}

export const FUNCTION_COUNT = 6;
export const SERVICE_COUNT = 4;
const VECTORS_WITH_ERROR = [8, 10, 11, 12, 13, 14, 17];
const EXCEPTIONS = 32;
const USER_LEVEL = 3;
const MOST_FAULTS_MASK = 7;
const IOPL_SHIFT = 12;
const DATA_PAGES = [[0x10000, 0x1e000], [0x30000, 0x38000]] as const;
const DATA_BASES = [0x10000, 0x13000, 0x30000, 0x33000] as const;

const variable = (offset: number): MemoryOperand => at(COUNTERS + offset);
/** By way of SS, which a gate has made the kernel's. */
const inKernel = (offset: number): MemoryOperand => inSegment(SS, variable(offset));
const longBytes = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];

class Builder {
  private readonly code: Assembler;
  private counters = 0;

  constructor(private readonly program: SystemProgram) {
    this.code = new Assembler(MAIN_CODE);
  }

  /** Undefined when the loops do not fit before the functions. */
  build(): BuiltProgram | undefined {
    const { code, program } = this;
    code.nop(program.lead);
    this.main();
    if (code.here > FUNCTIONS) return undefined;
    this.fillTo(FUNCTIONS);
    program.functions.forEach((acts, index) => this.functionBody(acts, index));
    this.recursion();
    this.fillTo(KERNEL);
    this.kernel();
    if (code.here > FUNCTIONS_COPY) throw new Error('a program that is too long');
    const bytes = code.assemble();
    const start = MAIN_CODE + program.lead;
    const registers = [1, 2, 3, DATA_BASES[0], MAIN_STACK, DATA_BASES[1], DATA_BASES[2], DATA_BASES[3]];
    // Bits 0 to 2: never the flags TF and AC of soup (`SoupMachine.enter`).
    const soup: Soup = { mode: program.mode, pieces: [{ bytes }], registers, flags: (program.iopl << IOPL_SHIFT) | 2, seed: (program.seed << 3) | 1, handlersAreSoup: false, slices: [1] };
    return { soup, patches: [...this.tables(), { at: FUNCTIONS_COPY, bytes: this.copyOfFunctions(bytes) }, { at: COUNTERS, bytes: [...longBytes(start), ...longBytes(start)] }, ...this.targets()] };
  }
  private fillTo(address: number): void {
    const { code } = this;
    if (code.here > address) throw new Error('a program that is too long');
    code.nop(address - code.here);
  }

  // ---- what runs

  private main(): void {
    const { code, program } = this;
    const dice = new Dice(program.seed);
    code.mov(EAX, Selector.USER_DATA);
    for (const segment of [DS, ES, FS, GS]) code.mov(segment, EAX);
    code.raw(0xdb, 0xe3); // FNINIT
    if (program.timer > 0) this.startTimer(program.timer);
    if (!program.mode.endsWith('user')) this.setSysenter();
    code.label('main');
    program.sections.forEach((section, index) => this.section(section, index, dice));
    code.jmp('main');
  }
  private startTimer(interval: number): void {
    const { code } = this;
    // Interrupt controllers: IRQ 0 to 7 at TIMER, all but IRQ 0 masked. Timer: channel 0, mode 2.
    for (const [port, value] of [[0x20, 0x11], [0x21, Vectors.TIMER], [0x21, 4], [0x21, 1], [0x21, 0xfe], [0x43, 0x34], [0x40, interval], [0x40, interval >>> 8]] as const) code.outByte(port, value);
    // Elsewhere they are let in by an act.
    const mayLetIn = !this.program.mode.endsWith('user') || this.program.iopl === USER_LEVEL;
    if (mayLetIn && interval % 2 === 0) code.sti();
  }
  private setSysenter(): void {
    const { code } = this;
    code.mov(EDX, 0);
    for (const [register, value] of [[0x174, Selector.CODE], [0x175, KERNEL_STACK], [0x176, 'sysenter']] as const) code.mov(ECX, register).mov(EAX, value).raw(0x0f, 0x30); // WRMSR
  }

  private context(dice: Dice, level: ActContext['level']): ActContext {
    const { code } = this;
    return {
      code, dice, level,
      functions: Array.from({ length: FUNCTION_COUNT }, (_, index) => `function ${index}`),
      counter: () => this.counter(),
      resumable: (body) => {
        const behind = code.newLabel('behind');
        code.mov(inSegment(SS, variable(Variable.RESUME)), behind);
        body();
        code.label(behind);
      },
    };
  }
  private counter(): MemoryOperand { return variable(Variable.FREE + (this.counters++ % Variable.FREE_WORDS) * 4); }

  private acts(acts: readonly Act[], level: ActContext['level']): void {
    for (const { kind, seed } of acts) {
      const context = this.context(new Dice(seed), level);
      if (level === 'main') context.resumable(() => actNamed(kind).emit(context));
      else actNamed(kind).emit(context);
    }
  }
  private seedRegisters(dice: Dice): void {
    const { code } = this;
    code.mov(ESP, dice.oneIn(3) ? KERNEL_STACK : MAIN_STACK);
    for (const register of [EBX, EBP, ESI, EDI]) code.mov(register, dice.pick(DATA_BASES) + dice.pick([0, 4, 0x100, 0xff0, 0xffd, 0x1000, 0x1ffe]));
    code.mov(ECX, dice.below(40));
  }

  private section({ shape, times, acts }: Section, index: number, dice: Dice): void {
    const { code } = this;
    const [counter, again] = [this.counter(), `section ${index}`];
    code.mov(counter, times);
    const half = acts.slice(0, Math.ceil(acts.length / 2));
    const rest = acts.slice(half.length);
    if (shape === 'irreducible') code.alu('cmp', variable(Variable.TICKS), dice.below(4)).jcc('nz', `${again} middle`);
    code.label(again);
    this.seedRegisters(dice);
    this.acts(half, 'main');
    if (shape === 'irreducible') code.label(`${again} middle`);
    if (shape === 'nested') this.inner(rest, dice);
    else if (shape === 'cases') this.cases(rest, again, counter);
    else this.acts(rest, 'main');
    this.keepResults();
    code.dec(counter).jcc('nz', again);
  }
  /** Adds registers and flags to words of memory: a wrong one is not forgotten when the next iteration begins with others. */
  private keepResults(): void {
    const { code } = this;
    code.pushfd();
    [EAX, ECX, EDX, EBX, EBP, ESI, EDI].forEach((register, index) => code.alu(index === 0 ? 'add' : 'adc', variable(Variable.RESULTS + index * 4), register));
    code.pop(EAX).alu('adc', variable(Variable.RESULTS + 28), EAX);
  }
  private inner(acts: readonly Act[], dice: Dice): void {
    const { code } = this;
    const [counter, again] = [this.counter(), code.newLabel('inner')];
    code.mov(counter, dice.between(1, 12)).label(again);
    this.acts(acts, 'main');
    code.dec(counter).jcc('nz', again);
  }
  /** One act each by an indirect jump, as in the loop of a bytecode interpreter. */
  private cases(acts: readonly Act[], again: string, counter: MemoryOperand): void {
    const { code } = this;
    const end = `${again} cases end`;
    const names = acts.map((_, index) => `${again} case ${index}`);
    code.mov(EAX, counter).alu('and', EAX, 3).shift('shl', EAX, 2).jmp(at(EAX, `${again} table`)).align(4).label(`${again} table`);
    for (let index = 0; index < 4; index++) code.long(names[index % Math.max(1, names.length)] ?? end);
    acts.forEach((act, index) => {
      code.label(names[index]);
      this.acts([act], 'main');
      code.jmp(end);
    });
    code.label(end);
  }

  private functionBody(acts: readonly Act[], index: number): void {
    const { code } = this;
    // A word that the copy of the page has otherwise.
    code.label(`function ${index}`).raw(0x81, 0xc3).label(`marker ${index}`).long(index + 1); // ADD EBX, imm32
    this.acts(acts, 'function');
    // Nests of two, or of all.
    if (index + 1 < FUNCTION_COUNT && (index % 2 === 0 || this.program.seed % 3 === 0)) code.call(`function ${index + 1}`);
    code.ret();
  }
  private recursion(): void {
    const { code } = this;
    code.label('recursion').dec(EAX).jcc('z', 'recursion end').call('recursion').inc(EBX).label('recursion end').ret();
  }
  private copyOfFunctions(bytes: Uint8Array): number[] {
    const copy = bytes.slice(FUNCTIONS - MAIN_CODE, FUNCTIONS - MAIN_CODE + PAGE);
    for (let index = 0; index < FUNCTION_COUNT; index++) copy[this.code.addressOf(`marker ${index}`) - FUNCTIONS] = 0x80 | index;
    return [...copy];
  }

  // ---- the kernel

  private kernel(): void {
    const { code, program } = this;
    code.label('fault with error').alu('add', ESP, 4);
    code.label('fault').push(EAX).mov(EAX, inKernel(Variable.RESUME)).mov(inSegment(SS, at(ESP, 4)), EAX).pop(EAX).iret();
    this.pageFault();
    code.label('debug').alu('and', inSegment(SS, at(ESP, 8)), ~Flag.TF).alu('or', inSegment(SS, at(ESP, 8)), Flag.RF).iret();
    code.label('nmi').inc(inKernel(Variable.NMIS)).iret();
    code.label('timer').push(EAX).inc(inKernel(Variable.TICKS)).outByte(0x20, 0x20).pop(EAX).iret();
    code.label('sysenter').mov(EDX, inKernel(Variable.AFTER_SYSENTER)).mov(ECX, MAIN_STACK).inc(inKernel(Variable.TICKS)).raw(0x0f, 0x35); // SYSEXIT
    code.label('far routine').inc(EBX).retFar();
    this.changeRing();
    program.services.forEach((acts, index) => {
      code.label(`service ${index}`);
      this.acts(acts, 'kernel');
      code.iret();
    });
  }
  /** Maps the page and tries again; some of the time, and outside the table's pages, goes on behind the act. */
  private pageFault(): void {
    const { code } = this;
    // Where it was is kept: it may be all by which two runs differ.
    code.label('page fault').push(EAX).raw(0x0f, 0x20, 0xd0).alu('add', inKernel(Variable.FAULT_SUM), EAX).pop(EAX); // MOV EAX, CR2
    if (this.program.mapsPages) {
      code.inc(inKernel(Variable.FAULTS)).rm([0xf7], 0, inKernel(Variable.FAULTS)).long(MOST_FAULTS_MASK).jcc('z', 'fault with error'); // TEST
      code.push(EAX).raw(0x0f, 0x20, 0xd0).shift('shr', EAX, 12).alu('cmp', EAX, PAGES_OF_TABLE).jcc('nc', 'page fault elsewhere'); // MOV EAX, CR2
      code.shift('shl', EAX, 2).alu('or', inSegment(SS, at(EAX, TABLE)), OPEN).alu('or', inSegment(SS, at(EAX, OTHER_TABLE)), OPEN);
      code.raw(0x0f, 0x20, 0xd0).invlpg(inSegment(SS, at(EAX))).pop(EAX).alu('add', ESP, 4).iret();
      code.label('page fault elsewhere').pop(EAX);
    }
    code.jmp('fault with error');
  }
  private changeRing(): void {
    const { code } = this;
    for (const name of ['to user', 'to kernel']) {
      const isWrong = name === 'to user' ? 'nz' : 'z';
      code.label(name).rm([0xf6], 0, inSegment(SS, at(ESP, 4))).raw(3).jcc(isWrong, `${name} already`).pop(EAX).pop(ECX).pop(EDX); // TEST byte
      if (name === 'to user') code.push(Selector.USER_DATA).push(MAIN_STACK).push(EDX).push(Selector.USER_CODE).push(EAX).iret();
      else code.mov(ESP, KERNEL_STACK).push(EDX).popfd().jmp(EAX);
      code.label(`${name} already`).iret();
    }
  }

  // ---- tables

  private gate(table: number, index: number, selector: number, target: number, type: number): Patch {
    return { at: table + index * 8, bytes: [...longBytes((selector << 16) | (target & 0xffff)), ...longBytes((target & 0xffff0000) | (type << 8))] };
  }
  private tables(): Patch[] {
    const { code } = this;
    const handler = (vector: number): string => (vector === 1 ? 'debug' : vector === 2 ? 'nmi' : vector === 14 ? 'page fault' : VECTORS_WITH_ERROR.includes(vector) ? 'fault with error' : 'fault');
    const gates = Array.from({ length: EXCEPTIONS }, (_, vector) => this.gate(IDT, vector, Selector.CODE, code.addressOf(handler(vector)), GATE.INTERRUPT));
    const named = [[Vectors.TIMER, 'timer'], [Vectors.TO_USER, 'to user'], [Vectors.TO_KERNEL, 'to kernel']] as const;
    for (const [vector, name] of named) gates.push(this.gate(IDT, vector, Selector.CODE, code.addressOf(name), GATE.INTERRUPT));
    for (let service = 0; service < SERVICE_COUNT; service++) gates.push(this.gate(IDT, Vectors.SERVICE + service, Selector.CODE, code.addressOf(`service ${service}`), service % 2 === 0 ? GATE.INTERRUPT : GATE.TRAP));
    gates.push(this.gate(GDT, Selector.CALL_GATE >>> 3, Selector.CODE, code.addressOf('far routine'), GATE.CALL));
    return [...gates, ...this.program.mode.startsWith('paged') ? this.pages() : []];
  }
  /** Pages that the kernel cannot do without are open in both directories; the others keep what soup gave them, and are others' in the second directory. */
  private pages(): Patch[] {
    const dice = new Dice(mixSeed(this.program.seed, 1));
    const patches: Patch[] = [];
    const map = (page: number, target: number, otherTarget: number, bits = OPEN): void => void patches.push({ at: entryOf(TABLE, page), bytes: longBytes(target | bits) }, { at: entryOf(OTHER_TABLE, page), bytes: longBytes(otherTarget | bits) });
    for (let page = 0; page < PAGES_OF_TABLE * PAGE; page += PAGE) patches.push({ at: entryOf(OTHER_TABLE, page), bytes: longBytes(page | OPEN) });
    for (let page = DATA_BASES[0]; page < 0x1f000; page += PAGE) patches.push({ at: entryOf(OTHER_TABLE, page), bytes: longBytes((dice.oneIn(2) ? page : DATA_BASES[0] + dice.below(15) * PAGE) | dice.pick([OPEN, OPEN, 1, 3, 5, 0])) });
    for (let page = MAIN_CODE; page < FUNCTIONS_COPY; page += PAGE) map(page, page, page === FUNCTIONS ? FUNCTIONS_COPY : page);
    for (let page = 0x1f000; page < 0x30000; page += PAGE) map(page, page, page);
    for (let page = 0; page < ALIAS_PAGES; page++) map(ALIAS + page * PAGE, MAIN_CODE + page * PAGE, MAIN_CODE + page * PAGE);
    for (const page of [OTHER_DIRECTORY, OTHER_TABLE]) map(page, page, page);
    const directory: Patch = { at: OTHER_DIRECTORY, bytes: [...longBytes(OTHER_TABLE | OPEN), ...longBytes(0x87)] };
    // Neighbouring pages of data are not neighbours in memory: what crosses their border shows it.
    for (const [from, to] of DATA_PAGES) for (let page = from; page < to; page += PAGE) if (dice.oneIn(6)) map(page, page, page, dice.pick([1, 3, 5])); else patches.push({ at: entryOf(TABLE, page), bytes: longBytes((page ^ PAGE) | OPEN) });
    // A data page of the system's own, of which both rings have translations.
    const own = dice.pick([0x11000, 0x14000, 0x30000, 0x31000]);
    patches.push({ at: entryOf(TABLE, own), bytes: longBytes(own | 3) }, directory);
    return patches;
  }
  /** Tables of indirect jumps and calls. */
  private targets(): Patch[] {
    const { code } = this;
    return [{ at: COUNTERS + Variable.FUNCTION_TABLE, bytes: Array.from({ length: 8 }, (_, index) => longBytes(code.addressOf(`function ${index % FUNCTION_COUNT}`))).flat() }];
  }
}

/** Bytes and tables of a program; a very long one begins at the start of its page. Throws when it is too long even so, which `systemPrograms` never makes one. */
export function buildSystemProgram(program: SystemProgram): BuiltProgram {
  const built = new Builder(program).build() ?? new Builder({ ...program, lead: 0 }).build();
  if (built === undefined) throw new Error('a program that is too long');
  return built;
}

const seeds = fc.integer({ min: 0, max: 0x7fffffff });
const actOf = (level: ActContext['level']): fc.Arbitrary<Act> =>
  fc.oneof(...ACTS.filter(({ levels }) => levels.includes(level)).map(({ name, weight }) => ({ weight, arbitrary: fc.record({ kind: fc.constant(name), seed: seeds }) })));

export const systemPrograms: fc.Arbitrary<SystemProgram> = fc.record({
  mode: fc.constantFrom('flat32', 'flat32-user', 'paged32', 'paged32', 'paged32-user', 'paged32-user', 'paged32-user'),
  lead: fc.oneof(fc.constant(0), fc.integer({ min: 3000, max: 4090 })),
  sections: fc.array(fc.record({ shape: fc.constantFrom('loop', 'loop', 'nested', 'irreducible', 'cases'), times: fc.integer({ min: 20, max: 90 }), acts: fc.array(actOf('main'), { minLength: 1, maxLength: 7 }) }), { minLength: 1, maxLength: 3 }),
  functions: fc.array(fc.array(actOf('function'), { maxLength: 2 }), { minLength: FUNCTION_COUNT, maxLength: FUNCTION_COUNT }),
  services: fc.array(fc.array(actOf('kernel'), { maxLength: 3 }), { minLength: SERVICE_COUNT, maxLength: SERVICE_COUNT }),
  mapsPages: fc.boolean(), timer: fc.oneof(fc.constant(0), fc.integer({ min: 2, max: 60 })), iopl: fc.constantFrom(0, 3), seed: fc.integer({ min: 0, max: 0xffffff }),
});
